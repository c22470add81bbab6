/* SPDX-License-Identifier: MIT */
/* Slot and stream of a source, on every installed major. */
#include "tests/unit/test.h"

#include <netinet/tcp.h>

#include "tests/unit/replication_stream.h"

/* ---- stream ----------------------------------------------------------------------------------------------
 */

static void streams_what_comes_after_the_snapshot(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'before')");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    auto_replication_slot struct replication_slot slot = {0};
    make_slot(NULL, NULL, &slot);
    sql("INSERT INTO t VALUES (2, 'after')");
    auto_free char *rows = value_in_snapshot(slot.snapshot, "SELECT string_agg(b, ',') FROM public.t");
    assert_string_equal(rows, "before");
    replication_slot_done(&slot);
    sql("UPDATE t SET b = 'changed'; DELETE FROM t WHERE a = 1");
    sql("TRUNCATE t");

    auto_stream struct replication_stream stream = {0};
    open_stream("UTF8", slot.position, &stream);
    auto_free char *kinds = read_until_quiet(&stream);
    assert_string_equal(kinds, version < 110000 ? "BRIC BUUDC" : "BRIC BUUDC BRTC");
    replication_stream_close(&stream);

    /* The source resends unreported changes, and nothing from before the position. */
    open_stream("UTF8", slot.position, &stream);
    kinds[0] = '\0';
    auto_free char *again = read_until_quiet(&stream);
    assert_string_equal(again, version < 110000 ? "BRIC BUUDC" : "BRIC BUUDC BRTC");
    uint64_t end = stream.server_end;
    struct err err = {0};
    assert_int_equal(replication_stream_report(&stream, end, false, &err), 0);
    replication_stream_close(&stream);
    sql("INSERT INTO t VALUES (3, 'later')");
    open_stream("UTF8", end, &stream);
    auto_free char *rest = read_until_quiet(&stream);
    assert_string_equal(rest, "BRIC");
}

static void follows_the_end_of_the_wal(void **state)
{
    (void)state;
    NEEDS_SERVER
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    auto_stream struct replication_stream stream = {0};
    start_following("UTF8", &stream);
    /* Malachite has nothing to apply: keepalives alone advance the position. */
    for (int i = 0; i < 3; i++) {
        assert_true(
            postgres_sql(&server, "postgres", "CREATE TABLE public.other (a int); DROP TABLE public.other"));
        uint64_t flushed = flush_position("postgres");
        uint64_t end = end_position();
        assert_true(end >= flushed);
        struct err err = {0};
        assert_int_equal(replication_stream_report(&stream, stream.server_end, true, &err), 0);
        read_to(&stream, flushed);
        assert_int_equal(replication_stream_report(&stream, stream.server_end, false, &err), 0);
    }
    await_confirmed(stream.server_end);
}

static void reports_while_the_source_is_not_read(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE t (a int PRIMARY KEY, b text)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    auto_stream struct replication_stream stream = {0};
    start_following("UTF8", &stream);
    sql("INSERT INTO t SELECT n, repeat(n::text, 100) FROM generate_series(1, 50000) n");
    struct err err = {0};
    int64_t began_ms = clock_monotonic_ms();
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(replication_stream_report(&stream, 0, i % 2 == 0, &err), 0);
    }
    assert_true(clock_monotonic_ms() - began_ms < patient_ms(5000));
    uint64_t wanted = flush_position("postgres");
    assert_int_equal(read_to(&stream, wanted), 50000);
}

static void keeps_the_encoding_of_the_database(void **state)
{
    (void)state;
    NEEDS_SERVER
    assert_true(postgres_sql(&server, "postgres", "DROP DATABASE shop"));
    assert_true(postgres_sql(
        &server, "postgres",
        "CREATE DATABASE shop ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"));
    sql("CREATE TABLE \"gr\xf6\xdf\" (a int, \"\xfc\" text)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    assert_true(has_note(&notes, "public.gr\xc3\xb6\xc3\x9f ", "FULL"));
    auto_stream struct replication_stream stream = {0};
    start_following("LATIN1", &stream);
    sql("INSERT INTO \"gr\xf6\xdf\" VALUES (1, '\xe9')");
    auto_pgoutput_message struct pgoutput_message message = {0};
    read_kind(&stream, PGOUTPUT_RELATION, &message);
    assert_string_equal(message.name, "gr\xf6\xdf");
    assert_string_equal(message.columns[1].name, "\xfc");
    read_kind(&stream, PGOUTPUT_INSERT, &message);
    assert_int_equal(message.fresh.values[1].len, 1);
    assert_memory_equal(message.fresh.values[1].text, "\xe9", 1);
}

/* ---- slot ------------------------------------------------------------------------------------------------
 */

static void takes_over_from_whoever_is_left(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE t (a int PRIMARY KEY)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    assert_int_equal(slot_exists(), 0);
    auto_stream struct replication_stream first = {0};
    auto_stream struct replication_stream second = {0};
    start_following("UTF8", &first);
    assert_int_equal(slot_exists(), 1);
    /* A second stream ends the session of the first. */
    open_stream("UTF8", first.reported, &second);
    assert_true(has_ended(&first));
    sql("INSERT INTO t VALUES (1)");
    auto_free char *kinds = read_until_quiet(&second);
    assert_string_equal(kinds, "BRIC");
    /* A new slot of that name also ends the second. */
    auto_replication_slot struct replication_slot slot = {0};
    make_slot(NULL, NULL, &slot);
    assert_true(has_ended(&second));
    assert_int_equal(slot_exists(), 1);
    auto_free char *rows = value_in_snapshot(slot.snapshot, "SELECT count(*) FROM public.t");
    assert_string_equal(rows, "1");
    expect("SELECT count(*) FROM pg_replication_slots", "1");
}

static void drops_a_slot_that_is_in_use(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE bare (a int)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    auto_stream struct replication_stream stream = {0};
    start_following("UTF8", &stream);
    drop(NAME);
    assert_true(has_ended(&stream));
    expect(TRACES, "0");
    expect(IDENTITIES, "bare=d");
    assert_int_equal(slot_exists(), 0);
    drop(NAME);
    struct err err = {0};
    replication_stream_close(&stream);
    assert_int_equal(try_stream("UTF8", 0, &err, &stream), -1);
    assert_true(err.lasting);
    assert_string_equal(err.sqlstate, "42704");
}

struct watch {
    struct pg *session;
    struct stop *stop;
    const char *names; /* the required contents of the text */
    int calls;
    bool named;
};

static void on_waiting(void *context, const char *text)
{
    struct watch *watch = context;
    struct err err = {0};
    watch->calls++;
    watch->named = watch->named || strstr(text, watch->names) != NULL;
    if (!watch->named || watch->calls > 10) {
        return;
    }
    if (watch->stop != NULL) {
        stop_request(watch->stop, STOP_CANCEL);
    } else if (PQtransactionStatus(watch->session->connection) == PQTRANS_INTRANS) {
        pg_run(watch->session, &err, "COMMIT");
    }
}

static void tells_whom_it_waits_for(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg session = {0};
    struct err err = {0};
    assert_int_equal(pg_open(&endpoint, "postgres", PG_ADMIN, NULL, &err, &session), 0);
    auto_free char *names =
        str_format("process %d, database postgres, since 20", PQbackendPID(session.connection));
    struct stop stop = {0};
    struct watch watch = {.session = &session, .stop = &stop, .names = names};
    const struct replication_observer observer = {.context = &watch, .waiting = on_waiting};
    auto_replication_slot struct replication_slot slot = {0};

    assert_int_equal(pg_run(&session, &err, "BEGIN; SELECT txid_current()"), 0);
    assert_int_equal(try_slot(&observer, &stop, &err, &slot), -1);
    assert_int_equal(err.code, ERR_CANCELED);
    assert_true(watch.named);
    expect("SELECT count(*) FROM pg_replication_slots", "0");

    watch = (struct watch){.session = &session, .names = names};
    make_slot(&observer, NULL, &slot);
    assert_true(watch.named);
    assert_int_equal(slot_exists(), 1);
}

static void says_that_no_slot_is_free(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("SELECT pg_create_physical_replication_slot('s' || n) FROM generate_series(1, 10) n");
    auto_replication_slot struct replication_slot slot = {0};
    struct err err = {0};
    assert_int_equal(try_slot(NULL, NULL, &err, &slot), -1);
    assert_int_equal(err.service_code, 603105);
    assert_false(err.lasting);
    sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    make_slot(NULL, NULL, &slot);
}

static void knows_a_slot_that_has_lost_its_wal(void **state)
{
    (void)state;
    NEEDS_SERVER
    if (!patient || version < 130000) {
        skip();
    }
    auto_replication_slot struct replication_slot slot = {0};
    make_slot(NULL, NULL, &slot);
    replication_slot_done(&slot);
    assert_true(postgres_sql(&server, "shop", "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'"));
    sql("SELECT pg_reload_conf()");
    int there = 1;
    for (int i = 0; i < 20 && there == 1; i++) {
        sql("CREATE TABLE w AS SELECT 1 AS a; DROP TABLE w; SELECT pg_switch_wal()");
        sql("CHECKPOINT");
        there = slot_exists();
    }
    assert_int_equal(there, 0);
    assert_true(postgres_sql(&server, "shop", "ALTER SYSTEM RESET max_slot_wal_keep_size"));
    sql("SELECT pg_reload_conf()");
    drop(NAME);
    expect(TRACES, "0");
}

static void let_public_write_messages(bool may)
{
    auto_free char *text =
        str_format("DO $$ BEGIN EXECUTE (SELECT format('%s EXECUTE ON FUNCTION %%s %s PUBLIC',"
                   " oid::regprocedure) FROM pg_proc WHERE proname = 'pg_logical_emit_message'"
                   " AND proargtypes[2] = 'text'::regtype); END $$",
                   may ? "GRANT" : "REVOKE", may ? "TO" : "FROM");
    assert_true(postgres_sql(&server, "postgres", text));
}

static void serves_a_login_that_is_no_superuser(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE ROLE courier LOGIN REPLICATION; GRANT CREATE ON DATABASE shop TO courier;"
        " GRANT ALL ON SCHEMA public TO courier; SET ROLE courier; CREATE TABLE public.t (a int)");
    let_public_write_messages(false);
    user = "courier";
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    auto_stream struct replication_stream stream = {0};
    start_following("UTF8", &stream);
    sql("INSERT INTO t VALUES (1); UPDATE t SET a = 2");
    uint64_t wanted = flush_position("postgres");
    assert_int_equal(read_to(&stream, wanted), 2);
    struct err err = {0};
    assert_int_equal(replication_stream_report(&stream, stream.server_end, false, &err), 0);
    drop(NAME);
    assert_true(has_ended(&stream));
    user = "postgres";
    expect(TRACES, "0");
    expect(IDENTITIES, "t=d");
    let_public_write_messages(true);
    sql("DROP OWNED BY courier; DROP ROLE courier");
}

static void lets_the_source_shut_down(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE t (a int PRIMARY KEY)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    auto_stream struct replication_stream stream = {0};
    start_following("UTF8", &stream);
    sql("INSERT INTO t SELECT generate_series(1, 1000)");
    kill(server.pid, SIGINT);
    int64_t began_ms = clock_monotonic_ms();
    int rows = read_until_end(&stream);
    assert_int_equal(rows, 1000);
    assert_int_equal(waitpid(server.pid, NULL, 0), server.pid);
    assert_true(clock_monotonic_ms() - began_ms < patient_ms(10000));
    uint64_t position = stream.reported;
    replication_stream_close(&stream);
    postgres_launch(&server, NULL);
    assert_true(postgres_wait(&server));
    sql("INSERT INTO t VALUES (1001)");
    open_stream("UTF8", position, &stream);
    auto_free char *kinds = read_until_quiet(&stream);
    assert_string_equal(kinds, "BRIC");
}

/* A source whose machine is down acknowledges nothing: the kernel detects it, although a report is always
 * unacknowledged. */
static void notices_a_source_that_is_gone(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    static char host[] = "127.0.0.1";
    static char password[] = POSTGRES_PASSWORD;
    endpoint.host = host;
    endpoint.password = password;
    auto_pg struct pg pg = {0};
    struct err err = {0};
    assert_int_equal(pg_open(&endpoint, "shop", PG_REPLICATION, NULL, &err, &pg), 0);
    unsigned limit_ms = 0;
    socklen_t len = sizeof(limit_ms);
    assert_int_equal(getsockopt(PQsocket(pg.connection), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, &len), 0);
    assert_int_equal(limit_ms, 60000);
}

static int run(const char *title)
{
    const struct CMUnitTest tests[] = {
        IN_SHOP(streams_what_comes_after_the_snapshot),
        IN_SHOP(follows_the_end_of_the_wal),
        IN_SHOP(reports_while_the_source_is_not_read),
        IN_SHOP(keeps_the_encoding_of_the_database),
        IN_SHOP(takes_over_from_whoever_is_left),
        IN_SHOP(drops_a_slot_that_is_in_use),
        IN_SHOP(tells_whom_it_waits_for),
        IN_SHOP(says_that_no_slot_is_free),
        IN_SHOP(knows_a_slot_that_has_lost_its_wal),
        IN_SHOP(serves_a_login_that_is_no_superuser),
        IN_SHOP(notices_a_source_that_is_gone),
        IN_SHOP(lets_the_source_shut_down),
    };
    return cmocka_run_group_tests_name(title, tests, NULL, NULL);
}

int main(void)
{
    return run_on_all("replication");
}
