/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "tests/unit/cutover_fixture.h"

static void brings_sequences_to_where_the_source_is(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("sequences",
              "CREATE SEQUENCE up; CREATE SEQUENCE down INCREMENT -5; CREATE SEQUENCE fresh START 7;"
              "CREATE SEQUENCE \"Odd \"\"name\"\"\" MAXVALUE 10; CREATE SEQUENCE small MAXVALUE 100;"
              "CREATE SEQUENCE back; CREATE TABLE t (id serial, n int GENERATED ALWAYS AS IDENTITY);");
    begin_following("sequences", "FOR ALL TABLES", "postgres");
    run_on(&source_server, "sequences",
           "SELECT nextval('up') FROM generate_series(1, 41); SELECT nextval('down'), nextval('down');"
           "SELECT setval('fresh', 12, false); SELECT setval('\"Odd \"\"name\"\"\"', 10);"
           "ALTER SEQUENCE small MAXVALUE 900; SELECT setval('small', 500); SELECT setval('t_id_seq', 3);"
           "SELECT setval('t_n_seq', 30)");
    run_on(&target_server, "sequences", "SELECT setval('back', 77)");
    auto_evidence struct evidence evidence = {0};
    finish("sequences", &evidence);
    static const char values[] =
        "SELECT string_agg(concat(last_value, is_called), ' ') FROM (SELECT * FROM up UNION ALL"
        " SELECT * FROM down UNION ALL SELECT * FROM fresh UNION ALL SELECT * FROM \"Odd \"\"name\"\"\""
        " UNION ALL SELECT * FROM small UNION ALL SELECT * FROM back UNION ALL SELECT * FROM t_id_seq"
        " UNION ALL SELECT * FROM t_n_seq) x";
    static const char expected[] = "41t -6t 12f 10t 500t 1f 3t 30t";
    assert_value(&source_server, "sequences", values, expected);
    assert_value(&target_server, "sequences", values, expected);
    assert_value(&target_server, "sequences", "SELECT nextval('small')", "501");
    assert_int_equal(evidence.sequence_count, 8);
    assert_string_equal(evidence.sequences[0].name, "Odd \"name\"");
    assert_string_equal(evidence.sequences[7].name, "up");
    assert_int_equal(evidence.sequences[7].source_value, 41);
    assert_int_equal(evidence.sequences[7].target_value, 41);
    assert_true(notes_have(&evidence, "public.small was given the source's current parameters"));
    end_following("sequences");
}

/* Every large object with its contents, owner, comment and privileges. */
static const char large_objects[] =
    "SELECT string_agg(concat_ws('/', l.oid, encode(lo_get(l.oid), 'escape'), l.lomowner::regrole,"
    " obj_description(l.oid, 'pg_largeobject'), l.lomacl), ' ' ORDER BY l.oid) FROM pg_largeobject_metadata "
    "l";

static void assert_same_large_objects(const char *database)
{
    auto_free char *expected = value_of(&source_server, database, large_objects);
    assert_non_null(expected);
    assert_value(&target_server, database, large_objects, expected);
}

static void make_roles(void)
{
    static const char roles[] = "CREATE ROLE keeper; CREATE ROLE reader; CREATE ROLE app LOGIN REPLICATION;"
                                "GRANT keeper TO app;";
    static bool made;
    if (!made) {
        run_on(&source_server, "postgres", roles);
        run_on(&target_server, "postgres", roles);
        run_on(&source_server, "postgres", "CREATE ROLE stranger");
    }
    made = true;
}

static void check_large_objects(const char *database, const char *user)
{
    make_both(database, "SELECT lo_from_bytea(o::oid, convert_to('object ' || o, 'UTF8')) FROM"
                        " generate_series(5001, 5010) o; ALTER LARGE OBJECT 5007 OWNER TO keeper;"
                        "GRANT SELECT ON LARGE OBJECT 5008 TO reader;"
                        "DO $$ BEGIN IF current_user <> 'app' THEN FOR i IN 5001..5010 LOOP IF i <> 5007 THEN"
                        " EXECUTE format('ALTER LARGE OBJECT %s OWNER TO app', i); END IF; END LOOP; END IF;"
                        " END $$");
    begin_following(database, "FOR ALL TABLES", user);
    auto_free char *oid_before =
        value_of(&target_server, database, "SELECT xmin FROM pg_largeobject_metadata WHERE oid = 5001");
    run_on(&source_server, database,
           "SELECT lo_put(5002, 0, 'OBJECT'); SELECT lo_unlink(5003); SELECT lo_from_bytea(6001, 'new');"
           "ALTER LARGE OBJECT 6001 OWNER TO app; SELECT lo_create(6002);"
           "ALTER LARGE OBJECT 6002 OWNER TO keeper;"
           "COMMENT ON LARGE OBJECT 5004 IS 'it''s'; GRANT SELECT ON LARGE OBJECT 5005 TO reader, PUBLIC;"
           "ALTER LARGE OBJECT 5006 OWNER TO keeper; REVOKE ALL ON LARGE OBJECT 5008 FROM reader;"
           "SELECT lo_put(5009, 6000000, 'far'); SELECT lo_from_bytea(4000000000, 'high');"
           "ALTER LARGE OBJECT 4000000000 OWNER TO app");
    auto_evidence struct evidence evidence = {0};
    finish_as(database, user, user, &evidence);
    assert_true(notes_have(&evidence, "Large objects recopied: 9; removed: 1."));
    assert_same_large_objects(database);
    /* The others are unchanged. */
    assert_value(&target_server, database, "SELECT xmin FROM pg_largeobject_metadata WHERE oid = 5001",
                 oid_before);
    end_following(database);
}

static void brings_large_objects_up_to_date(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_roles();
    check_large_objects("objects", "postgres");
}

static void ordinary_logins_bring_large_objects_up_to_date(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_roles();
    run_on(&target_server, "postgres", "ALTER ROLE app CREATEDB");
    make_both("ordinary_objects", "GRANT CREATE ON DATABASE ordinary_objects TO app;"
                                  "SELECT lo_from_bytea(5001, 'one'); ALTER LARGE OBJECT 5001 OWNER TO app;"
                                  "SELECT lo_from_bytea(5002, 'two'); ALTER LARGE OBJECT 5002 OWNER TO app");
    begin_following("ordinary_objects", "FOR ALL TABLES", "app");
    run_on(&source_server, "ordinary_objects",
           "SELECT lo_put(5002, 5000000, 'far'); SELECT lo_from_bytea(5003, 'three');"
           "ALTER LARGE OBJECT 5003 OWNER TO app; GRANT SELECT ON LARGE OBJECT 5003 TO stranger, reader");
    auto_evidence struct evidence evidence = {0};
    finish_as("ordinary_objects", "app", "app", &evidence);
    assert_true(notes_have(&evidence, "Large objects recopied: 2; removed: 0."));
    static const char contents[] = "SELECT string_agg(l.oid || md5(lo_get(l.oid)) || l.lomowner::regrole, ' '"
                                   " ORDER BY l.oid) FROM pg_largeobject_metadata l";
    auto_free char *expected = value_of(&source_server, "ordinary_objects", contents);
    assert_value(&target_server, "ordinary_objects", contents, expected);
    assert_value(&target_server, "ordinary_objects",
                 "SELECT lomacl FROM pg_largeobject_metadata WHERE oid = 5003", "{app=rw/app,reader=r/app}");
    /* A property that the target cannot have is not a permanent difference. */
    run_on(&target_server, "ordinary_objects", "UPDATE " SLOT ".progress SET closed = false");
    auto_evidence struct evidence again = {0};
    finish_as("ordinary_objects", "app", "app", &again);
    assert_false(notes_have(&again, "Large objects"));
    end_following("ordinary_objects");
}

static void counts_and_knows_whether_the_source_was_quiet(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("quiet", "CREATE SCHEMA \"s\"\"1\"; CREATE TABLE \"s\"\"1\".\"t 1\" AS SELECT 1 AS a FROM"
                       " generate_series(1, 10); CREATE TABLE empty (); CREATE TABLE parent (a int)"
                       " PARTITION BY LIST (a); CREATE TABLE leaf PARTITION OF parent FOR VALUES IN (1, 2);"
                       "INSERT INTO parent VALUES (1), (2); CREATE TABLE base (a int);"
                       "CREATE TABLE heir () INHERITS (base); INSERT INTO heir VALUES (1)");
    begin_following("quiet", "FOR ALL TABLES", "postgres");
    /* A changed row is not a difference either. */
    run_on(&source_server, "quiet", "ANALYZE");
    run_on(&source_server, "quiet", "CHECKPOINT");
    auto_evidence struct evidence evidence = {0};
    finish("quiet", &evidence);
    assert_int_equal(evidence.table_count, 5);
    assert_string_equal(evidence.tables[4].schema, "s\"1");
    assert_rows(&evidence, "t 1", 10, 10);
    assert_rows(&evidence, "empty", 0, 0);
    assert_rows(&evidence, "leaf", 2, 2);
    assert_rows(&evidence, "base", 0, 0);
    assert_rows(&evidence, "heir", 1, 1);
    assert_true(evidence.quiet);
    assert_int_equal(evidence.notes.count, 0);

    run_on(&source_server, "quiet", "INSERT INTO base VALUES (1)");
    auto_evidence struct evidence busy = {0};
    finish("quiet", &busy);
    assert_rows(&busy, "base", 1, 0);
    assert_false(busy.quiet);
    assert_int_equal(busy.notes.count + busy.losses.count, 0);

    /* After the change: the difference is reported as lost. */
    auto_free char *move = value_of(&source_server, "quiet",
                                    "SELECT format('UPDATE " SLOT ".progress SET position = %L',"
                                    " pg_current_wal_insert_lsn())");
    run_on(&target_server, "quiet", move);
    auto_evidence struct evidence different = {0};
    finish("quiet", &different);
    assert_true(different.quiet);
    assert_int_equal(different.losses.count, 1);
    assert_true(list_has(&different.losses, "public.base has 1 rows on the source and 0 on the target"));

    run_on(&source_server, "quiet", "SELECT pg_drop_replication_slot('" SLOT "')");
    auto_evidence struct evidence unknown = {0};
    finish("quiet", &unknown);
    assert_rows(&unknown, "base", 1, 0);
    assert_false(unknown.quiet);
    run_on(&target_server, "quiet", "DROP SCHEMA " SLOT " CASCADE");
}

static void counts_nothing_without_time(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("hasty", "CREATE TABLE t AS SELECT 1 AS a; CREATE SEQUENCE s");
    begin_following("hasty", "FOR ALL TABLES", "postgres");
    run_on(&source_server, "hasty", "SELECT setval('s', 9)");
    struct err err = {0};
    auto_evidence struct evidence evidence = {0};
    assert_int_equal(try_to_finish("hasty", "postgres", "postgres", 0, &err, &evidence), 0);
    assert_rows(&evidence, "t", -1, -1);
    assert_false(evidence.quiet);
    assert_int_equal(evidence.sequences[0].target_value, 9);
    end_following("hasty");
}

static void counts_what_fits_the_time(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("slow", "CREATE TABLE small AS SELECT 1 AS a; CREATE TABLE locked AS SELECT g FROM"
                      " generate_series(1, 300000) g; ANALYZE");
    begin_following("slow", "FOR ALL TABLES", "postgres");
    auto_pg struct pg holder = {0};
    struct err err = {0};
    open_public(&source_server, "slow", &holder);
    assert_int_equal(pg_run(&holder, &err, "BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE"), 0);
    auto_evidence struct evidence evidence = {0};
    int64_t before_ms = clock_monotonic_ms();
    if (try_to_finish("slow", "postgres", "postgres", 300, &err, &evidence) != 0) {
        fail_msg("%s", err.message);
    }
    assert_in_range(clock_monotonic_ms() - before_ms, 250, patient_ms(2500));
    assert_rows(&evidence, "small", 1, 1);
    assert_rows(&evidence, "locked", -1, -1);
    pg_close(&holder);
    end_following("slow");
}

static void counts_with_several_sessions(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("lanes", "DO $$ BEGIN FOR i IN 1..30 LOOP EXECUTE format('CREATE TABLE t%s AS"
                       " SELECT generate_series(1, %s)', i, i); END LOOP; END $$;"
                       "UPDATE pg_class SET relpages = 900 WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'");
    begin_following("lanes", "FOR ALL TABLES", "postgres");
    auto_evidence struct evidence evidence = {0};
    finish("lanes", &evidence);
    assert_int_equal(evidence.table_count, 30);
    for (size_t i = 0; i < evidence.table_count; i++) {
        int64_t rows = 0;
        assert_true(str_to_int(evidence.tables[i].name + 1, 1, 30, &rows));
        assert_int_equal(evidence.tables[i].source_rows, rows);
        assert_int_equal(evidence.tables[i].target_rows, rows);
    }
    assert_true(evidence.quiet);
    end_following("lanes");
}

static void needs_a_target_that_follows(void **state)
{
    (void)state;
    NEEDS_SERVERS
    make_both("stray", "CREATE TABLE t (a int)");
    struct err err = {0};
    auto_evidence struct evidence evidence = {0};
    assert_int_equal(try_to_finish("stray", "postgres", "postgres", 100, &err, &evidence), -1);
    assert_non_null(strstr(err.message, "Cannot read the applied position"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_sequences_to_where_the_source_is),
        cmocka_unit_test(brings_large_objects_up_to_date),
        cmocka_unit_test(ordinary_logins_bring_large_objects_up_to_date),
        cmocka_unit_test(counts_and_knows_whether_the_source_was_quiet),
        cmocka_unit_test(counts_nothing_without_time),
        cmocka_unit_test(counts_what_fits_the_time),
        cmocka_unit_test(counts_with_several_sessions),
        cmocka_unit_test(needs_a_target_that_follows),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
