/* SPDX-License-Identifier: MIT */
/*
 * Follows a database on a real server: each case changes the database "origin", and afterwards "copy" must
 * contain the same rows. The fixture creates slot and publication, so that only stream and applier are
 * tested.
 */
#include "tests/unit/test.h"

#include "tests/unit/apply_scene.h"

#include "engine/online/follow.h"

enum { SLICE_MS = 50 };

static int version(void)
{
    auto_free char *number = postgres_value(&server, "postgres", "SHOW server_version_num");
    return number == NULL ? 0 : atoi(number);
}

static void check_story(const struct story *story, const char *user, bool binary)
{
    struct scene scene;
    struct err err = {0};
    if (version() < story->since) {
        return;
    }
    print_message("%s\n", story->name);
    begin_scene(&scene, story->schema, user, NULL);
    scene.binary = binary;
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
        check_story(&stories[i], "postgres", false);
    }
}

/* A binary stream is applied like a text stream. */
static void test_binary_stream(void **state maybe_unused)
{
    if (!started || version() < 140000) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        check_story(&stories[i], "postgres", true);
    }
}

static void test_ordinary_login(void **state maybe_unused)
{
    if (!started) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        check_story(&stories[i], "applier", false);
    }
}

/* The session is lost repeatedly; every row arrives exactly once. */
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

/* An abandoned session may still have statements to execute: the next one waits for its end. */
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

/* A row deleted on the target by somebody else is not skipped silently. */
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
        cmocka_unit_test(test_superuser),
        cmocka_unit_test(test_binary_stream),
        cmocka_unit_test(test_ordinary_login),
        cmocka_unit_test(test_exactly_once),
        cmocka_unit_test(test_one_applier_at_a_time),
        cmocka_unit_test(test_missing_row),
        cmocka_unit_test(test_repeated_ddl),
        cmocka_unit_test(test_large_transaction),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
