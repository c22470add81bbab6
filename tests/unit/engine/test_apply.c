/* SPDX-License-Identifier: MIT */
/*
 * Following a database on a real server: each case changes the database "origin", and afterwards "copy" must
 * hold the same rows. Slot and publication are made by hand, so that only stream and applier are tested.
 */
#include "tests/unit/test.h"

#include "tests/unit/apply_stories.h"
#include "tests/unit/postgres.h"

#include "engine/apply/apply.h"
#include "engine/apply/replica.h"
#include "engine/online/follow.h"
#include "engine/replication/replication.h"

#define NAME "malachite_test"

enum { FOLLOW_LIMIT_MS = 60000, SLICE_MS = 50 };

static struct postgres server;
static bool started;

static int start(void **state maybe_unused)
{
    started = postgres_start(&server, NULL);
    return 0;
}

static int stop(void **state maybe_unused)
{
    if (started) {
        postgres_stop(&server);
    }
    return 0;
}

struct scene {
    struct endpoint source;
    struct endpoint target;
    struct replication_slot slot;
    struct follow *follow;
    struct stop stop;
};

static void run(const char *database, const char *sql)
{
    bool ours = strcmp(database, "postgres") != 0;
    auto_free char *text = ours ? str_format("SET search_path = public; %s", sql) : str_dup(sql);
    assert_true(postgres_sql(&server, database, text));
}

static void drop_scene(void)
{
    run("postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('origin', 'copy')");
    for (int i = 0; i < 200; i++) {
        auto_free char *left = postgres_value(
            &server, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname IN ('origin', 'copy')");
        if (str_equals(left, "0")) {
            break;
        }
        clock_sleep_ms(20);
    }
    run("postgres", "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    run("postgres", "DROP DATABASE IF EXISTS origin");
    run("postgres", "DROP DATABASE IF EXISTS copy");
    run("postgres", "DROP ROLE IF EXISTS applier");
}

/* Both databases with the same tables; the changes follow from here on. */
static void begin_scene(struct scene *scene, const char *schema, const char *user, const char *target_only)
{
    struct err err = {0};
    drop_scene();
    *scene = (struct scene){.source = postgres_endpoint(&server, "postgres"),
                            .target = postgres_endpoint(&server, user)};
    run("postgres", "CREATE ROLE applier LOGIN");
    run("postgres", "CREATE DATABASE origin");
    run("postgres", "CREATE DATABASE copy OWNER applier");
    run("origin", schema);
    if (target_only != NULL) {
        run("copy", target_only);
    }
    run("copy", schema);
    run("copy",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT oid::regclass AS t FROM pg_class WHERE relkind IN"
        " ('r','p') AND relnamespace = 'public'::regnamespace LOOP"
        " EXECUTE format('ALTER TABLE %s OWNER TO applier', r.t); END LOOP; END $$");
    run("origin", "CREATE PUBLICATION \"" NAME "\" FOR ALL TABLES");
    const struct replication replication = {.source = &scene->source, .database = "origin", .name = NAME};
    assert_int_equal(replication_create_slot(&replication, NULL, &err, &scene->slot), 0);
    auto_pg struct pg target = {0};
    assert_int_equal(pg_open(&scene->target, "copy", PG_WRITE, NULL, &err, &target), 0);
    if (replica_begin(&target, NAME, scene->slot.position, &err) != 0) {
        fail_msg("%s", err.message);
    }
    replication_slot_done(&scene->slot);
}

/* The source is called by another name than the target here, as both are on one server. */
struct opened {
    struct replication_stream stream;
    struct apply *apply;
    struct pgoutput_message message;
};

static int open_both(struct scene *scene, struct opened *opened, struct err *err)
{
    const struct apply_request request = {
        .target = &scene->target, .database = "copy", .name = NAME, .encoding = "UTF8", .stop = &scene->stop};
    *opened = (struct opened){0};
    if (apply_open(&request, err, &opened->apply) != 0) {
        return -1;
    }
    const struct replication replication = {.source = &scene->source, .database = "origin", .name = NAME};
    return replication_stream_open(&replication, "UTF8", apply_progress(opened->apply)->position, err,
                                   &opened->stream);
}

static void close_both(struct opened *opened)
{
    apply_close(opened->apply);
    replication_stream_close(&opened->stream);
    pgoutput_message_done(&opened->message);
}

static uint64_t source_end(void)
{
    uint64_t position = 0;
    struct err err = {0};
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg control = {0};
    assert_int_equal(pg_open(&endpoint, "origin", PG_READ, NULL, &err, &control), 0);
    assert_int_equal(replication_flush_position(&control, &err, &position), 0);
    return position;
}

/* Applies until everything before "position" is there. -1 with err. */
static int apply_until(struct opened *opened, uint64_t position, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + FOLLOW_LIMIT_MS;
    while (clock_ms_left(deadline_ms) > 0) {
        const char *bytes = NULL;
        size_t len = 0;
        int got = replication_stream_next(&opened->stream, err, &bytes, &len);
        if (got < 0 || (got > 0 && (pgoutput_parse(bytes, len, &opened->message, err) != 0 ||
                                    apply_message(opened->apply, &opened->message, err) != 0))) {
            return -1;
        }
        if (got > 0) {
            continue;
        }
        if (apply_flush(opened->apply, err) != 0 || apply_make_durable(opened->apply, err) != 0) {
            return -1;
        }
        if (!apply_is_busy(opened->apply) && opened->stream.server_end >= position) {
            return 0;
        }
        replication_stream_report(&opened->stream, apply_durable_position(opened->apply), true, err);
        clock_sleep_ms(2);
    }
    return err_set(err, ERR_INTERNAL, "too slow");
}

static int follow(struct scene *scene, struct err *err)
{
    struct opened opened;
    int result = open_both(scene, &opened, err);
    if (result == 0) {
        result = apply_until(&opened, source_end(), err);
    }
    close_both(&opened);
    return result;
}

static const char digest_sql[] =
    "SELECT coalesce(string_agg(format('%s:%s', c.relname, (xpath('//d/text()', query_to_xml(format("
    "'SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text COLLATE \"C\"), '''')) || count(*) AS "
    "d"
    " FROM %s t', CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || c.oid::regclass), false, true, "
    "'')))[1]),"
    " ' ' ORDER BY c.relname), '') FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND "
    "(c.relkind ="
    " 'p' OR (c.relkind = 'r' AND c.relname NOT LIKE 'leaf%'))";

static void assert_same(void)
{
    auto_free char *origin = postgres_value(&server, "origin", digest_sql);
    auto_free char *copy = postgres_value(&server, "copy", digest_sql);
    assert_non_null(origin);
    assert_non_null(copy);
    assert_string_equal(copy, origin);
}

/* Runs each transaction of a story in one session. */
static void tell(const struct story *story)
{
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    struct err err = {0};
    auto_pg struct pg pg = {0};
    auto_free char *text = str_dup(story->changes);
    assert_int_equal(pg_open(&endpoint, "origin", PG_ADMIN, NULL, &err, &pg), 0);
    assert_int_equal(pg_run(&pg, &err, "SET search_path = public"), 0);
    char *rest = text;
    for (char *end = NULL; (end = strstr(rest, ";\n")) != NULL; rest = end + 2) {
        *end = '\0';
        if (pg_run(&pg, &err, rest) != 0) {
            fail_msg("%s: %s", rest, err.message);
        }
    }
}

static int version(void)
{
    auto_free char *number = postgres_value(&server, "postgres", "SHOW server_version_num");
    return number == NULL ? 0 : atoi(number);
}

static void check_story(const struct story *story, const char *user)
{
    struct scene scene;
    struct err err = {0};
    if (version() < story->since) {
        return;
    }
    print_message("%s\n", story->name);
    begin_scene(&scene, story->schema, user, NULL);
    tell(story);
    if (follow(&scene, &err) != 0) {
        fail_msg("%s as %s: %s", story->name, user, err.message);
    }
    assert_same();
    tell(&(struct story){.changes = "SELECT 1;\n"});
    assert_int_equal(follow(&scene, &err), 0);
    assert_same();
}

static void test_superuser(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        check_story(&stories[i], "postgres");
    }
}

static void test_ordinary_login(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        check_story(&stories[i], "applier");
    }
}

/* The session is lost again and again; nothing is missing and nothing is there twice. */
static void test_exactly_once(void **state maybe_unused)
{
    if (!started || version() < 110000) { /* it needs a procedure */
        skip();
    }
    struct scene scene;
    struct err err = {0};
    begin_scene(&scene, "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE l (n int)", "postgres",
                NULL);
    run("origin",
        "CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3000 LOOP INSERT INTO t VALUES"
        " (i % 100, i) ON CONFLICT (id) DO UPDATE SET n = t.n + 1; INSERT INTO l VALUES (i); COMMIT; END "
        "LOOP;"
        " END $$");
    run("origin", "ALTER TABLE l REPLICA IDENTITY FULL");
    tell(&(struct story){.changes = "CALL work();\n"});
    uint64_t end = source_end();
    for (int limit = 1; limit < 400; limit += 37) {
        struct opened opened;
        assert_int_equal(open_both(&scene, &opened, &err), 0);
        for (int i = 0; i < limit * 10; i++) {
            const char *bytes = NULL;
            size_t len = 0;
            if (replication_stream_next(&opened.stream, &err, &bytes, &len) <= 0) {
                clock_sleep_ms(1);
                continue;
            }
            assert_int_equal(pgoutput_parse(bytes, len, &opened.message, &err), 0);
            assert_int_equal(apply_message(opened.apply, &opened.message, &err), 0);
            if (i % 50 == 0) {
                assert_int_equal(apply_flush(opened.apply, &err), 0);
            }
        }
        close_both(&opened);
    }
    struct opened opened;
    assert_int_equal(open_both(&scene, &opened, &err), 0);
    assert_int_equal(apply_until(&opened, end, &err), 0);
    assert_int_equal(apply_progress(opened.apply)->transactions, 3000);
    assert_int_equal(apply_progress(opened.apply)->inserts, 3100);
    assert_int_equal(apply_progress(opened.apply)->updates, 2900);
    assert_true(apply_durable_position(opened.apply) >= apply_progress(opened.apply)->position);
    close_both(&opened);
    assert_same();
}

/* A session that nobody holds any more may still have statements to execute: the next one waits for its end.
 */
static void test_one_applier_at_a_time(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    struct scene scene;
    struct err err = {0};
    begin_scene(&scene, "CREATE TABLE t (id int PRIMARY KEY)", "applier", NULL);
    run("origin", "INSERT INTO t VALUES (1)");
    struct opened first;
    struct opened second;
    assert_int_equal(open_both(&scene, &first, &err), 0);
    assert_int_equal(open_both(&scene, &second, &err), 0);
    auto_free char *sessions = postgres_value(
        &server, "copy", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted");
    assert_string_equal(sessions, "1");
    assert_int_equal(apply_until(&first, source_end(), &err), -1);
    assert_false(err.lasting);
    assert_int_equal(apply_until(&second, source_end(), &err), 0);
    close_both(&first);
    close_both(&second);
    assert_same();
}

/* What was deleted on the target behind our back is not passed over. */
static void test_missing_row(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    struct scene scene;
    struct err err = {0};
    begin_scene(&scene, "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2)",
                "postgres", NULL);
    run("copy", "DELETE FROM t WHERE id = 1");
    run("origin", "UPDATE t SET n = 3");
    assert_int_equal(follow(&scene, &err), -1);
    assert_true(err.lasting);
    assert_non_null(strstr(err.message, "table public.t"));
}

static void test_repeated_ddl(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    struct scene scene;
    struct err err = {0};
    begin_scene(&scene, "CREATE TABLE t (id int PRIMARY KEY, n int)", "postgres", NULL);
    run("origin", "INSERT INTO t VALUES (1, 1)");
    run("origin", "ALTER TABLE t ADD COLUMN extra text");
    run("origin", "INSERT INTO t VALUES (2, 2, 'x')");
    run("origin", "CREATE TABLE later (id int PRIMARY KEY)");
    run("origin", "INSERT INTO later VALUES (1)");
    assert_int_equal(follow(&scene, &err), -1);
    assert_false(err.lasting);
    assert_non_null(strstr(err.message, "'extra'"));
    run("copy", "ALTER TABLE t ADD COLUMN extra text");
    assert_int_equal(follow(&scene, &err), -1);
    assert_false(err.lasting);
    assert_non_null(strstr(err.message, "public.later"));
    run("copy", "CREATE TABLE later (id int PRIMARY KEY)");
    assert_int_equal(follow(&scene, &err), 0);
    assert_same();
}

/* More than any batch, in one transaction. */
static void test_large_transaction(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    struct scene scene;
    struct err err = {0};
    begin_scene(&scene, "CREATE TABLE t (id int PRIMARY KEY, v text)", "postgres", NULL);
    run("origin",
        "INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 200000) i; UPDATE t SET v = v || 'u'"
        " WHERE id % 2 = 0; DELETE FROM t WHERE id % 10 = 0; UPDATE t SET id = -id WHERE id % 3 = 0");
    assert_int_equal(follow(&scene, &err), 0);
    assert_same();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_superuser),         cmocka_unit_test(test_ordinary_login),
        cmocka_unit_test(test_exactly_once),      cmocka_unit_test(test_one_applier_at_a_time),
        cmocka_unit_test(test_missing_row),       cmocka_unit_test(test_repeated_ddl),
        cmocka_unit_test(test_large_transaction),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
