/* SPDX-License-Identifier: MIT */
/* Messages of pgoutput: every type, truncated at every byte, with every byte changed, and random bytes. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "engine/replication/pgoutput.h"
#include "engine/replication/tables/position.h"
#include "tests/unit/pgoutput_messages.h"

/* Parses a copy of exactly that many bytes, so that a sanitizer detects every read beyond them. */
static int parse(const char *data, size_t len, struct pgoutput_message *message, char **ret_copy)
{
    struct err err = {0};
    *ret_copy = malloc(len == 0 ? 1 : len);
    assert_non_null(*ret_copy);
    memcpy(*ret_copy, data, len);
    int result = pgoutput_parse(*ret_copy, len, message, &err);
    if (result != 0) {
        assert_true(err.lasting);
        assert_int_equal(err.code, ERR_INTERNAL);
        assert_true(err.message[0] != '\0');
    }
    return result;
}

static void parse_good(const struct bytes *bytes, struct pgoutput_message *message, char **ret_copy)
{
    assert_int_equal(parse(bytes->data, bytes->len, message, ret_copy), 0);
}

static void check_value(const struct pgoutput_tuple *tuple, size_t column, enum pgoutput_value_kind kind,
                        const char *text)
{
    const struct pgoutput_value *value = &tuple->values[column];
    assert_true(column < tuple->count);
    assert_int_equal(value->kind, kind);
    if (kind == PGOUTPUT_TEXT) {
        assert_int_equal(value->len, strlen(text));
        assert_memory_equal(value->text, text, value->len);
    }
}

/* ---- tests -----------------------------------------------------------------------------------------------
 */

static void reads_begin_and_commit(void **state)
{
    (void)state;
    auto_pgoutput_message struct pgoutput_message message = {0};
    struct bytes bytes = begin_message();
    auto_free char *begin = NULL;
    auto_free char *commit = NULL;
    parse_good(&bytes, &message, &begin);
    assert_int_equal(message.kind, PGOUTPUT_BEGIN);
    assert_int_equal(message.commit_position, 0x16B374D848);
    assert_int_equal(message.commit_us, 946684801000000);
    assert_int_equal(message.transaction, 4711);
    bytes = commit_message();
    parse_good(&bytes, &message, &commit);
    assert_int_equal(message.kind, PGOUTPUT_COMMIT);
    assert_int_equal(message.commit_position, 0x16B374D848);
    assert_int_equal(message.end_position, 0x16B374D900);
    assert_int_equal(message.commit_us, 946684800000000);
}

static void reads_relations(void **state)
{
    (void)state;
    auto_pgoutput_message struct pgoutput_message message = {0};
    struct bytes bytes = relation_message();
    auto_free char *copy = NULL;
    parse_good(&bytes, &message, &copy);
    assert_int_equal(message.kind, PGOUTPUT_RELATION);
    assert_int_equal(message.relation, 16385);
    assert_string_equal(message.schema, "public");
    assert_string_equal(message.name, "a table");
    assert_int_equal(message.identity, 'd');
    assert_int_equal(message.column_count, 2);
    assert_string_equal(message.columns[0].name, "id");
    assert_true(message.columns[0].key);
    assert_int_equal(message.columns[0].type, 23);
    assert_int_equal(message.columns[0].modifier, -1);
    assert_string_equal(message.columns[1].name, "");
    assert_false(message.columns[1].key);
    assert_int_equal(message.columns[1].modifier, 14);
}

static void reads_rows(void **state)
{
    (void)state;
    auto_pgoutput_message struct pgoutput_message message = {0};
    struct bytes bytes = insert_message();
    auto_free char *insert = NULL;
    parse_good(&bytes, &message, &insert);
    assert_int_equal(message.kind, PGOUTPUT_INSERT);
    assert_int_equal(message.relation, 16385);
    assert_int_equal(message.fresh.count, 3);
    check_value(&message.fresh, 0, PGOUTPUT_TEXT, "42");
    check_value(&message.fresh, 1, PGOUTPUT_NULL, NULL);
    check_value(&message.fresh, 2, PGOUTPUT_TEXT, "");
    assert_null(message.old.values);
    static const char parts[] = {0, 'K', 'O'};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        auto_free char *update = NULL;
        bytes = update_message(parts[i]);
        parse_good(&bytes, &message, &update);
        assert_int_equal(message.kind, PGOUTPUT_UPDATE);
        assert_int_equal(message.old.values != NULL, parts[i] != 0);
        assert_int_equal(message.old_full, parts[i] == 'O');
        if (parts[i] != 0) {
            check_value(&message.old, 0, PGOUTPUT_TEXT, "old");
            check_value(&message.old, 1, PGOUTPUT_NULL, NULL);
        }
        check_value(&message.fresh, 0, PGOUTPUT_TEXT, "new");
        check_value(&message.fresh, 1, PGOUTPUT_UNCHANGED, NULL);
    }
    for (size_t i = 1; i < ARRAY_LEN(parts); i++) {
        auto_free char *gone = NULL;
        bytes = delete_message(parts[i]);
        parse_good(&bytes, &message, &gone);
        assert_int_equal(message.kind, PGOUTPUT_DELETE);
        assert_int_equal(message.old_full, parts[i] == 'O');
        check_value(&message.old, 0, PGOUTPUT_TEXT, "gone");
        assert_null(message.fresh.values);
    }
}

static void reads_truncate_and_passes_over_the_rest(void **state)
{
    (void)state;
    auto_pgoutput_message struct pgoutput_message message = {0};
    struct bytes bytes = truncate_message();
    auto_free char *copy = NULL;
    parse_good(&bytes, &message, &copy);
    assert_int_equal(message.kind, PGOUTPUT_TRUNCATE);
    assert_int_equal(message.relation_count, 2);
    assert_int_equal(message.relations[0], 16385);
    assert_int_equal(message.relations[1], 16390);
    assert_false(message.cascade);
    assert_true(message.restart_identity);
    const struct bytes others[] = {origin_message(), type_message(), logical_message()};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        auto_free char *other = NULL;
        parse_good(&others[i], &message, &other);
        assert_int_equal(message.kind, PGOUTPUT_IGNORED);
    }
}

static void refuses_what_is_cut_off_or_too_long(void **state)
{
    (void)state;
    struct bytes messages[MESSAGES];
    make_messages(messages);
    auto_pgoutput_message struct pgoutput_message message = {0};
    for (size_t i = 0; i < MESSAGES; i++) {
        for (size_t len = 0; len < messages[i].len; len++) {
            auto_free char *copy = NULL;
            assert_int_equal(parse(messages[i].data, len, &message, &copy), -1);
        }
        auto_free char *longer = NULL;
        put(&messages[i], 0, 1);
        assert_int_equal(parse(messages[i].data, messages[i].len, &message, &longer), -1);
    }
}

static void refuses_impossible_parts(void **state)
{
    (void)state;
    auto_pgoutput_message struct pgoutput_message message = {0};
    struct bytes binary = insert_message();
    binary.data[8] = 'x'; /* after tag, relation, 'N' and the number of columns */
    struct bytes columns = insert_message();
    columns.data[6] = (char)0xFF;
    struct bytes length = insert_message();
    length.data[9] = (char)0xFF;
    struct bytes identity = relation_message();
    identity.data[1 + 4 + sizeof("public") + sizeof("a table")] = 'x';
    struct bytes relations = truncate_message();
    relations.data[1] = (char)0xFF;
    const struct bytes bad[] = {binary, columns, length, identity, relations};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        auto_free char *copy = NULL;
        assert_int_equal(parse(bad[i].data, bad[i].len, &message, &copy), -1);
    }
}

/* Every parsed string must lie within the message, whatever its contents. */
static size_t touch(const struct pgoutput_message *message)
{
    size_t sum = strlen(message->schema) + strlen(message->name);
    const struct pgoutput_tuple *tuples[] = {&message->old, &message->fresh};
    for (size_t t = 0; t < ARRAY_LEN(tuples); t++) {
        for (size_t i = 0; tuples[t]->values != NULL && i < tuples[t]->count; i++) {
            const struct pgoutput_value *value = &tuples[t]->values[i];
            for (uint32_t at = 0; value->kind == PGOUTPUT_TEXT && at < value->len; at++) {
                sum += (unsigned char)value->text[at];
            }
        }
    }
    for (size_t i = 0; i < message->column_count; i++) {
        sum += strlen(message->columns[i].name);
    }
    for (size_t i = 0; i < message->relation_count; i++) {
        sum += message->relations[i];
    }
    return sum;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void survives_noise(void **state)
{
    (void)state;
    static const char tags[] = "BCRIUDTOYM";
    struct bytes messages[MESSAGES];
    make_messages(messages);
    auto_pgoutput_message struct pgoutput_message message = {0};
    uint32_t seed = 2463534242;
    int accepted = 0;
    size_t sum = 0;
    for (int round = 0; round < 100000; round++) {
        struct bytes bytes = messages[next_random(&seed) % MESSAGES];
        if (round % 4 == 0) {
            bytes.len = next_random(&seed) % 64;
            for (size_t i = 0; i < bytes.len; i++) {
                bytes.data[i] = (char)next_random(&seed);
            }
            bytes.data[0] = tags[next_random(&seed) % (sizeof(tags) - 1)];
        }
        for (uint32_t changes = next_random(&seed) % 4; changes > 0 && bytes.len > 0; changes--) {
            bytes.data[next_random(&seed) % bytes.len] = (char)next_random(&seed);
        }
        auto_free char *copy = NULL;
        if (parse(bytes.data, bytes.len, &message, &copy) == 0) {
            accepted++;
            sum += touch(&message);
        }
    }
    assert_true(accepted > 10000 && sum > 0);
}

static void reads_and_writes_positions(void **state)
{
    (void)state;
    char text[POSITION_TEXT_SIZE];
    uint64_t position = 0;
    assert_string_equal(position_format(0x16B374D848, text), "16/B374D848");
    assert_true(position_parse("16/B374D848", &position));
    assert_int_equal(position, 0x16B374D848);
    assert_true(position_parse("ffffffff/00000001", &position));
    assert_int_equal(position, 0xFFFFFFFF00000001);
    static const char *const bad[] = {"",     "/",           "1/",  "/1",   "1",    "1/2/3",
                                      "1/2 ", "123456789/1", "g/1", "-1/1", " 1/1", "0x1/1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(position_parse(bad[i], &position));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_begin_and_commit),
        cmocka_unit_test(reads_relations),
        cmocka_unit_test(reads_rows),
        cmocka_unit_test(reads_truncate_and_passes_over_the_rest),
        cmocka_unit_test(refuses_what_is_cut_off_or_too_long),
        cmocka_unit_test(refuses_impossible_parts),
        cmocka_unit_test(survives_noise),
        cmocka_unit_test(reads_and_writes_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
