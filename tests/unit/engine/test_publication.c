/* SPDX-License-Identifier: MIT */
/* Publishes tables of a source, and checks that all of it is removed. */
#include "tests/unit/test.h"

#include "tests/unit/replication_fixture.h"

static void make_every_kind_of_table(void)
{
    sql("CREATE TABLE keyed (a int PRIMARY KEY)");
    sql("CREATE TABLE bare (a int); INSERT INTO bare VALUES (1), (2)");
    sql("CREATE TABLE late_key (a int PRIMARY KEY DEFERRABLE)");
    sql("CREATE TABLE none (a int PRIMARY KEY); ALTER TABLE none REPLICA IDENTITY NOTHING;"
        " INSERT INTO none VALUES (1)");
    sql("CREATE TABLE whole (a int); ALTER TABLE whole REPLICA IDENTITY FULL");
    sql("CREATE TABLE indexed (a int NOT NULL); CREATE UNIQUE INDEX i ON indexed (a);"
        " ALTER TABLE indexed REPLICA IDENTITY USING INDEX i");
    sql("CREATE TABLE lost (a int NOT NULL); CREATE UNIQUE INDEX l ON lost (a);"
        " ALTER TABLE lost REPLICA IDENTITY USING INDEX l; DROP INDEX l; INSERT INTO lost VALUES (1)");
    sql("CREATE UNLOGGED TABLE quick (a int)");
    sql("CREATE TABLE nothing_in_it ()");
    sql("CREATE TABLE parent (a int); CREATE TABLE heir () INHERITS (parent); INSERT INTO heir VALUES (1)");
    sql("CREATE SCHEMA \"s \"\".'%s\"; CREATE TABLE \"s \"\".'%s\".\"T ä\"\"'\\\" (a int)");
}

static void publishes_and_gives_back(void **state)
{
    (void)state;
    NEEDS_SERVER
    make_every_kind_of_table();
    auto_free char *before = postgres_value(&server, "shop", IDENTITIES);
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    expect(PUBLISHED,
           "public.bare,public.heir,public.indexed,public.keyed,public.late_key,public.lost,public.none,"
           "public.parent,public.whole,s \".'%s.T ä\"'\\");
    expect(IDENTITIES,
           "bare=f,heir=f,indexed=i,keyed=d,late_key=f,lost=f,none=f,nothing_in_it=d,parent=f,quick=d,"
           "whole=f");
    expect("SELECT string_agg(c.relname || ' ' || r.value, ',' ORDER BY c.relname::text COLLATE \"C\") FROM "
           "pg_publication p,"
           " jsonb_each_text(obj_description(p.oid, 'pg_publication')::jsonb) r JOIN pg_class c"
           " ON c.oid = r.key::oid WHERE p.pubname = '" NAME "'",
           "T ä\"'\\ d,bare d,heir d,late_key d,lost i,none n,parent d");
    assert_true(has_note(&notes, "public.bare ", "no primary key"));
    assert_true(has_note(&notes, "public.none ", "NOTHING"));
    assert_true(has_note(&notes, "public.lost ", "index"));
    assert_true(has_note(&notes, "public.quick ", "unlogged"));
    assert_true(has_note(&notes, "public.nothing_in_it ", "no columns"));
    assert_int_equal(notes.count, version < 110000 ? 10 : 9);
    sql("UPDATE bare SET a = 3 WHERE a = 1; DELETE FROM bare WHERE a = 2; UPDATE heir SET a = 2;"
        " UPDATE none SET a = 2; DELETE FROM lost; UPDATE quick SET a = 1; DELETE FROM nothing_in_it");
    sql("CREATE TABLE newer (a int); INSERT INTO newer VALUES (1); UPDATE newer SET a = 2; DROP TABLE newer");
    expect("SELECT pubinsert AND pubupdate AND pubdelete FROM pg_publication", "t");
    sql("DROP TABLE heir; ALTER TABLE lost REPLICA IDENTITY DEFAULT");
    drop(NAME);
    expect(TRACES, "0");
    sql("CREATE TABLE heir () INHERITS (parent); UPDATE bare SET a = 4");
    sql("ALTER TABLE lost REPLICA IDENTITY NOTHING");
    expect(IDENTITIES,
           "bare=d,heir=d,indexed=i,keyed=d,late_key=d,lost=n,none=n,nothing_in_it=d,parent=d,quick=d,"
           "whole=f");
    assert_non_null(before);
    drop(NAME);
}

static void replaces_what_an_earlier_attempt_left(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE bare (a int); INSERT INTO bare VALUES (1)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    sql("CREATE TABLE second (a int)");
    publish(NAME, &notes);
    expect(PUBLISHED, "public.bare,public.second");
    sql("UPDATE bare SET a = 2");
    drop(NAME);
    expect(IDENTITIES, "bare=d,second=d");
    /* An attempt that was interrupted before its publication took effect. */
    sql("CREATE PUBLICATION " NAME " WITH (publish = ''); ALTER TABLE bare REPLICA IDENTITY FULL");
    auto_free char *comment =
        postgres_value(&server, "shop",
                       "SELECT format('COMMENT ON PUBLICATION " NAME
                       " IS ''{\"%s\": \"d\", \"1\": \"d\"}''', 'public.bare'::regclass::oid)");
    sql(comment);
    drop(NAME);
    expect(IDENTITIES, "bare=d,second=d");
    expect(TRACES, "0");
}

static void shares_tables_with_another_migration(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE bare (a int); INSERT INTO bare VALUES (1)");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    publish(OTHER, &notes);
    drop(NAME);
    expect(IDENTITIES, "bare=f");
    sql("UPDATE bare SET a = 2");
    drop(OTHER);
    expect(IDENTITIES, "bare=d");
    sql("UPDATE bare SET a = 3");
}

static void publishes_partitions(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE loose (a int) PARTITION BY RANGE (a);"
        " CREATE TABLE loose_1 PARTITION OF loose FOR VALUES FROM (0) TO (9); INSERT INTO loose VALUES (1)");
    if (version >= 110000) {
        sql("CREATE TABLE strict (a int PRIMARY KEY) PARTITION BY RANGE (a);"
            " CREATE TABLE strict_1 PARTITION OF strict FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (a);"
            " CREATE TABLE strict_1_1 PARTITION OF strict_1 FOR VALUES FROM (0) TO (9)");
    }
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    expect(PUBLISHED, version >= 110000 ? "public.loose_1,public.strict_1_1" : "public.loose_1");
    sql("UPDATE loose SET a = 2; CREATE TABLE loose_2 PARTITION OF loose FOR VALUES FROM (9) TO (99);"
        " INSERT INTO loose VALUES (9); UPDATE loose SET a = 10 WHERE a = 9");
    if (version >= 110000) {
        sql("CREATE TABLE strict_2 PARTITION OF strict FOR VALUES FROM (9) TO (99);"
            " INSERT INTO strict VALUES (9); UPDATE strict SET a = 10");
        expect(PUBLISHED, version >= 130000 ? "public.loose_1,public.strict_1_1,public.strict_2"
                                            : "public.loose_1,public.strict_1_1");
    }
    drop(NAME);
    expect("SELECT count(*) FROM pg_class WHERE relreplident = 'f'", "0");
}

static void does_without_generated_columns(void **state)
{
    (void)state;
    NEEDS_SERVER
    if (version < 120000) {
        skip();
    }
    sql("CREATE TABLE bare (a int, b int GENERATED ALWAYS AS (a + 1) STORED); INSERT INTO bare VALUES (1);"
        " CREATE TABLE odd (a int, b int GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY);"
        " INSERT INTO odd VALUES (1);"
        " CREATE TABLE keyed (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a + 1) STORED);"
        " INSERT INTO keyed VALUES (1);"
        " CREATE TABLE whole (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a + 1) STORED);"
        " INSERT INTO whole VALUES (1); ALTER TABLE whole REPLICA IDENTITY FULL");
    auto_str_list struct str_list notes = {0};
    publish(NAME, &notes);
    /* From 18 on, UPDATE of a published table that is FULL and has a generated column fails. */
    bool strict = version >= 180000;
    expect(PUBLISHED, strict ? "public.keyed" : "public.bare,public.keyed,public.odd,public.whole");
    expect(IDENTITIES, strict ? "bare=d,keyed=d,odd=d,whole=f" : "bare=f,keyed=d,odd=f,whole=f");
    assert_int_equal(has_note(&notes, "public.odd ", "generated"), strict);
    assert_int_equal(has_note(&notes, "public.whole ", "generated"), strict);
    sql("UPDATE bare SET a = 2; UPDATE odd SET a = 2; UPDATE keyed SET a = 2; UPDATE whole SET a = 2;"
        " DELETE FROM bare; DELETE FROM odd; DELETE FROM keyed; DELETE FROM whole");
    drop(NAME);
    expect(IDENTITIES, "bare=d,keyed=d,odd=d,whole=f");
}

static void publishes_what_the_user_owns(void **state)
{
    (void)state;
    NEEDS_SERVER
    sql("CREATE TABLE theirs (a int); CREATE ROLE clerk LOGIN; GRANT ALL ON SCHEMA public TO clerk;"
        " SET ROLE clerk; CREATE TABLE public.ours (a int); INSERT INTO public.ours VALUES (1)");
    user = "clerk";
    struct err err = {0};
    auto_str_list struct str_list notes = {0};
    assert_int_equal(publish_as(NAME, NULL, &err, &notes), -1);
    assert_int_equal(err.code, ERR_OPERATION_NOT_ALLOWED);
    assert_true(err.lasting);
    assert_non_null(strstr(err.message, "GRANT CREATE ON DATABASE \"shop\" TO \"clerk\""));
    expect(TRACES, "0");
    sql("GRANT CREATE ON DATABASE shop TO clerk");
    publish(NAME, &notes);
    expect(PUBLISHED, "public.ours");
    assert_true(has_note(&notes, "public.theirs ", "\"postgres\""));
    sql("UPDATE ours SET a = 2; UPDATE theirs SET a = 2");
    drop(NAME);
    user = "postgres";
    expect(IDENTITIES, "ours=d,theirs=d");
    expect(TRACES, "0");
    sql("DROP OWNED BY clerk; DROP ROLE clerk");
}

static void drops_when_the_database_is_gone(void **state)
{
    (void)state;
    NEEDS_SERVER
    struct err err = {0};
    assert_int_equal(drop_from("nowhere", NAME, &err), 0);
    sql("SELECT pg_create_logical_replication_slot('" NAME "', 'pgoutput')");
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE shop RENAME TO mall"));
    assert_int_equal(drop_from("shop", NAME, &err), 0);
    assert_true(postgres_sql(&server, "postgres", "ALTER DATABASE mall RENAME TO shop"));
    expect(TRACES, "0");
}

static int run(const char *title)
{
    const struct CMUnitTest tests[] = {
        IN_SHOP(publishes_and_gives_back),
        IN_SHOP(replaces_what_an_earlier_attempt_left),
        IN_SHOP(shares_tables_with_another_migration),
        IN_SHOP(publishes_partitions),
        IN_SHOP(does_without_generated_columns),
        IN_SHOP(publishes_what_the_user_owns),
        IN_SHOP(drops_when_the_database_is_gone),
    };
    return cmocka_run_group_tests_name(title, tests, NULL, NULL);
}

int main(void)
{
    return run_on_all("publication");
}
