/* SPDX-License-Identifier: MIT */
/*
 * Following a database on a real server: each case changes the database "origin", and afterwards "copy" must
 * hold the same rows. Slot and publication are made by hand, so that only stream and applier are tested.
 */
#include "tests/unit/test.h"

#include "tests/unit/postgres.h"

#include "engine/apply.h"
#include "engine/follow.h"
#include "engine/replica.h"
#include "engine/replication.h"

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

struct story {
    int since; /* server_version_num */
    const char *name;
    const char *schema;
    const char *changes; /* each line ending with ";\n" is a transaction of its own */
};

static const struct story stories[] = {
    {100000, "plain rows",
     "CREATE TABLE item (id int PRIMARY KEY, text text, number numeric(10,2), at timestamptz)",
     "INSERT INTO item SELECT i, 'item ' || i, i / 7.0, now() FROM generate_series(1, 2000) i;\n"
     "UPDATE item SET text = text || '!' WHERE id % 3 = 0;\n"
     "UPDATE item SET number = NULL WHERE id % 5 = 0;\n"
     "DELETE FROM item WHERE id % 7 = 0;\n"
     "BEGIN; INSERT INTO item VALUES (5000, 'a'); UPDATE item SET text = 'b' WHERE id = 5000;"
     " DELETE FROM item WHERE id = 5000; INSERT INTO item VALUES (5000, 'c'); COMMIT;\n"
     "INSERT INTO item VALUES (6000, 'x'); DELETE FROM item WHERE id = 6000;\n"
     "DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (1, 'again');\n"},
    {100000, "keys that change",
     "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT i, 'v' || i"
     " FROM generate_series(1, 100) i",
     "UPDATE item SET id = id + 1000;\n"
     "UPDATE item SET id = -id, v = v || '-' WHERE id % 2 = 0;\n"
     "BEGIN; UPDATE item SET id = 1 WHERE id = 1001; UPDATE item SET id = 2 WHERE id = 1;"
     " INSERT INTO item VALUES (1, 'new'); UPDATE item SET id = 3 WHERE id = 2; COMMIT;\n"
     "BEGIN; DELETE FROM item WHERE id = 3; UPDATE item SET id = 3 WHERE id = 1003; COMMIT;\n"},
    {100000, "toast",
     "CREATE TABLE item (id int PRIMARY KEY, small text, large text, other text);"
     "ALTER TABLE item ALTER large SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL;"
     "INSERT INTO item SELECT i, 's', repeat('x' || i, 5000), repeat('y' || i, 3000) FROM generate_series(1, "
     "20) i",
     "UPDATE item SET small = 't' || id;\n"
     "UPDATE item SET other = repeat('z', 4000) WHERE id % 2 = 0;\n"
     "UPDATE item SET large = NULL WHERE id % 3 = 0;\n"
     "UPDATE item SET id = id + 100 WHERE id < 10;\n"
     "BEGIN; UPDATE item SET small = 'u' WHERE id = 15; UPDATE item SET id = 200 WHERE id = 15;"
     " UPDATE item SET small = 'w' WHERE id = 200; COMMIT;\n"
     "BEGIN; INSERT INTO item VALUES (300, 'n', repeat('n', 9000), NULL); UPDATE item SET small = 'o' WHERE "
     "id = 300;"
     " UPDATE item SET id = 301 WHERE id = 300; COMMIT;\n"},
    {100000, "rows without a key",
     "CREATE TABLE log (a int, b text, c json, p point); ALTER TABLE log REPLICA IDENTITY FULL;"
     "INSERT INTO log SELECT i % 10, 'b' || i % 3, '{\"a\": 1}', point(i % 3, 0.1) FROM generate_series(1, "
     "300) i",
     "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log LIMIT 7);\n"
     "UPDATE log SET b = NULL WHERE a = 3;\n"
     "UPDATE log SET a = a + 1;\n"
     "INSERT INTO log SELECT 1, 'b1', NULL, NULL FROM generate_series(1, 5);\n"
     "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE a = 1 AND p IS NULL LIMIT 2);\n"
     "BEGIN; INSERT INTO log VALUES (99, 'x'); INSERT INTO log VALUES (99, 'x'); DELETE FROM log WHERE ctid ="
     " (SELECT max(ctid) FROM log); COMMIT;\n"},
    {100000, "full identity with toast and a key",
     "CREATE TABLE item (id int PRIMARY KEY, t text, u text); ALTER TABLE item ALTER t SET STORAGE EXTERNAL;"
     "ALTER TABLE item REPLICA IDENTITY FULL; INSERT INTO item SELECT i, repeat('t', 5000), 'u' FROM"
     " generate_series(1, 30) i",
     "UPDATE item SET u = id::text;\nUPDATE item SET id = id + 100;\nDELETE FROM item WHERE id > 125;\n"},
    {100000, "full identity with toast, no key",
     "CREATE TABLE item (id int, t text, u text); ALTER TABLE item ALTER t SET STORAGE EXTERNAL;"
     "ALTER TABLE item REPLICA IDENTITY FULL; INSERT INTO item SELECT i, repeat('t', 5000), 'u' FROM"
     " generate_series(1, 30) i",
     "UPDATE item SET u = id::text;\nUPDATE item SET id = id + 100;\nDELETE FROM item WHERE id > 125;\n"},
    {100000, "identity by index",
     "CREATE TABLE item (a int, code text NOT NULL, n numeric NOT NULL, v int); CREATE UNIQUE INDEX "
     "item_code ON item"
     " (code, n); ALTER TABLE item REPLICA IDENTITY USING INDEX item_code",
     "INSERT INTO item SELECT i, 'c' || i % 10, i, 0 FROM generate_series(1, 100) i;\n"
     "UPDATE item SET v = v + 1 WHERE a < 50;\nUPDATE item SET n = n + 0.50 WHERE a > 90;\n"
     "DELETE FROM item WHERE code = 'c3';\n"},
    {100000, "another unique index",
     "CREATE TABLE member (id int PRIMARY KEY, mail text UNIQUE, n int); INSERT INTO member SELECT i, 'm' || "
     "i, 0"
     " FROM generate_series(1, 50) i",
     "BEGIN; UPDATE member SET mail = 'free' WHERE id = 1; UPDATE member SET mail = 'm1' WHERE id = 2;"
     " UPDATE member SET mail = 'm2' WHERE id = 1; COMMIT;\n"
     "DELETE FROM member WHERE id = 3; INSERT INTO member VALUES (99, 'm3');\n"
     "BEGIN; INSERT INTO member VALUES (100, 'new'); UPDATE member SET mail = 'older' WHERE id = 100;"
     " INSERT INTO member VALUES (101, 'new'); DELETE FROM member WHERE id = 101; INSERT INTO member VALUES "
     "(102,"
     " 'new'); COMMIT;\n"
     "UPDATE member SET id = id + 500, n = n + 1 WHERE id < 20;\n"},
    {110000, "truncate",
     "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);"
     "INSERT INTO a SELECT generate_series(1, 10); INSERT INTO b SELECT i, i FROM generate_series(1, 10) i",
     "INSERT INTO a VALUES (11);\nBEGIN; INSERT INTO b VALUES (11, 11); TRUNCATE a, b; INSERT INTO a VALUES "
     "(1);"
     " COMMIT;\nINSERT INTO b VALUES (1, 1);\nTRUNCATE a CASCADE;\nINSERT INTO a VALUES (7);\n"},
    {110000, "partitions",
     "CREATE TABLE m (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
     "CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
     "CREATE TABLE m2 PARTITION OF m FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
     "CREATE TABLE md PARTITION OF m DEFAULT",
     "INSERT INTO m SELECT i, date '2020-06-01' + i, 'v' FROM generate_series(1, 500) i;\n"
     "UPDATE m SET at = at + 200 WHERE id % 3 = 0;\nDELETE FROM m WHERE id % 5 = 0;\nTRUNCATE m1;\n"
     "INSERT INTO m VALUES (1, '2019-01-01', 'd');\nTRUNCATE m;\nINSERT INTO m VALUES (2, '2020-02-02');\n"},
    {110000, "hash partitions of an enum",
     "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'angry', 'tired'); CREATE TABLE m (id int, mood mood, "
     "v int,"
     " PRIMARY KEY (id, mood)) PARTITION BY HASH (mood); CREATE TABLE leaf0 PARTITION OF m FOR VALUES WITH "
     "(MODULUS 2,"
     " REMAINDER 0); CREATE TABLE leaf1 PARTITION OF m FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
     "INSERT INTO m SELECT i, (enum_range(NULL::mood))[1 + i % 5], 0 FROM generate_series(1, 100) i;\n"
     "UPDATE m SET mood = 'happy' WHERE id % 2 = 0;\nUPDATE m SET v = 1 WHERE id % 3 = 0;\n"
     "DELETE FROM m WHERE id > 80;\n"},
    {110000, "types",
     "CREATE EXTENSION citext; CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE pair AS (a int, "
     "b text);"
     "CREATE TABLE t (id citext PRIMARY KEY, b bool, c char(5), d \"char\", e bit(3), f varbit, g bytea, h "
     "inet,"
     " i interval, j jsonb, k int[], l text[], m money, n name, o oid, p pair, q positive, r int4range, s "
     "tsvector,"
     " u uuid, v varchar(3), w regclass, x xml, y real, z double precision, aa timetz, ab date, ac "
     "numeric[], ad pair[],"
     " ae regtype, af macaddr)",
     "INSERT INTO t (id, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, "
     "ad, ae, af)"
     " VALUES ('A', true, 'ab', 'x', '101', '1', '\\x00ff', '10.0.0.1/8', '1 mon -3 days 04:05:06.7',"
     " '{\"a\": [1, null]}', '{1,NULL,3}', '{\"a\\\"b\",\"c\\\\d\",NULL,\"\"}', '1234.5', 'nm', 7, '(1,\"x "
     "y\")', 5,"
     " '[1,5)', 'a:1 b:2', '11111111-1111-1111-1111-111111111111', 'abc', 'pg_class', '<a>b</a>', 1.1, 0.1,"
     " '12:00:00+03', '0044-03-15 BC', '{1.10,NaN}', '{\"(1,a)\",\"(,)\"}', 'integer[]', "
     "'08:00:2b:01:02:03');\n"
     "UPDATE t SET c = NULL, l = '{}', k = NULL, w = '0', d = '', x = NULL, y = 'NaN', z = '-Infinity', ab = "
     "'infinity';\n"
     "UPDATE t SET id = 'a';\nUPDATE t SET v = 'é', l = ARRAY[E'\\t\\n\\r\\\\', '{}', 'NULL'];\n"},
    {120000, "generated, identity, dropped columns, odd names",
     "CREATE TABLE \"We\"\"ird ' %s\" (\"Key %d\" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int,"
     " \"a,b\" int, double int GENERATED ALWAYS AS (\"a,b\" * 2) STORED, other int GENERATED ALWAYS AS "
     "IDENTITY"
     " (START 1000)); ALTER TABLE \"We\"\"ird ' %s\" DROP COLUMN gone; CREATE TABLE nothing ();"
     "CREATE TABLE only_generated (g int GENERATED ALWAYS AS (1) STORED)",
     "INSERT INTO \"We\"\"ird ' %s\" (\"a,b\") SELECT generate_series(1, 20);\n"
     "UPDATE \"We\"\"ird ' %s\" SET \"a,b\" = \"a,b\" + 1, other = DEFAULT WHERE \"a,b\" > 10;\n"
     "INSERT INTO nothing DEFAULT VALUES;\nINSERT INTO nothing DEFAULT VALUES;\n"
     "INSERT INTO only_generated DEFAULT VALUES;\n"},
    {100000, "triggers and rules",
     "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE seen (id int); CREATE FUNCTION f() RETURNS "
     "trigger"
     " LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NEW; END';"
     "CREATE TRIGGER o AFTER INSERT ON t FOR EACH ROW EXECUTE PROCEDURE f();"
     "CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE PROCEDURE f();"
     "ALTER TABLE t ENABLE ALWAYS TRIGGER a; CREATE RULE r AS ON INSERT TO t WHERE NEW.id > 1000 DO INSTEAD "
     "NOTHING;"
     "ALTER TABLE t ENABLE ALWAYS RULE r",
     "INSERT INTO t SELECT i, 0 FROM generate_series(1, 10) i;\nUPDATE t SET n = 1;\nINSERT INTO t VALUES "
     "(2000, 0);\n"},
    {100000, "foreign keys that cascade",
     "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE "
     "CASCADE ON"
     " UPDATE CASCADE, s int REFERENCES c ON DELETE SET NULL); CREATE TABLE r (p int PRIMARY KEY REFERENCES "
     "p ON DELETE"
     " RESTRICT)",
     "INSERT INTO p SELECT generate_series(1, 50);\nINSERT INTO c SELECT i, i, NULL FROM generate_series(1, "
     "50) i;\n"
     "UPDATE c SET s = id - 1 WHERE id > 1;\nDELETE FROM c WHERE id = 10;\nDELETE FROM p WHERE id < 20;\n"
     "INSERT INTO r VALUES (30);\nBEGIN; DELETE FROM r; DELETE FROM p WHERE id = 30; INSERT INTO p VALUES "
     "(30); INSERT"
     " INTO c VALUES (130, 30); COMMIT;\nUPDATE p SET id = 500 WHERE id = 40;\n"},
    {100000, "many tables and subtransactions",
     "DO $$ BEGIN FOR i IN 1..60 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v int)', i); END "
     "LOOP; END"
     " $$",
     "DO $$ BEGIN FOR i IN 1..60 LOOP EXECUTE format('INSERT INTO t%s SELECT g, 0 FROM generate_series(1, "
     "20) g', i);"
     " BEGIN EXECUTE format('UPDATE t%s SET v = 1', i); IF i % 3 = 0 THEN RAISE EXCEPTION 'back'; END IF; "
     "EXCEPTION WHEN"
     " raise_exception THEN NULL; END; END LOOP; END $$;\n"},
    {100000, "columns of another order on the target", "CREATE TABLE t (a int PRIMARY KEY, b text, c int)",
     "INSERT INTO t VALUES (1, 'x', 2), (2, NULL, 3);\nUPDATE t SET b = 'y' WHERE a = 2;\n"},
};

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
        cmocka_unit_test(test_superuser),    cmocka_unit_test(test_ordinary_login),
        cmocka_unit_test(test_exactly_once), cmocka_unit_test(test_missing_row),
        cmocka_unit_test(test_repeated_ddl), cmocka_unit_test(test_large_transaction),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
