/* SPDX-License-Identifier: MIT */
/* Checks whether a source is set up for logical replication, and sets it up, with restarts. */
#include "tests/unit/test.h"

#include <string.h>

#include "engine/replication/replication_setup.h"
#include "tests/unit/one_server.h"

static void expect_missing(const char *user, int needed, const char *wanted)
{
    struct endpoint endpoint = postgres_endpoint(&server, user);
    struct err err = {0};
    auto_replication_missing struct replication_missing missing = {0};
    if (replication_setup_missing(&endpoint, needed, NULL, &err, &missing) != 0) {
        fail_msg("%s", err.message);
    }
    auto_free char *json = str_list_to_json(&missing.lines);
    assert_string_equal(json, wanted);
}

static int change(const char *user, int needed, struct err *err, bool *restart)
{
    struct endpoint endpoint = postgres_endpoint(&server, user);
    *err = (struct err){0};
    return replication_setup_change(&endpoint, needed, NULL, err, restart);
}

static void expect_change(const char *user, int needed, bool wants_restart)
{
    struct err err = {0};
    bool restart = !wants_restart;
    if (change(user, needed, &err, &restart) != 0) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(restart, wants_restart);
}

static void sql(const char *text)
{
    assert_true(postgres_sql(&server, "postgres", text));
}

static void expect_setting(const char *name, const char *wanted)
{
    auto_free char *query = str_format("SHOW %s", name);
    auto_free char *value = postgres_value(&server, "postgres", query);
    assert_string_equal(value, wanted);
}

static void restart(void)
{
    postgres_kill(&server);
    postgres_launch(&server, NULL);
    if (!postgres_wait(&server)) {
        postgres_print_log(&server);
        fail();
    }
}

static void make_slots(int count)
{
    auto_free char *text = str_format("SELECT pg_create_physical_replication_slot('s' || n)"
                                      " FROM generate_series(1, %d) n",
                                      count);
    sql(text);
}

static void says_what_the_command_line_forbids(void **state)
{
    (void)state;
    NEEDS_SERVER
    postgres_kill(&server);
    postgres_launch(&server, "-cwal_level=replica");
    assert_true(postgres_wait(&server));
    struct err err = {0};
    bool wants_restart = false;
    expect_missing("postgres", 2, "[\"wal_level is replica, not logical\"]");
    assert_int_equal(change("postgres", 2, &err, &wants_restart), -1);
    assert_true(err.lasting);
    assert_non_null(strstr(err.message, "command line"));
    assert_non_null(strstr(err.message, "Set by hand: wal_level = logical; then restart"));
}

static void sets_up_a_plain_server(void **state)
{
    (void)state;
    NEEDS_SERVER
    server.plain = true;
    restart();
    expect_missing("postgres", 10, "[\"wal_level is replica, not logical\"]");
    expect_change("postgres", 10, true);
    expect_missing("postgres", 10, "[\"wal_level is replica, not logical\"]");
    expect_change("postgres", 10, true); /* already set, pending a restart */
    restart();
    expect_missing("postgres", 10, "[]");
    expect_change("postgres", 10, false);
    expect_setting("max_replication_slots", "10");
    /* The setting was reverted: a restart must not break work that depends on the running value. */
    sql("ALTER SYSTEM SET wal_level = replica");
    expect_change("postgres", 1, false);
    restart();
    expect_setting("wal_level", "logical");
}

static void makes_room(void **state)
{
    (void)state;
    NEEDS_SERVER
    make_slots(9);
    expect_missing("postgres", 1, "[]");
    expect_missing("postgres", 3, "[\"1 of 10 replication slots are free, 3 are needed\"]");
    expect_missing("postgres", 11,
                   "[\"1 of 10 replication slots are free, 11 are needed\","
                   "\"10 of 10 WAL senders are free, 11 are needed\"]");
    expect_change("postgres", 11, true);
    restart();
    expect_setting("max_replication_slots", "20");
    expect_setting("max_wal_senders", "11");
    expect_missing("postgres", 11, "[]");
    sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    expect_change("postgres", 1, false);
    expect_setting("max_replication_slots", "20");
    /* Less than the running value, but the next start will use it. */
    sql("ALTER SYSTEM SET max_wal_senders = 3");
    expect_change("postgres", 4, false);
    restart();
    expect_setting("max_wal_senders", "11");
}

static void wants_the_right_to_replicate(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE ROLE clerk LOGIN; CREATE ROLE courier LOGIN REPLICATION");
    expect_missing("courier", 1, "[]");
    struct endpoint endpoint = postgres_endpoint(&server, "clerk");
    struct err err = {0};
    auto_replication_missing struct replication_missing missing = {0};
    assert_int_equal(replication_setup_missing(&endpoint, 1, NULL, &err, &missing), -1);
    assert_int_equal(err.service_code, 603104);
    assert_int_equal(err.code, ERR_OPERATION_NOT_ALLOWED);
    assert_true(err.lasting);
    assert_non_null(strstr(err.message, "ALTER ROLE \"clerk\" REPLICATION"));
}

static void advises_users_who_lack_the_rights(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    bool wants_restart = false;
    sql("ALTER SYSTEM RESET ALL");
    restart();
    assert_int_equal(change("courier", 12, &err, &wants_restart), -1);
    assert_string_equal(err.sqlstate, "42501");
    assert_true(err.lasting);
    assert_non_null(strstr(err.message, "Set by hand: wal_level = logical, max_replication_slots = 12,"
                                        " max_wal_senders = 12; then restart the server."));
    /* A value set by somebody else takes effect with the restart alone. */
    sql("ALTER SYSTEM SET wal_level = logical");
    sql("SELECT pg_reload_conf()");
    for (int i = 0; i < 100 && change("courier", 1, &err, &wants_restart) != 0; i++) {
        clock_sleep_ms(50);
    }
    assert_true(wants_restart);
    restart();
    expect_change("courier", 1, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_command_line_forbids),
        cmocka_unit_test(sets_up_a_plain_server),
        cmocka_unit_test(makes_room),
        cmocka_unit_test(wants_the_right_to_replicate),
        cmocka_unit_test(advises_users_who_lack_the_rights),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
