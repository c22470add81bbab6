/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <pthread.h>
#include <string.h>

#include "core/clock.h"
#include "engine/pg/pg.h"
#include "tests/unit/one_server.h"

static void open_as(struct pg *pg, const struct endpoint *endpoint, enum pg_role role,
                    const struct stop *stop)
{
    struct err err = {0};
    if (pg_open(endpoint, "postgres", role, stop, &err, pg) != 0) {
        fail_msg("%s", err.message);
    }
}

static void assert_value(struct pg *pg, const char *sql, const char *expected)
{
    struct err err = {0};
    auto_free char *value = NULL;
    if (pg_value(pg, &err, &value, sql, 0, NULL) != 0) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(value, expected);
}

static void settings_of_role_and_database_do_not_bite(void **state)
{
    (void)state;
    NEEDS_SERVER
    assert_true(
        postgres_sql(&server, "postgres",
                     "CREATE ROLE biter LOGIN SUPERUSER; ALTER ROLE biter SET statement_timeout = '1ms';"
                     "ALTER ROLE biter SET lock_timeout = '1ms';"
                     "ALTER ROLE biter SET DateStyle = 'SQL, DMY';"
                     "ALTER ROLE biter SET bytea_output = 'escape';"
                     "ALTER ROLE biter SET extra_float_digits = -8; ALTER ROLE biter SET array_nulls = off;"
                     "ALTER ROLE biter SET search_path = 'evil, public';"
                     "ALTER ROLE biter SET IntervalStyle = 'sql_standard';"
                     "ALTER ROLE biter SET TimeZone = 'Asia/Tokyo';"
                     "ALTER ROLE biter SET default_transaction_read_only = on;"
                     "ALTER ROLE biter SET default_transaction_isolation = 'serializable';"
                     "ALTER ROLE biter SET idle_in_transaction_session_timeout = '100ms';"
                     "ALTER ROLE biter SET standard_conforming_strings = off;"
                     "ALTER DATABASE postgres SET xmloption = 'document';"
                     "ALTER DATABASE postgres SET quote_all_identifiers = on"));
    struct endpoint endpoint = postgres_endpoint(&server, "biter");
    for (int role = PG_READ; role <= PG_ADMIN; role++) {
        auto_pg struct pg pg = {0};
        struct err err = {0};
        open_as(&pg, &endpoint, (enum pg_role)role, NULL);
        assert_int_equal(pg_run(&pg, &err, "BEGIN"), 0);
        clock_sleep_ms(250);
        assert_value(&pg, "SELECT '2020-02-01'::date || ' ' || '\\x01'::bytea::text", "2020-02-01 \\x01");
        assert_value(&pg, "SELECT (1/3.0)::float8::text::float8 = (1/3.0)::float8", "t");
        assert_value(&pg, "SELECT ('{NULL}'::text[])[1] IS NULL", "t");
        assert_value(
            &pg,
            "SELECT current_setting('statement_timeout') || current_setting('lock_timeout')"
            " || current_setting('search_path') || current_setting('transaction_read_only')"
            " || current_setting('transaction_isolation') || current_setting('standard_conforming_strings')"
            " || current_setting('xmloption') || current_setting('quote_all_identifiers')"
            " || current_setting('row_security') || current_setting('TimeZone')",
            "00offread committedoncontentoffoffUTC");
        assert_int_equal(pg_run(&pg, &err, "COMMIT"), 0);
    }
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE postgres RESET ALL"));
}

static void writing_sessions_do_not_fire_triggers(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_WRITE, NULL);
    assert_true(pg.replica);
    assert_true(pg.superuser);
    assert_value(
        &pg, "SELECT current_setting('session_replication_role') || current_setting('synchronous_commit')",
        "replicaoff");
}

static void writing_sessions_of_ordinary_users_open_too(void **state)
{
    (void)state;
    NEEDS_SERVER
    assert_true(postgres_sql(&server, "postgres", "CREATE ROLE ordinary LOGIN"));
    struct endpoint endpoint = postgres_endpoint(&server, "ordinary");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_WRITE, NULL);
    assert_false(pg.replica);
    assert_false(pg.superuser);
    assert_value(&pg, "SELECT 1", "1");
}

static void *stop_soon(void *stop)
{
    clock_sleep_ms(300);
    stop_request(stop, STOP_CANCEL);
    return NULL;
}

static void assert_nothing_runs(const char *query)
{
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg watcher = {0};
    open_as(&watcher, &endpoint, PG_ADMIN, NULL);
    struct err err = {0};
    auto_free char *count = NULL;
    assert_int_equal(
        pg_value(&watcher, &err, &count,
                 "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1", 1, &query),
        0);
    assert_string_equal(count, "0");
}

static void a_wish_to_stop_ends_the_statement_on_the_server(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    struct stop stop = {0};
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_READ, &stop);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    struct err err = {0};
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(pg_run(&pg, &err, "SELECT pg_sleep(100)"), -1);
    int64_t took_ms = clock_monotonic_ms() - began_ms;
    pthread_join(thread, NULL);
    assert_int_equal(err.code, ERR_CANCELED);
    assert_true(took_ms < patient_ms(300 + 200));
    assert_nothing_runs("SELECT pg\\_sleep(100)");
    assert_int_equal(pg_run(&pg, &err, "SELECT 1"), -1);
    pg.stop = NULL;
    assert_value(&pg, "SELECT 1", "1");
}

static void a_statement_that_takes_too_long_is_cancelled(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_READ, NULL);
    pg.statement_timeout_ms = 200;
    struct err err = {0};
    assert_int_equal(pg_run(&pg, &err, "SELECT pg_sleep(99)"), -1);
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    assert_false(err.lasting);
    assert_nothing_runs("SELECT pg\\_sleep(99)");
    assert_value(&pg, "SELECT 2", "2");
}

static void an_abandoned_copy_leaves_a_usable_connection(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_READ, NULL);
    struct err err = {0};
    assert_int_equal(pg_run(&pg, &err, "COPY (SELECT generate_series(1, 100000000)) TO STDOUT"), 0);
    assert_true(pg_abandon(&pg));
    assert_int_equal(pg_run(&pg, &err, "CREATE TEMP TABLE t (a int)"), 0);
    assert_int_equal(pg_run(&pg, &err, "COPY t FROM STDIN"), 0);
    assert_int_equal(PQputCopyData(pg.connection, "1\n", 2), 1);
    assert_true(pg_abandon(&pg));
    assert_value(&pg, "SELECT count(*) FROM pg_temp.t", "0");
}

static void errors_carry_the_words_and_the_state_of_postgresql(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_READ, NULL);
    struct err err = {0};
    assert_int_equal(pg_run(&pg, &err, "SELECT 1; SELECT 1/0; SELECT 2"), -1);
    assert_string_equal(err.sqlstate, "22012");
    assert_non_null(strstr(err.message, "division by zero"));
    assert_non_null(strstr(err.message, "est server"));
    assert_non_null(strstr(err.message, "'postgres'"));
    assert_true(err.lasting);
    assert_value(&pg, "SELECT 3", "3");
}

static void a_lost_connection_is_not_lasting(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_READ, NULL);
    char sql[64];
    snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)", PQbackendPID(pg.connection));
    assert_true(postgres_sql(&server, "postgres", sql));
    struct err err = {0};
    assert_int_equal(pg_run(&pg, &err, "SELECT 1"), -1);
    assert_int_equal(err.code, ERR_SERVER_UNREACHABLE);
    assert_int_equal(err.service_code, 603000);
    assert_false(err.lasting);
}

static void a_wrong_password_is_told_without_repeating_it(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    endpoint.host = (char *)(uintptr_t) "127.0.0.1";
    endpoint.password = (char *)(uintptr_t) "wrong donkey";
    struct pg pg = {0};
    struct err err = {0};
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &pg), -1);
    assert_int_equal(err.service_code, 603100);
    assert_string_equal(err.sqlstate, "28P01");
    assert_true(err.lasting);
    assert_null(strstr(err.message, "donkey"));
    endpoint.password = NULL;
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &pg), -1);
    assert_int_equal(err.service_code, 603100);
    endpoint.password = (char *)(uintptr_t)POSTGRES_PASSWORD;
    endpoint.sslmode = (char *)(uintptr_t) "require";
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &pg), -1);
    assert_int_equal(err.service_code, 603001);
    endpoint.sslmode = NULL;
    auto_pg struct pg good = {0};
    open_as(&good, &endpoint, PG_READ, NULL);
}

static void a_server_that_is_not_there_may_be_tried_again(void **state)
{
    (void)state;
    struct endpoint endpoint = {.host = (char *)(uintptr_t) "127.0.0.1",
                                .port = 1,
                                .user = (char *)(uintptr_t) "nobody",
                                .label = (char *)(uintptr_t) "test server"};
    struct pg pg = {0};
    struct err err = {0};
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &pg), -1);
    assert_int_equal(err.service_code, 603000);
    assert_false(err.lasting);
}

static void connecting_to_a_silent_server_ends_in_time(void **state)
{
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    struct endpoint endpoint = {.host = (char *)(uintptr_t) "127.0.0.1",
                                .port = ntohs(address.sin_port),
                                .user = (char *)(uintptr_t) "nobody",
                                .label = (char *)(uintptr_t) "test server",
                                .connect_timeout_s = 1};
    struct pg pg = {0};
    struct err err = {0};
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, NULL, &err, &pg), -1);
    assert_true(clock_monotonic_ms() - began_ms < patient_ms(1500));
    assert_int_equal(err.service_code, 603000);
    struct stop stop = {0};
    pthread_t thread;
    endpoint.connect_timeout_s = 60;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_int_equal(pg_open(&endpoint, "postgres", PG_READ, &stop, &err, &pg), -1);
    pthread_join(thread, NULL);
    assert_int_equal(err.code, ERR_CANCELED);
    close(listener);
}

static void identifiers_and_literals_are_quoted(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    open_as(&pg, &endpoint, PG_READ, NULL);
    auto_buf struct buf sql = BUF_MAX(1000);
    buf_adds(&sql, "SELECT ");
    pg_add_literal(&pg, &sql, "it's \\ 100%s");
    buf_adds(&sql, " AS ");
    pg_add_identifier(&pg, &sql, "a\"b; --");
    assert_value(&pg, buf_text(&sql), "it's \\ 100%s");
    struct err err = {0};
    assert_int_equal(pg_set_encoding(&pg, "LATIN1", &err), 0);
    assert_int_equal(pg_set_encoding(&pg, "no'such", &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_of_role_and_database_do_not_bite),
        cmocka_unit_test(writing_sessions_do_not_fire_triggers),
        cmocka_unit_test(writing_sessions_of_ordinary_users_open_too),
        cmocka_unit_test(a_wish_to_stop_ends_the_statement_on_the_server),
        cmocka_unit_test(a_statement_that_takes_too_long_is_cancelled),
        cmocka_unit_test(an_abandoned_copy_leaves_a_usable_connection),
        cmocka_unit_test(errors_carry_the_words_and_the_state_of_postgresql),
        cmocka_unit_test(a_lost_connection_is_not_lasting),
        cmocka_unit_test(a_wrong_password_is_told_without_repeating_it),
        cmocka_unit_test(a_server_that_is_not_there_may_be_tried_again),
        cmocka_unit_test(connecting_to_a_silent_server_ends_in_time),
        cmocka_unit_test(identifiers_and_literals_are_quoted),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
