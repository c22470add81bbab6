/* SPDX-License-Identifier: MIT */
/*
 * Two databases of one real server for unit tests of the applier: the tests change "origin", and "copy"
 * follows. The fixture creates slot and publication, so that only stream and applier are tested.
 */
#ifndef TESTS_UNIT_APPLY_SCENE_H
#define TESTS_UNIT_APPLY_SCENE_H

#include "tests/unit/apply_stories.h"
#include "tests/unit/postgres.h"

#include "engine/apply/apply.h"
#include "engine/online/binary_text.h"
#include "engine/replica/replica.h"
#include "engine/replication/replication.h"

#define NAME "malachite_test"

enum { FOLLOW_LIMIT_MS = 60000 };

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
    bool binary; /* the stream is */
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

/* Creates both databases with the same tables; following starts here. */
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

/* Both databases are on one server, so the source has another name here. */
struct opened {
    struct replication_stream stream;
    struct pg source;
    struct binary_text binary;
    struct apply *apply;
    struct pgoutput_message message;
};

static int give_source(void *context, struct err *err maybe_unused, struct pg **ret_source)
{
    *ret_source = context;
    return 0;
}

static int open_both(struct scene *scene, struct opened *opened, struct err *err)
{
    const struct apply_request request = {
        .target = &scene->target, .database = "copy", .name = NAME, .encoding = "UTF8", .stop = &scene->stop};
    *opened = (struct opened){0};
    if (apply_open(&request, err, &opened->apply) != 0) {
        return -1;
    }
    opened->binary = (struct binary_text){.source = give_source, .context = &opened->source};
    if (pg_open(&scene->source, "origin", PG_READ, NULL, err, &opened->source) != 0 ||
        pg_run(&opened->source, err, "SET client_encoding = 'UTF8'; SET lc_monetary = 'C'") != 0) {
        return -1;
    }
    const struct replication replication = {
        .source = &scene->source, .database = "origin", .name = NAME, .binary = scene->binary};
    return replication_stream_open(&replication, "UTF8", apply_progress(opened->apply)->position, err,
                                   &opened->stream);
}

static void close_both(struct opened *opened)
{
    apply_close(opened->apply);
    replication_stream_close(&opened->stream);
    binary_text_done(&opened->binary);
    pg_close(&opened->source);
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

/* Applies until the target has everything before "position". -1 with err. */
static int apply_until(struct opened *opened, uint64_t position, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(FOLLOW_LIMIT_MS);
    while (clock_ms_left(deadline_ms) > 0) {
        const char *bytes = NULL;
        size_t len = 0;
        int got = replication_stream_next(&opened->stream, err, &bytes, &len);
        if (got < 0 || (got > 0 && (pgoutput_parse(bytes, len, &opened->message, err) != 0 ||
                                    binary_text_convert(&opened->binary, &opened->message, err) != 0 ||
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

#endif
