/* SPDX-License-Identifier: MIT */
/* Publishes while the application has tables locked. Waiting takes time, so only on one major. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>

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
    struct err err = {0};
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_int_equal(publish_as(NAME, &stop, &err, &notes), -1);
    assert_int_equal(err.code, ERR_CANCELED);
    assert_true(clock_monotonic_ms() - began_ms < patient_ms(3000));
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
    struct err err = {0};
    publish(NAME, &notes);
    lock_table(&session, "busy", 0);
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(drop_from("shop", NAME, &err), -1);
    int64_t took_ms = clock_monotonic_ms() - began_ms;
    assert_true(took_ms > 8000 && took_ms < patient_ms(12000));
    assert_false(err.lasting);
    assert_non_null(strstr(err.message, "public.busy"));
    expect(IDENTITIES, "bare=d,busy=f");
    pg_close(&session);
    sql("UPDATE busy SET a = 3");
    drop(NAME);
    expect(IDENTITIES, "bare=d,busy=d");
    expect(TRACES, "0");
}

/* ---- an application at work ------------------------------------------------------------------------------
 */

struct application {
    _Atomic bool ending;
    _Atomic int statements;
    struct err err; /* of the first failed statement */
    bool failed;
};

/* Uses one session throughout, so that its cached table definitions must be invalidated in time. */
static void *work(void *argument)
{
    struct application *application = argument;
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    application->failed = pg_open(&endpoint, "shop", PG_ADMIN, NULL, &application->err, &pg) != 0;
    while (!application->failed && !atomic_load(&application->ending)) {
        application->failed =
            pg_run(&pg, &application->err,
                   "UPDATE public.bare SET a = a + 1; UPDATE public.none SET a = a + 1;"
                   " DELETE FROM public.bare WHERE a = 0; UPDATE public.parted SET b = b + 1;"
                   " UPDATE public.keyed SET a = a + 1") != 0;
        atomic_fetch_add(&application->statements, 1);
    }
    return NULL;
}

static void never_disturbs_the_application(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE bare (a int); INSERT INTO bare VALUES (1), (2);"
        " CREATE TABLE none (a int PRIMARY KEY); INSERT INTO none VALUES (1);"
        " ALTER TABLE none REPLICA IDENTITY NOTHING;"
        " CREATE TABLE keyed (a int PRIMARY KEY); INSERT INTO keyed VALUES (1);"
        " CREATE TABLE parted (a int, b int) PARTITION BY RANGE (a);"
        " CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9); INSERT INTO parted VALUES "
        "(1, 1)");
    struct application application = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, work, &application), 0);
    auto_str_list struct str_list notes = {0};
    for (int i = 0; i < 30; i++) {
        publish(NAME, &notes);
        publish(OTHER, &notes);
        drop(NAME);
        drop(OTHER);
    }
    atomic_store(&application.ending, true);
    pthread_join(thread, NULL);
    if (application.failed) {
        fail_msg("%s", application.err.message);
    }
    assert_true(atomic_load(&application.statements) > 30);
    for (size_t i = 0; i < notes.count; i++) {
        assert_null(strstr(notes.items[i], "locked"));
    }
    expect(IDENTITIES, "bare=d,keyed=d,none=n,parted_1=d");
    expect(TRACES, "0");
}

static int run(const char *title)
{
    const struct CMUnitTest tests[] = {
        IN_SHOP(never_disturbs_the_application),
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
