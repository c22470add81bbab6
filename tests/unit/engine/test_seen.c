/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "core/str.h"
#include "engine/replication/tables/seen.h"
#include "tests/unit/postgres.h"

static struct postgres server;
static bool running;

static int start(void **state)
{
    (void)state;
    running = postgres_start(&server, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    postgres_stop(&server);
    return 0;
}

static void open_session(struct pg *ret_pg)
{
    static struct endpoint endpoint;
    struct err err = {0};
    endpoint = postgres_endpoint(&server, "postgres");
    if (pg_open(&endpoint, "postgres", PG_READ, NULL, &err, ret_pg) != 0) {
        fail_msg("%s", err.message);
    }
}

static char *value(struct pg *pg, const char *sql)
{
    struct err err = {0};
    char *text = NULL;
    if (pg_value(pg, &err, &text, sql, 0, NULL) != 0) {
        fail_msg("%s", err.message);
    }
    return text;
}

static void numbers_decide_and_wrap_around(void **state)
{
    (void)state;
    uint32_t running_ones[] = {UINT32_MAX - 2, 3};
    const struct seen seen = {.until = 1000, .end = 5, .running = running_ones, .count = 2};
    static const struct {
        uint64_t position;
        uint32_t transaction;
        bool has;
    } cases[] = {{999, 4, true},
                 {1000, 4, false},
                 {999, 5, false},
                 {999, 6, false},
                 {999, 3, false},
                 {999, UINT32_MAX - 2, false},
                 {999, UINT32_MAX - 1, true},
                 {999, 1000000000, false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (seen_has(&seen, cases[i].position, cases[i].transaction) != cases[i].has) {
            fail_msg("case %zu", i);
        }
    }
    assert_false(seen_has(&(struct seen){0}, 0, 4));
}

/* A commit in the WAL before the slot that waits for a standby before others see it. */
static void a_snapshot_without_what_came_before_the_slot_is_refused(void **state)
{
    (void)state;
    auto_pg struct pg source = {0};
    auto_pg struct pg writer = {0};
    struct err err = {0};
    if (!running) {
        skip();
    }
    open_session(&source);
    open_session(&writer);
    assert_int_equal(0, pg_run(&writer, &err, "BEGIN"));
    auto_free char *number = value(&writer, "SELECT txid_current()");
    int64_t transaction = 0;
    assert_true(str_to_int(number, 0, INT64_MAX, &transaction));
    auto_free char *with = str_format("%s:%lld:", number, (long long)transaction + 1);
    auto_free char *without = str_format("%s:%lld:%s", number, (long long)transaction + 1, number);
    auto_free char *younger =
        str_format("%lld:%lld:", (long long)transaction + 9, (long long)transaction + 9);
    const char *const refused[] = {with, younger};
    assert_int_equal(0, pg_run(&source, &err, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        auto_result PGresult *seen = NULL;
        assert_int_equal(0, seen_read_source(&source, refused[i], &err, &seen));
        assert_null(seen);
    }
    auto_result PGresult *seen = NULL;
    /* Later transactions advance the end of the snapshot beyond the running one. */
    assert_int_equal(0, pg_run(&source, &err, "COMMIT"));
    assert_int_equal(0, pg_run(&source, &err, "SELECT txid_current()"));
    assert_int_equal(0, pg_run(&source, &err, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
    assert_int_equal(0, seen_read_source(&source, without, &err, &seen));
    assert_non_null(seen);
    assert_non_null(strstr(PQgetvalue(seen, 0, 0), number));
}

static void what_the_helper_keeps_is_read_again(void **state)
{
    (void)state;
    auto_pg struct pg target = {0};
    auto_result PGresult *row = NULL;
    auto_buf struct buf sql = BUF_MAX(1024);
    struct err err = {0};
    struct seen seen = {0};
    if (!running) {
        skip();
    }
    open_session(&target);
    assert_int_equal(0, seen_load(&target, "helper", &err, &seen));
    assert_false(seen_has(&seen, 0, 1));
    assert_int_equal(0, pg_query(&target, &err, &row,
                                 "SELECT '4294967300:4294967310:4294967302,4294967305', "
                                 "'1/0'",
                                 0, NULL));
    buf_adds(&sql, "CREATE SCHEMA helper; ");
    seen_add_table(&target, &sql, "helper");
    seen_add_copy(&target, &sql, "helper", row);
    assert_int_equal(0, pg_run(&target, &err, buf_text(&sql)));
    assert_int_equal(0, seen_load(&target, "helper", &err, &seen));
    assert_true(seen_has(&seen, 1, 13));
    assert_false(seen_has(&seen, 1, 14));
    assert_false(seen_has(&seen, 1, 6));
    assert_false(seen_has(&seen, 1, 9));
    assert_true(seen_has(&seen, 1, 4));
    assert_false(seen_has(&seen, (uint64_t)1 << 32, 4));
    seen_done(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_decide_and_wrap_around),
        cmocka_unit_test(a_snapshot_without_what_came_before_the_slot_is_refused),
        cmocka_unit_test(what_the_helper_keeps_is_read_again),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
