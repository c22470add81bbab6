/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "engine/admin/databases.h"
#include "tests/unit/one_server.h"

enum { MANY_SESSIONS = 20 };

static struct endpoint superuser(void)
{
    return postgres_endpoint(&server, "postgres");
}

static bool exists(const char *name)
{
    struct endpoint endpoint = superuser();
    struct database_info info = {0};
    struct err err = {0};
    int found = database_get(&endpoint, name, NULL, &err, &info);
    assert_true(found >= 0);
    database_info_done(&info);
    return found == 1;
}

static void create(const char *name)
{
    struct endpoint endpoint = superuser();
    struct err err = {0};
    if (database_create(&endpoint, name, NULL, NULL, NULL, &err) != 0) {
        fail_msg("%s", err.message);
    }
}

static void drop(const char *name)
{
    struct endpoint endpoint = superuser();
    struct err err = {0};
    if (database_drop(&endpoint, name, NULL, &err) != 0) {
        fail_msg("%s", err.message);
    }
    assert_false(exists(name));
}

static void creates_lists_and_gets(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = superuser();
    struct err err = {0};
    const char *odd = "odd \"name\"; %s";
    assert_int_equal(database_create(&endpoint, odd, "UTF8", "C", NULL, &err), 0);
    assert_int_equal(database_create(&endpoint, odd, "UTF8", "C", NULL, &err), 0);
    struct database_info info = {0};
    assert_int_equal(database_get(&endpoint, odd, NULL, &err, &info), 1);
    assert_string_equal(info.name, odd);
    assert_string_equal(info.encoding, "UTF8");
    assert_string_equal(info.collation, "C");
    assert_string_equal(info.ctype, "C");
    assert_string_equal(info.owner, "postgres");
    assert_true(info.size_bytes > 1000000);
    database_info_done(&info);
    assert_int_equal(database_get(&endpoint, "nowhere", NULL, &err, &info), 0);
    struct database_info *list = NULL;
    size_t count = 0;
    assert_int_equal(databases_list(&endpoint, NULL, &err, &list, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, odd);
    assert_string_equal(list[1].name, "postgres");
    databases_free(list, count);
    drop(odd);
}

static void says_which_word_of_a_creation_is_wrong(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = superuser();
    struct err err = {0};
    assert_int_equal(database_create(&endpoint, "x", "UTF9", NULL, NULL, &err), -1);
    assert_int_equal(err.code, ERR_BAD_PARAMETER);
    assert_string_equal(err.target, "charset");
    assert_non_null(strstr(err.message, "UTF9"));
    assert_int_equal(database_create(&endpoint, "x", "UTF8", "xx_XX.utf8", NULL, &err), -1);
    assert_int_equal(err.code, ERR_BAD_PARAMETER);
    assert_string_equal(err.target, "collation");
    assert_non_null(strstr(err.message, "xx_XX.utf8"));
    assert_int_equal(database_create(&endpoint, "x", "LATIN1", "C.UTF-8", NULL, &err), -1);
    assert_int_equal(err.code, ERR_BAD_PARAMETER);
    char name[80];
    memset(name, 'n', sizeof(name));
    name[70] = '\0';
    assert_int_equal(database_create(&endpoint, name, NULL, NULL, NULL, &err), -1);
    assert_int_equal(err.code, ERR_BAD_PARAMETER);
}

static void drops_a_database_with_many_sessions(void **state)
{
    (void)state;
    NEEDS_SERVER
    create("busy");
    struct endpoint endpoint = superuser();
    struct pg sessions[MANY_SESSIONS];
    struct err err = {0};
    for (int i = 0; i < MANY_SESSIONS; i++) {
        assert_int_equal(pg_open(&endpoint, "busy", PG_READ, NULL, &err, &sessions[i]), 0);
        assert_int_equal(pg_run(&sessions[i], &err, i % 2 == 0 ? "BEGIN" : "SELECT 1"), 0);
    }
    drop("busy");
    for (int i = 0; i < MANY_SESSIONS; i++) {
        assert_int_equal(pg_run(&sessions[i], &err, "SELECT 1"), -1);
        pg_close(&sessions[i]);
    }
}

static void drops_the_database_postgres(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = superuser();
    struct pg session = {0};
    struct err err = {0};
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &session), 0);
    drop("postgres");
    pg_close(&session);
    assert_int_equal(database_drop(&endpoint, "postgres", NULL, &err), 0);
    create("postgres");
    assert_true(exists("postgres"));
}

static void drops_templates_closed_ones_and_prepared_transactions(void **state)
{
    (void)state;
    NEEDS_SERVER
    create("mold");
    assert_true(
        postgres_sql(&server, "mold", "BEGIN; CREATE TABLE public.t (a int); PREPARE TRANSACTION 'it''s'"));
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE mold IS_TEMPLATE true"));
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE mold ALLOW_CONNECTIONS false"));
    drop("mold");
}

static void drops_subscriptions_and_slots_with_the_database(void **state)
{
    (void)state;
    NEEDS_SERVER
    create("replicated");
    assert_true(postgres_sql(&server, "replicated",
                             "CREATE SUBSCRIPTION \"sub 1\" CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p"
                             " WITH (connect = false, slot_name = 'elsewhere')"));
    assert_true(
        postgres_sql(&server, "replicated", "SELECT pg_create_logical_replication_slot('here', 'pgoutput')"));
    drop("replicated");
    auto_free char *left = postgres_value(&server, "postgres",
                                          "SELECT (SELECT count(*) FROM pg_subscription) +"
                                          " (SELECT count(*) FROM pg_replication_slots)");
    assert_string_equal(left, "0");
}

static void refuses_to_drop_what_belongs_to_others(void **state)
{
    (void)state;
    NEEDS_SERVER
    create("theirs");
    assert_true(postgres_sql(&server, "postgres", "CREATE ROLE builder LOGIN CREATEDB"));
    struct endpoint endpoint = postgres_endpoint(&server, "builder");
    struct err err = {0};
    assert_int_equal(database_drop(&endpoint, "theirs", NULL, &err), -1);
    assert_int_equal(err.service_code, 603117);
    assert_int_equal(err.code, ERR_OPERATION_NOT_ALLOWED);
    assert_true(exists("theirs"));
    assert_int_equal(database_create(&endpoint, "ours", NULL, NULL, NULL, &err), 0);
    assert_int_equal(database_drop(&endpoint, "ours", NULL, &err), 0);
    drop("theirs");
}

static void lets_applications_in_again_when_the_drop_fails(void **state)
{
    (void)state;
    NEEDS_SERVER
    create("kept");
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE kept OWNER TO builder"));
    struct endpoint endpoint = superuser();
    struct endpoint builder = postgres_endpoint(&server, "builder");
    struct pg session = {0};
    struct err err = {0};
    assert_int_equal(pg_open(&endpoint, "kept", PG_READ, NULL, &err, &session), 0);
    /* Only superusers can end sessions of a superuser. */
    assert_int_equal(database_drop(&builder, "kept", NULL, &err), -1);
    assert_int_equal(err.service_code, 603111);
    assert_int_equal(pg_run(&session, &err, "SELECT 1"), 0);
    pg_close(&session);
    assert_true(postgres_sql(&server, "kept", "SELECT 1"));
    drop("kept");
}

static void tells_which_databases_hold_something(void **state)
{
    (void)state;
    NEEDS_SERVER
    create("empty");
    create("trace");
    create("schema");
    create("function");
    create("blob");
    create("closed");
    assert_true(
        postgres_sql(&server, "trace",
                     "CREATE TEMP TABLE t (a text PRIMARY KEY); DROP SCHEMA public; CREATE SCHEMA public"));
    assert_true(postgres_sql(&server, "schema", "CREATE SCHEMA s"));
    assert_true(postgres_sql(&server, "function",
                             "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"));
    assert_true(postgres_sql(&server, "blob", "SELECT lo_create(7)"));
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE closed ALLOW_CONNECTIONS false"));
    static const char *const names[] = {"empty", "trace", "schema", "nowhere", "function", "blob", "closed"};
    auto_str_list struct str_list wanted = {0};
    auto_str_list struct str_list in_use = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(str_list_add(&wanted, names[i]));
    }
    struct endpoint endpoint = superuser();
    struct err err = {0};
    assert_int_equal(databases_in_use(&endpoint, &wanted, NULL, &err, &in_use), 0);
    auto_free char *json = str_list_to_json(&in_use);
    assert_string_equal(json, "[\"schema\",\"function\",\"blob\",\"closed\"]");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        drop(names[i]);
    }
}

static void looks_at_the_server(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = superuser();
    struct server_info info = {0};
    struct err err = {0};
    assert_int_equal(server_inspect(&endpoint, NULL, &err, &info), 0);
    assert_true(info.version >= 100000);
    assert_non_null(info.version_text);
    assert_true(info.superuser);
    assert_false(info.read_only);
    assert_true(info.databases_bytes > 1000000);
    server_info_done(&info);
    assert_true(
        postgres_sql(&server, "postgres", "ALTER DATABASE postgres SET default_transaction_read_only = on"));
    assert_int_equal(server_inspect(&endpoint, NULL, &err, &info), 0);
    assert_false(info.read_only);
    server_info_done(&info);
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE postgres RESET ALL"));
    assert_true(postgres_sql(&server, "postgres", "ALTER SYSTEM SET default_transaction_read_only = on"));
    assert_true(postgres_sql(&server, "postgres", "SELECT pg_reload_conf()"));
    for (int i = 0; i < 100 && !info.read_only; i++) {
        clock_sleep_ms(50);
        server_info_done(&info);
        assert_int_equal(server_inspect(&endpoint, NULL, &err, &info), 0);
    }
    assert_true(info.read_only);
    server_info_done(&info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_lists_and_gets),
        cmocka_unit_test(says_which_word_of_a_creation_is_wrong),
        cmocka_unit_test(drops_a_database_with_many_sessions),
        cmocka_unit_test(drops_the_database_postgres),
        cmocka_unit_test(drops_templates_closed_ones_and_prepared_transactions),
        cmocka_unit_test(drops_subscriptions_and_slots_with_the_database),
        cmocka_unit_test(refuses_to_drop_what_belongs_to_others),
        cmocka_unit_test(lets_applications_in_again_when_the_drop_fails),
        cmocka_unit_test(tells_which_databases_hold_something),
        cmocka_unit_test(looks_at_the_server),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
