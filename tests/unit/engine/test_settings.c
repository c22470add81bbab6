/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "engine/admin/settings.h"
#include "tests/unit/postgres.h"

static struct postgres server;
static bool running;

#define NEEDS_SERVER                                                                                         \
    if (!running) {                                                                                          \
        skip();                                                                                              \
    }

/* One setting from the server; fails the test if it is missing. */
static void get(const char *name, struct server_setting **ret_setting)
{
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    struct err err = {0};
    size_t count = 0;
    if (settings_list(&endpoint, name, NULL, &err, ret_setting, &count) != 0) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(count, 1);
}

static void expect(const char *name, const char *value, bool altered, bool pending)
{
    struct server_setting *setting = NULL;
    get(name, &setting);
    assert_string_equal(setting->value, value);
    assert_int_equal(setting->altered, altered);
    assert_int_equal(setting->pending_restart, pending);
    settings_free(setting, 1);
}

static int change(const char *name, const char *value, struct err *err)
{
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    const struct setting_change changes[] = {{name, value}};
    return settings_change(&endpoint, changes, 1, NULL, err);
}

static void a_change_is_seen_when_the_call_returns(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    assert_int_equal(change("work_mem", "8192", &err), 0);
    expect("WORK_MEM", "8192", true, false);
    assert_int_equal(change("work_mem", NULL, &err), 0);
    expect("work_mem", "4096", false, false);
}

static void what_waits_for_a_restart_shows_the_new_value(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    assert_int_equal(change("max_worker_processes", "9", &err), 0);
    expect("max_worker_processes", "9", true, true);
    assert_int_equal(change("max_worker_processes", NULL, &err), 0);
}

static void what_our_sessions_pin_does_not_show(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    expect("extra_float_digits", "1", false, false);
    assert_int_equal(change("bytea_output", "escape", &err), 0);
    expect("bytea_output", "escape", true, false);
    assert_int_equal(change("bytea_output", NULL, &err), 0);
}

static void a_list_keeps_its_elements(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    assert_int_equal(change("session_preload_libraries", "auto_explain, \"pg_stat_statements\"", &err), 0);
    expect("session_preload_libraries", "auto_explain, pg_stat_statements", true, false);
    assert_int_equal(change("session_preload_libraries", NULL, &err), 0);
}

static void a_refusal_is_postgresqls_own(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    assert_int_equal(change("work_mem", "much; DROP TABLE x", &err), -1);
    assert_non_null(strstr(err.message, "work_mem"));
    assert_int_equal(change("no such; parameter", "1", &err), -1);
    assert_non_null(strstr(err.message, "unrecognized configuration parameter"));
}

static void file_names_and_commands_are_fixed(void **state)
{
    (void)state;
    NEEDS_SERVER
    static const char *const names[] = {"data_directory", "archive_command", "port", "block_size"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct server_setting *setting = NULL;
        get(names[i], &setting);
        assert_true(setting->fixed);
        settings_free(setting, 1);
    }
}

static void lists_extensions(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    struct err err = {0};
    auto_free char *names = NULL;
    assert_int_equal(settings_available_extensions(&endpoint, NULL, &err, &names), 0);
    assert_non_null(strstr(names, "plpgsql"));
}

static int set_up(void **state)
{
    (void)state;
    running = postgres_start(&server, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (running) {
        postgres_stop(&server);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_seen_when_the_call_returns),
        cmocka_unit_test(what_waits_for_a_restart_shows_the_new_value),
        cmocka_unit_test(what_our_sessions_pin_does_not_show),
        cmocka_unit_test(a_list_keeps_its_elements),
        cmocka_unit_test(a_refusal_is_postgresqls_own),
        cmocka_unit_test(file_names_and_commands_are_fixed),
        cmocka_unit_test(lists_extensions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
