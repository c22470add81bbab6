/* SPDX-License-Identifier: MIT */
/* Writes archives like pg_dump, byte by byte, in two formats. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "engine/dump/archive.h"
#include "engine/dump/restore_entry_private.h"

static void add_int(struct buf *file, int value)
{
    unsigned magnitude = (unsigned)abs(value);
    buf_addc(file, (char)(value < 0));
    for (int i = 0; i < 4; i++) {
        buf_addc(file, (char)((magnitude >> (8 * i)) & 0xFF));
    }
}

static void add_text(struct buf *file, const char *text)
{
    add_int(file, text == NULL ? -1 : (int)strlen(text));
    buf_adds(file, text == NULL ? "" : text);
}

static void add_header(struct buf *file, int minor, int count)
{
    buf_adds(file, "PGDMP");
    const char version[] = {1, (char)minor, 0, 4, 8, 1};
    buf_add(file, version, sizeof(version));
    if (minor >= 15) {
        buf_addc(file, 0);
    } else {
        add_int(file, -1);
    }
    for (int i = 0; i < 7; i++) {
        add_int(file, i);
    }
    add_text(file, "shop");
    add_text(file, "15.18");
    add_text(file, "15.18");
    add_int(file, count);
}

struct sample {
    int id;
    const char *kind;
    const char *schema;
    const char *name;
    const char *drop;
    int section;
    const char *needs; /* one dependency, or NULL */
};

static void add_entry(struct buf *file, int minor, const struct sample *sample)
{
    static const char position[9] = {0};
    add_int(file, sample->id);
    add_int(file, 0);
    add_text(file, "1259");
    add_text(file, "16400");
    add_text(file, sample->name);
    add_text(file, sample->kind);
    add_int(file, sample->section);
    add_text(file, "CREATE;\n");
    add_text(file, sample->drop);
    add_text(file, NULL);
    add_text(file, sample->schema);
    add_text(file, NULL);
    if (minor >= 14) {
        add_text(file, "heap");
    }
    if (minor >= 16) {
        add_int(file, 'p');
    }
    add_text(file, "o\"ner");
    add_text(file, "false");
    if (sample->needs != NULL) {
        add_text(file, sample->needs);
    }
    add_text(file, NULL);
    buf_add(file, position, sizeof(position));
}

static const struct sample samples[] = {
    {7, "TABLE", "a b", "orders", "DROP TABLE x;\n", 2, NULL},
    {9, "INDEX", "a b", "orders_i", "DROP INDEX x;\n", 4, "7"},
    {11, "COMMENT", "a b", "INDEX orders_i", "", 1, "9"},
    {12, "FUNCTION", "a b", "f(integer)", "DROP FUNCTION \"a b\".f(integer);\n", 2, "99"},
    {13, "ACL", "a b", "TABLE orders", "", 1, "7"},
    {14, "EVENT TRIGGER", "", "et", "DROP EVENT TRIGGER et;\n", 4, NULL},
    {15, "COMMENT", "", "EVENT TRIGGER et", "", 1, "14"},
};

static void write_samples(struct buf *file, int minor)
{
    add_header(file, minor, (int)ARRAY_LEN(samples));
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        add_entry(file, minor, &samples[i]);
    }
    assert_false(buf_failed(file));
}

static int parse(struct buf *file, struct err *err, struct archive *ret_archive)
{
    size_t len = file->len;
    return archive_parse(buf_take(file), len, err, ret_archive);
}

static void entries_are_read_in_every_known_format(void **state maybe_unused)
{
    for (int minor = 13; minor <= 16; minor++) {
        auto_buf struct buf file = BUF_MAX(65536);
        auto_archive struct archive archive = {0};
        struct err err = {0};
        write_samples(&file, minor);
        assert_int_equal(parse(&file, &err, &archive), 0);
        assert_int_equal(archive.count, ARRAY_LEN(samples));
        const struct archive_entry *index = archive_find(&archive, 9);
        assert_non_null(index);
        assert_string_equal(index->kind, "INDEX");
        assert_string_equal(index->name, "orders_i");
        assert_string_equal(index->schema, "a b");
        assert_string_equal(index->definition, "CREATE;\n");
        assert_string_equal(index->owner, "o\"ner");
        assert_int_equal(index->oid, 16400);
        assert_int_equal(index->section, ARCHIVE_SECTION_POST_DATA);
        assert_int_equal(index->dependency_count, 1);
        assert_int_equal(index->dependencies[0], 7);
        assert_null(archive_find(&archive, 8));
        assert_null(archive_find(&archive, 100000));
    }
}

static void comments_follow_what_they_describe(void **state maybe_unused)
{
    auto_buf struct buf file = BUF_MAX(65536);
    auto_archive struct archive archive = {0};
    struct err err = {0};
    write_samples(&file, 14);
    assert_int_equal(parse(&file, &err, &archive), 0);
    static const enum restore_pass passes[] = {
        RESTORE_PRE_DATA,   RESTORE_POST_DATA,      RESTORE_POST_DATA,     RESTORE_PRE_DATA,
        RESTORE_PRIVILEGES, RESTORE_EVENT_TRIGGERS, RESTORE_EVENT_TRIGGERS};
    for (size_t i = 0; i < ARRAY_LEN(passes); i++) {
        assert_int_equal(restore_pass_of(&archive, &archive.entries[i]), passes[i]);
    }
    assert_true(restore_is_vital(&archive.entries[0]));
    assert_false(restore_is_vital(&archive.entries[2]));
}

static void a_cut_archive_is_refused_at_every_length(void **state maybe_unused)
{
    auto_buf struct buf whole = BUF_MAX(65536);
    write_samples(&whole, 16);
    for (size_t len = 0; len < whole.len; len++) {
        auto_archive struct archive archive = {0};
        struct err err = {0};
        char *bytes = malloc(len + 1);
        assert_non_null(bytes);
        memcpy(bytes, whole.data, len);
        assert_int_equal(archive_parse(bytes, len, &err, &archive), -1);
        assert_true(err.message[0] != '\0');
    }
}

static void a_damaged_archive_never_reads_beyond_its_end(void **state maybe_unused)
{
    auto_buf struct buf whole = BUF_MAX(65536);
    write_samples(&whole, 14);
    for (size_t at = 0; at < whole.len; at++) {
        auto_archive struct archive archive = {0};
        struct err err = {0};
        char *bytes = malloc(whole.len);
        assert_non_null(bytes);
        memcpy(bytes, whole.data, whole.len);
        bytes[at] = (char)0xFF;
        if (archive_parse(bytes, whole.len, &err, &archive) == 0) {
            assert_int_equal(archive.count, ARRAY_LEN(samples));
        }
    }
}

static void an_unknown_format_is_named(void **state maybe_unused)
{
    auto_buf struct buf file = BUF_MAX(65536);
    auto_archive struct archive archive = {0};
    struct err err = {0};
    write_samples(&file, 17);
    assert_int_equal(parse(&file, &err, &archive), -1);
    assert_non_null(strstr(err.message, "1.17"));
}

/* The index of entries is as long as the largest id: a few bytes must not cause an allocation of hundreds
 * of MiB. */
static void an_id_that_no_database_reaches_is_refused(void **state maybe_unused)
{
    struct sample sample = samples[0];
    sample.id = 60 * 1000 * 1000;
    auto_buf struct buf file = BUF_MAX(65536);
    auto_archive struct archive archive = {0};
    struct err err = {0};
    add_header(&file, 15, 1);
    add_entry(&file, 15, &sample);
    assert_int_equal(parse(&file, &err, &archive), -1);
    assert_non_null(strstr(err.message, "damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_read_in_every_known_format),
        cmocka_unit_test(comments_follow_what_they_describe),
        cmocka_unit_test(a_cut_archive_is_refused_at_every_length),
        cmocka_unit_test(a_damaged_archive_never_reads_beyond_its_end),
        cmocka_unit_test(an_unknown_format_is_named),
        cmocka_unit_test(an_id_that_no_database_reaches_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
