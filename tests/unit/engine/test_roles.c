/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "engine/admin/roles.h"
#include "tests/unit/postgres.h"

static struct postgres source_server;
static struct postgres target_server;
static bool running;

#define NEEDS_SERVERS                                                                                        \
    if (!running) {                                                                                          \
        skip();                                                                                              \
    }

static void copy(const char *source_user, const char *target_user, struct str_list *warnings)
{
    struct endpoint source = postgres_endpoint(&source_server, source_user);
    struct endpoint target = postgres_endpoint(&target_server, target_user);
    struct err err = {0};
    if (roles_copy(&source, &target, NULL, &err, warnings) != 0) {
        fail_msg("%s", err.message);
    }
}

static void assert_target(const char *sql, const char *expected)
{
    auto_free char *value = postgres_value(&target_server, "postgres", sql);
    assert_non_null(value);
    assert_string_equal(value, expected);
}

static bool warns(const struct str_list *warnings, const char *text, const char *more)
{
    for (size_t i = 0; i < warnings->count; i++) {
        if (strstr(warnings->items[i], text) != NULL && strstr(warnings->items[i], more) != NULL) {
            return true;
        }
    }
    return false;
}

static void copies_roles_with_everything(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(
        postgres_sql(&source_server, "postgres",
                     "CREATE ROLE \"App \"\"Owner\"\"\" NOLOGIN CREATEDB;"
                     "CREATE ROLE app LOGIN NOINHERIT CREATEROLE REPLICATION BYPASSRLS CONNECTION LIMIT 7"
                     " VALID UNTIL '2031-02-03 04:05:06+00' PASSWORD 'secret of app';"
                     "CREATE ROLE boss SUPERUSER LOGIN;"
                     "GRANT \"App \"\"Owner\"\"\" TO app WITH ADMIN OPTION; GRANT pg_monitor TO app;"
                     "ALTER ROLE app SET search_path = \"$user\", 'odd \"schema', public;"
                     "ALTER ROLE app SET work_mem = '7MB'; ALTER ROLE app SET my.setting = 'it''s';"
                     "COMMENT ON ROLE app IS 'the app''s role'"));
    auto_str_list struct str_list warnings = {0};
    copy("postgres", "postgres", &warnings);
    assert_target("SELECT concat_ws(',', rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,"
                  " rolbypassrls, rolconnlimit, rolvaliduntil) FROM pg_roles WHERE rolname = 'app'",
                  "f,t,f,t,t,t,7,2031-02-03 04:05:06+00");
    assert_target(
        "SELECT concat_ws(',', rolcreatedb, rolcanlogin) FROM pg_roles WHERE rolname = 'App \"Owner\"'",
        "t,f");
    assert_target("SELECT rolsuper FROM pg_roles WHERE rolname = 'boss'", "f");
    assert_target(
        "SELECT string_agg(g.rolname || a.admin_option, ',' ORDER BY g.rolname) FROM pg_auth_members a"
        " JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = 'app'",
        "App \"Owner\"true,pg_monitorfalse");
    assert_target(
        "SELECT array_to_string(setconfig, '; ') FROM pg_db_role_setting WHERE setrole = 'app'::regrole",
        "search_path=\"$user\", \"odd \"\"schema\", public; work_mem=7MB; my.setting=it's");
    assert_target("SELECT shobj_description('app'::regrole, 'pg_authid')", "the app's role");
    assert_true(warns(&warnings, "Warning 603701: The role 'boss'", "superuser"));
    assert_int_equal(warnings.count, 1);
}

static void passwords_work_on_the_target(void **state)
{
    (void)state;
    NEEDS_SERVERS
    struct endpoint endpoint = postgres_endpoint(&target_server, "app");
    endpoint.host = (char *)(uintptr_t) "127.0.0.1";
    endpoint.password = (char *)(uintptr_t) "secret of app";
    auto_pg struct pg pg = {0};
    struct err err = {0};
    if (pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &pg) != 0) {
        fail_msg("%s", err.message);
    }
}

static void leaves_roles_that_are_there_alone(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(postgres_sql(&source_server, "postgres",
                             "ALTER ROLE app CONNECTION LIMIT 3; ALTER ROLE app RESET ALL"));
    auto_str_list struct str_list warnings = {0};
    copy("postgres", "postgres", &warnings);
    assert_int_equal(warnings.count, 0);
    assert_target("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'app'", "7");
}

static void ordinary_users_copy_what_they_may(void **state)
{
    (void)state;
    NEEDS_SERVERS
    assert_true(
        postgres_sql(&source_server, "postgres",
                     "CREATE ROLE viewer LOGIN; CREATE ROLE replica LOGIN REPLICATION BYPASSRLS PASSWORD 'x';"
                     "CREATE ROLE \"plain\"; GRANT \"plain\" TO replica"));
    assert_true(postgres_sql(&target_server, "postgres", "CREATE ROLE migrator LOGIN CREATEDB CREATEROLE"));
    auto_str_list struct str_list warnings = {0};
    copy("viewer", "migrator", &warnings);
    assert_true(warns(&warnings, "'replica'", "without CREATEROLE"));
    assert_true(warns(&warnings, "Warning 603702: Passwords could not be read", "'replica'"));
    assert_target(
        "SELECT concat_ws(',', rolcanlogin, rolreplication) FROM pg_roles WHERE rolname = 'replica'", "t,f");
    assert_target(
        "SELECT pg_has_role('migrator', 'plain', 'MEMBER') AND pg_has_role('replica', 'plain', 'MEMBER')",
        "t");
}

static void a_stopped_copy_leaves_nothing(void **state)
{
    (void)state;
    NEEDS_SERVERS
    struct endpoint source = postgres_endpoint(&source_server, "postgres");
    struct endpoint target = postgres_endpoint(&target_server, "postgres");
    struct stop stop = {.kind = STOP_SHUTDOWN};
    struct err err = {0};
    auto_str_list struct str_list warnings = {0};
    assert_int_equal(roles_copy(&source, &target, &stop, &err, &warnings), -1);
    assert_int_equal(err.code, ERR_CANCELED);
}

static int start_servers(void **state)
{
    (void)state;
    running = postgres_start(&source_server, NULL) && postgres_start(&target_server, NULL);
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    postgres_stop(&source_server);
    postgres_stop(&target_server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_roles_with_everything),
        cmocka_unit_test(passwords_work_on_the_target),
        cmocka_unit_test(leaves_roles_that_are_there_alone),
        cmocka_unit_test(ordinary_users_copy_what_they_may),
        cmocka_unit_test(a_stopped_copy_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
