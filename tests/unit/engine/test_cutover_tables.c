/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "tests/unit/cutover_fixture.h"

static void make_app(void)
{
    static bool made;
    if (!made) {
        run_on(&target_server, "postgres", "CREATE ROLE app LOGIN");
    }
    made = true;
}

/* Everything in schema public and the database belongs to the login. */
static const char give_to_app[] =
    "DO $$ DECLARE r record; BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO app', current_database());"
    " FOR r IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'm') LOOP"
    "  EXECUTE format('ALTER TABLE %s OWNER TO app', r.name); END LOOP; END $$;"
    "GRANT ALL ON SCHEMA public TO app";

static void assert_same(const char *database, const char *sql)
{
    auto_free char *expected = value_of(&source_server, database, sql);
    assert_non_null(expected);
    assert_value(&target_server, database, sql, expected);
}

#define CONTENTS(table) "SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM " table " t"

static void copies_unlogged_tables(void **state)
{
    (void)state;
    NEEDS_SERVERS
    static const char generated[] = "ALTER TABLE visit ADD twice int GENERATED ALWAYS AS (id * 2) STORED";
    make_both("unlogged", "CREATE TABLE person (id int PRIMARY KEY); INSERT INTO person VALUES (1), (2);"
                          "CREATE UNLOGGED TABLE visit (id int PRIMARY KEY, person int REFERENCES person,"
                          "  mood text[]);"
                          "CREATE UNLOGGED TABLE click (visit int REFERENCES visit ON DELETE CASCADE);"
                          "CREATE UNLOGGED TABLE empty (a int); INSERT INTO visit (id, person) VALUES (1, 1);"
                          "INSERT INTO click VALUES (1)");
    if (is_source_since(120000)) {
        run_on(&source_server, "unlogged", generated);
        run_on(&target_server, "unlogged", generated);
    }
    begin_following("unlogged", "FOR ALL TABLES", "postgres");
    run_on(&source_server, "unlogged",
           "DELETE FROM visit; INSERT INTO visit (id, person, mood) VALUES (2, 2, '{\"a b\",NULL}'), (3, 1, "
           "'{}');"
           "INSERT INTO click VALUES (2), (2), (3)");
    auto_evidence struct evidence evidence = {0};
    finish("unlogged", &evidence);
    assert_same("unlogged", CONTENTS("visit"));
    assert_same("unlogged", CONTENTS("click"));
    assert_true(notes_have(&evidence, "public.visit (2 rows)"));
    assert_true(notes_have(&evidence, "public.click (3 rows)"));
    assert_int_equal(evidence.notes.count, 1);
    assert_rows(&evidence, "click", 3, 3);
    assert_true(evidence.quiet);
    end_following("unlogged");
}

static void leaves_out_rows_that_refer_to_later_ones(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("later",
              "CREATE TABLE person (a int, b int, PRIMARY KEY (a, b)); INSERT INTO person VALUES (1, 1);"
              "CREATE UNLOGGED TABLE visit (id int PRIMARY KEY, a int, b int,"
              "  FOREIGN KEY (a, b) REFERENCES person);"
              "CREATE UNLOGGED TABLE click (visit int REFERENCES visit)");
    begin_following("later", "FOR ALL TABLES", "postgres");
    /* person 2 was inserted after the trigger: the target lacks it. */
    run_on(&source_server, "later",
           "INSERT INTO person VALUES (2, 2); INSERT INTO visit VALUES (1, 1, 1), (2, 2, 2), (3, NULL, 2);"
           "INSERT INTO click VALUES (1), (2), (3)");
    auto_evidence struct evidence evidence = {0};
    finish("later", &evidence);
    assert_value(&target_server, "later", CONTENTS("visit"), "(1,1,1) (3,,2)");
    assert_value(&target_server, "later", CONTENTS("click"), "(1) (3)");
    assert_true(notes_have(&evidence, "written after the cutover was triggered: 1 row of public.visit"));
    assert_false(evidence.quiet);
    end_following("later");
}

/* "kind" is not published; "thing" is, and references it in a way that would delete its rows, too. */
static void check_referenced(const char *database, const char *user)
{
    make_both(database,
              "CREATE TABLE kind (id int PRIMARY KEY, name text, nick text UNIQUE);"
              "CREATE TABLE part (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
              "  kind int REFERENCES kind ON DELETE CASCADE);"
              "CREATE TABLE thing (id int PRIMARY KEY, kind int REFERENCES kind ON DELETE CASCADE,"
              "  part int REFERENCES part ON DELETE SET NULL);"
              "CREATE TABLE alone (a int);"
              "INSERT INTO kind VALUES (1, 'one'), (2, 'two'), (3, 'three'); INSERT INTO alone VALUES (1);"
              "INSERT INTO part (kind) VALUES (1), (2); INSERT INTO thing VALUES (10, 1, 1), (20, 2, 2)");
    run_on(&target_server, database, give_to_app);
    begin_following(database, "FOR TABLE thing", user);
    run_on(&source_server, database,
           "DELETE FROM kind WHERE id = 3; UPDATE kind SET name = 'TWO' WHERE id = 2;"
           "INSERT INTO kind VALUES (4, NULL, 'four'); INSERT INTO part (kind) VALUES (4), (1);"
           "DELETE FROM alone; INSERT INTO alone VALUES (7), (8)");
    auto_evidence struct evidence evidence = {0};
    finish_as(database, "postgres", user, &evidence);
    assert_same(database, CONTENTS("kind"));
    assert_same(database, CONTENTS("part"));
    assert_same(database, CONTENTS("alone"));
    assert_value(&target_server, database, CONTENTS("thing"), "(10,1,1) (20,2,2)");
    assert_true(notes_have(&evidence, "public.kind (3 rows), public.part (4 rows), public.alone (2 rows)"));
    assert_value(&target_server, database,
                 "SELECT string_agg(attidentity::text, '') FROM pg_attribute"
                 " WHERE attrelid = 'part'::regclass AND attnum > 0",
                 "a");
    assert_value(&target_server, database,
                 "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND (condeferrable OR condeferred)",
                 "0");
    end_following(database);
}

static void replaces_rows_that_others_refer_to(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_app();
    check_referenced("referenced", "postgres");
}

static void ordinary_logins_replace_rows_that_others_refer_to(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_app();
    check_referenced("referenced_too", "app");
}

static void tells_of_rows_that_refer_to_deleted_ones(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("deleted",
              "CREATE TABLE kind (id int PRIMARY KEY); INSERT INTO kind VALUES (1), (2);"
              "CREATE TABLE thing (kind int PRIMARY KEY REFERENCES kind); INSERT INTO thing VALUES (1), (2)");
    begin_following("deleted", "FOR TABLE thing", "postgres");
    run_on(&source_server, "deleted", "DELETE FROM thing WHERE kind = 2; DELETE FROM kind WHERE id = 2");
    auto_evidence struct evidence evidence = {0};
    finish("deleted", &evidence);
    assert_true(notes_have(&evidence, "Reference rows of public.kind that were deleted after the cutover was "
                                      "triggered: 1 row of public.thing"));
    end_following("deleted");
}

static void rows_find_their_partition_again(void **state)
{
    (void)state;
    NEEDS_SERVERS
    if (!is_source_since(110000)) {
        skip();
    }
    /* The OIDs of the labels, which are hashed, differ. */
    run_on(&target_server, "postgres", "CREATE TYPE t AS ENUM ('x', 'y', 'z', 'u', 'v', 'w', 'p', 'q', 'r')");
    make_both("hashed", "CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e'); CREATE TABLE other (a int);"
                        "CREATE TABLE root (m mood, n int) PARTITION BY HASH (m);"
                        "CREATE TABLE leaf0 PARTITION OF root FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                        "CREATE TABLE leaf1 PARTITION OF root FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
                        "INSERT INTO root VALUES ('a', 1), ('b', 2)");
    begin_following("hashed", "FOR TABLE other", "postgres");
    run_on(
        &source_server, "hashed",
        "INSERT INTO root SELECT m, 3 FROM unnest(enum_range(NULL::mood)) m; DELETE FROM root WHERE n = 1");
    auto_evidence struct evidence evidence = {0};
    finish("hashed", &evidence);
    assert_same("hashed", CONTENTS("root"));
    end_following("hashed");
}

static void keeps_the_encoding(void **state)
{
    (void)state;
    NEEDS_SERVERS
    static const char sql[] = "CREATE UNLOGGED TABLE \"\u00e9t\u00e9\" (a text); CREATE SEQUENCE \"\u00fc\";"
                              "SELECT lo_from_bytea(77, 'x'); COMMENT ON LARGE OBJECT 77 IS '\u00f6'";
    struct postgres *const servers[] = {&source_server, &target_server};
    for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
        run_on(servers[i], "postgres",
               "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
        run_on(servers[i], "latin", sql);
    }
    begin_following("latin", "FOR ALL TABLES", "postgres");
    run_on(&source_server, "latin",
           "INSERT INTO \"\u00e9t\u00e9\" VALUES ('\u00e0 la carte');"
           "SELECT setval('\"\u00fc\"', 5); COMMENT ON LARGE OBJECT 77 IS '\u00e4'");
    auto_evidence struct evidence evidence = {0};
    finish("latin", &evidence);
    assert_value(&target_server, "latin", "SELECT convert_to(a, 'UTF8') FROM \"\u00e9t\u00e9\"",
                 "\\xc3a0206c61206361727465");
    assert_value(&target_server, "latin", "SELECT convert_to(obj_description(77, 'pg_largeobject'), 'UTF8')",
                 "\\xc3a4");
    assert_int_equal(evidence.sequences[0].target_value, 5);
    assert_string_equal(evidence.sequences[0].name, "\u00fc");
    assert_true(notes_have(&evidence, "public.\u00e9t\u00e9 (1 row)"));
    end_following("latin");
}

static void refreshes_views_that_are_filled_on_the_source(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("views", "CREATE TABLE t (a int); INSERT INTO t VALUES (1);"
                       "CREATE MATERIALIZED VIEW zero AS SELECT a FROM t WITH NO DATA;"
                       "CREATE MATERIALIZED VIEW a_last AS SELECT 1 AS s;"
                       "CREATE MATERIALIZED VIEW one AS SELECT a AS s FROM t;"
                       "CREATE VIEW between AS SELECT s FROM one;"
                       "DROP MATERIALIZED VIEW a_last;"
                       "CREATE MATERIALIZED VIEW bad AS SELECT 1 / a AS s FROM t;"
                       "CREATE MATERIALIZED VIEW last AS SELECT sum(s) AS s FROM between");
    begin_following("views", "FOR ALL TABLES", "postgres");
    /* As if the stream had contained it. */
    run_on(&target_server, "views", "INSERT INTO t VALUES (0), (5)");
    auto_evidence struct evidence evidence = {0};
    finish("views", &evidence);
    assert_value(&target_server, "views", "SELECT s FROM last", "6");
    assert_value(&target_server, "views", "SELECT relispopulated FROM pg_class WHERE relname = 'zero'", "f");
    assert_value(&target_server, "views", "SELECT count(*) FROM bad", "1");
    assert_true(
        list_has(&evidence.warnings,
                 "still has the rows of the base copy (REFRESH MATERIALIZED VIEW \"public\".\"bad\")"));
    end_following("views");
}

static void waits_for_what_the_target_lacks(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("lone", "CREATE TABLE t (a int); CREATE TABLE parent (a int)");
    begin_following("lone", "FOR ALL TABLES", "postgres");
    run_on(
        &source_server, "lone",
        "CREATE TABLE fresh (a serial); CREATE UNLOGGED TABLE \"Fresh too\" (a int);"
        "ALTER TABLE t ADD \"B b\" int, ADD c int; ALTER TABLE t INHERIT parent; CREATE VIEW v AS SELECT 1;"
        "INSERT INTO fresh VALUES (DEFAULT), (DEFAULT)");
    run_on(&target_server, "lone", "CREATE TABLE theirs (a int); ALTER TABLE t ADD theirs int");
    struct err err = {0};
    auto_evidence struct evidence waiting = {0};
    assert_int_equal(try_to_finish("lone", "postgres", "postgres", 1000, &err, &waiting), -1);
    assert_true(err.waiting && !err.lasting);
    static const char *const lacking[] = {"table public.fresh", "table public.Fresh too",
                                          "sequence public.fresh_a_seq", "column B b, c of table public.t",
                                          "table public.t was attached to public.parent"};
    for (size_t i = 0; i < ARRAY_LEN(lacking); i++) {
        assert_non_null(strstr(err.message, lacking[i]));
    }
    run_on(&target_server, "lone",
           "CREATE TABLE fresh (a serial); CREATE UNLOGGED TABLE \"Fresh too\" (a int);"
           "ALTER TABLE t ADD c int, ADD \"B b\" int; ALTER TABLE t INHERIT parent");
    auto_evidence struct evidence evidence = {0};
    finish("lone", &evidence);
    assert_true(notes_have(&evidence, "1 table only on the target, unchanged: public.theirs"));
    assert_int_equal(evidence.table_count, 4);
    assert_int_equal(evidence.losses.count, 0);
    assert_value(&target_server, "lone", "SELECT nextval('fresh_a_seq')", "3");
    end_following("lone");
}

static void may_be_run_again(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("twice", "CREATE UNLOGGED TABLE u (a int); CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY);"
                       "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                       "CREATE TRIGGER g BEFORE INSERT ON u FOR EACH ROW EXECUTE PROCEDURE f();"
                       "ALTER TABLE u ENABLE ALWAYS TRIGGER g");
    begin_following("twice", "FOR ALL TABLES", "postgres");
    run_on(&source_server, "twice", "ALTER TABLE u DISABLE TRIGGER g; INSERT INTO u VALUES (1), (2)");
    for (int i = 0; i < 3; i++) {
        auto_evidence struct evidence evidence = {0};
        finish("twice", &evidence);
        assert_rows(&evidence, "u", 2, 2);
        assert_value(&target_server, "twice", "SELECT tgenabled FROM pg_trigger WHERE tgname = 'g'", "A");
        assert_value(&target_server, "twice",
                     "SELECT attidentity FROM pg_attribute WHERE attname = 'a' AND attrelid = 't'::regclass",
                     "a");
        /* Only a closed cutover is known to be complete. */
        assert_int_equal(notes_have(&evidence, "Recopied"), i == 0);
    }
    /* The cleanup of the source was complete, that of the target was interrupted. */
    run_on(&source_server, "twice",
           "SELECT pg_drop_replication_slot('" SLOT "'); DROP PUBLICATION " SLOT
           "; INSERT INTO u VALUES (3)");
    auto_evidence struct evidence evidence = {0};
    finish("twice", &evidence);
    assert_rows(&evidence, "u", 3, 2);
    assert_false(evidence.quiet);
    /* Before the end, only another client can have dropped the publication. */
    run_on(&target_server, "twice", "UPDATE " SLOT ".progress SET closed = false");
    auto_evidence struct evidence unknown = {0};
    struct err err = {0};
    assert_int_equal(try_to_finish("twice", "postgres", "postgres", 1000, &err, &unknown), -1);
    assert_true(err.lasting && strstr(err.message, "was dropped, so Malachite") != NULL);
    run_on(&target_server, "twice", "DROP SCHEMA " SLOT " CASCADE");
}

/* A process that is killed at any moment of a cutover. */
static void kill_while_finishing(const char *database, int after_ms)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err err = {0};
        struct evidence evidence = {0};
        (void)try_to_finish(database, "postgres", "postgres", 1000, &err, &evidence);
        _exit(0);
    }
    clock_sleep_ms(after_ms);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void may_be_killed_at_any_moment(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("killed",
              "CREATE UNLOGGED TABLE a (n int PRIMARY KEY); CREATE UNLOGGED TABLE b (n int REFERENCES a);"
              "CREATE SEQUENCE s; CREATE TABLE t (n int GENERATED ALWAYS AS IDENTITY);"
              "CREATE MATERIALIZED VIEW v AS SELECT sum(n) AS n FROM b");
    for (int i = 0; i < 8; i++) {
        begin_following("killed", "FOR ALL TABLES", "postgres");
        run_on(&source_server, "killed",
               "TRUNCATE a, b; INSERT INTO a SELECT generate_series(1, 5000); INSERT INTO b SELECT n FROM a;"
               "SELECT nextval('s'); SELECT lo_from_bytea(0, convert_to(repeat(n::text, 500), 'UTF8')) FROM a"
               " WHERE n < 12; SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid::bigint % 3 = 0");
        kill_while_finishing("killed", 5 + i * 9);
        auto_evidence struct evidence evidence = {0};
        finish("killed", &evidence);
        assert_true(evidence.quiet);
        assert_rows(&evidence, "a", 5000, 5000);
        assert_same("killed", "SELECT sum(n) || ' ' || count(*) FROM b");
        assert_same("killed", "SELECT last_value FROM s");
        assert_same("killed", "SELECT md5(string_agg(oid || md5(lo_get(oid)), '' ORDER BY oid))"
                              " FROM pg_largeobject_metadata");
        assert_value(&target_server, "killed", "SELECT n FROM v", "12502500");
        assert_value(&target_server, "killed",
                     "SELECT attidentity FROM pg_attribute WHERE attname = 'n'"
                     " AND attrelid = 't'::regclass",
                     "a");
        end_following("killed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_unlogged_tables),
        cmocka_unit_test(leaves_out_rows_that_refer_to_later_ones),
        cmocka_unit_test(replaces_rows_that_others_refer_to),
        cmocka_unit_test(ordinary_logins_replace_rows_that_others_refer_to),
        cmocka_unit_test(tells_of_rows_that_refer_to_deleted_ones),
        cmocka_unit_test(rows_find_their_partition_again),
        cmocka_unit_test(keeps_the_encoding),
        cmocka_unit_test(refreshes_views_that_are_filled_on_the_source),
        cmocka_unit_test(waits_for_what_the_target_lacks),
        cmocka_unit_test(may_be_run_again),
        cmocka_unit_test(may_be_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
