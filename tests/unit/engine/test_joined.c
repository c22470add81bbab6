/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "engine/replication/tables/joined.h"

static struct source_snapshot parse(const char *text)
{
    struct err err = {0};
    struct source_snapshot snapshot;
    assert_int_equal(source_snapshot_parse(text, &err, &snapshot), 0);
    return snapshot;
}

static void test_a_snapshot_sees_what_had_ended(void **state)
{
    (void)state;
    auto_source_snapshot struct source_snapshot snapshot = parse("100:110:100,104");
    static const uint32_t seen[] = {3, 99, 101, 103, 105, 109};
    static const uint32_t running[] = {100, 104, 110, 111, 5000};
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        assert_true(source_snapshot_sees(&snapshot, seen[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(running); i++) {
        assert_false(source_snapshot_sees(&snapshot, running[i]));
    }
}

static void test_numbers_wrap_around(void **state)
{
    (void)state;
    /* 4294967296 is the first number of the second epoch. */
    auto_source_snapshot struct source_snapshot snapshot =
        parse("4294967290:4294967300:4294967290,4294967298");
    assert_false(source_snapshot_sees(&snapshot, 4294967290));
    assert_true(source_snapshot_sees(&snapshot, 4294967291));
    assert_true(source_snapshot_sees(&snapshot, 1));
    assert_false(source_snapshot_sees(&snapshot, 2));
    assert_true(source_snapshot_sees(&snapshot, 3));
    assert_false(source_snapshot_sees(&snapshot, 4));
}

static void test_other_texts_are_no_snapshots(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "1", "1:2", "a:2:", "1:b:", "1:2:c", "1:2:3;", "1,2:3", "-1:2:"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = {0};
        struct source_snapshot snapshot;
        assert_int_equal(source_snapshot_parse(texts[i], &err, &snapshot), -1);
    }
    auto_source_snapshot struct source_snapshot none = parse("7:7:");
    assert_int_equal(none.running_count, 0);
}

static void test_the_copy_holds_what_was_committed_before_its_end(void **state)
{
    (void)state;
    auto_source_snapshot struct source_snapshot snapshot = parse("100:110:104");
    struct joined_table table = {.relation = 16400, .snapshot = snapshot, .until = 5000};
    const struct joined joined = {.tables = &table, .count = 1, .until = 5000};
    assert_true(joined_holds(&joined, 16400, 101, 4000));
    assert_false(joined_holds(&joined, 16400, 104, 4000));
    assert_false(joined_holds(&joined, 16400, 101, 5000)); /* the number has been reused since */
    assert_false(joined_holds(&joined, 16401, 101, 4000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_snapshot_sees_what_had_ended),
        cmocka_unit_test(test_numbers_wrap_around),
        cmocka_unit_test(test_other_texts_are_no_snapshots),
        cmocka_unit_test(test_the_copy_holds_what_was_committed_before_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
