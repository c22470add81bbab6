/* SPDX-License-Identifier: MIT */
/* Publishing while the application has tables locked. Waiting takes its time: on one major only. */
#include "tests/unit/test.h"

#include <pthread.h>

#include "tests/unit/replication_fixture.h"

/* A session that keeps a table locked until it is closed, or for a while. */
static void lock_table(struct pg *session, const char *table, int ms)
{
    static struct endpoint endpoint;
    struct err err = {0};
    endpoint = postgres_endpoint(&server, "postgres");
    assert_int_equal(pg_open(&endpoint, "shop", PG_ADMIN, NULL, &err, session), 0);
    assert_int_equal(pg_runf(session, &err, "SET idle_in_transaction_session_timeout = %d", ms), 0);
    assert_int_equal(pg_run(session, &err, "BEGIN"), 0);
    assert_int_equal(pg_runf(session, &err, "SELECT * FROM public.%s", table), 0);
}

static void *stop_soon(void *argument)
{
    clock_sleep_ms(500);
    stop_request(argument, STOP_CANCEL);
    return NULL;
}

static void waits_for_locked_tables(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE busy (a int); CREATE TABLE keyed (a int PRIMARY KEY); INSERT INTO busy VALUES (1)");
    auto_pg struct pg session = {0};
    auto_str_list struct str_list notes = {0};
    lock_table(&session, "busy", 0);
    struct stop stop = {0};
    pthread_t thread;
    struct err err;
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_int_equal(publish_as(NAME, &stop, &err, &notes), -1);
    assert_int_equal(err.code, ERR_CANCELED);
    assert_true(clock_monotonic_ms() - began_ms < 3000);
    pthread_join(thread, NULL);
    expect("SELECT pubinsert OR pubupdate OR pubdelete FROM pg_publication", "f");
    sql("UPDATE busy SET a = 2");
    pg_close(&session);

    lock_table(&session, "busy", 2500);
    publish(NAME, &notes);
    assert_true(clock_monotonic_ms() - began_ms > 2000);
    expect(PUBLISHED, "public.busy,public.keyed");
    sql("UPDATE busy SET a = 3");
    pg_close(&session);

    lock_table(&session, "busy", 3000);
    began_ms = clock_monotonic_ms();
    drop(NAME);
    assert_true(clock_monotonic_ms() - began_ms > 1000);
    expect(IDENTITIES, "busy=d,keyed=d");
    expect(TRACES, "0");
}

static void gives_up_in_time_and_goes_on_later(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE busy (a int); CREATE TABLE bare (a int); INSERT INTO busy VALUES (1)");
    auto_pg struct pg session = {0};
    auto_str_list struct str_list notes = {0};
    struct err err;
    publish(NAME, &notes);
    lock_table(&session, "busy", 0);
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(drop_from("shop", NAME, &err), -1);
    int64_t took_ms = clock_monotonic_ms() - began_ms;
    assert_true(took_ms > 8000 && took_ms < 12000);
    assert_false(err.lasting);
    assert_non_null(strstr(err.message, "public.busy"));
    expect(IDENTITIES, "bare=d,busy=f");
    pg_close(&session);
    sql("UPDATE busy SET a = 3");
    drop(NAME);
    expect(IDENTITIES, "bare=d,busy=d");
    expect(TRACES, "0");
}

static int run(const char *title)
{
    const struct CMUnitTest tests[] = {
        IN_SHOP(waits_for_locked_tables),
        IN_SHOP(gives_up_in_time_and_goes_on_later),
    };
    return cmocka_run_group_tests_name(title, tests, NULL, NULL);
}

int main(void)
{
    running = postgres_start(&server, NULL);
    return run_on("publication, locks");
}
