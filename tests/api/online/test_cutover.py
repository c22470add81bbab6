"""The cutover with a source that is still written to, and what it does when the target lacks something."""

import pytest

from arm import details_of, patience, state_of, substate_of, unique
from malachite import Pair
from online import WAITS, Writer, assert_nothing_is_left, cut_over, differences, put_online, reach_wait
from samples import drop

pytestmark = pytest.mark.timeout(patience(120))


def load(postgres, name, script):
    postgres.create_database(name)
    postgres.psql(script, name)
    return name


# -- the order ------------------------------------------------------------------------------------------------------

TABLES = 40  # sequences are read a few at a time: the more, the longer it takes


def test_sequences_are_not_behind_recopied_rows(attached, database, postgres_source, postgres_target):
    """Tables that are not published are recopied at the cutover, while the application still writes: the next INSERT on
    the target must find a free number."""
    name = load(
        postgres_source,
        database(),
        "".join(
            f"CREATE UNLOGGED TABLE u{n} (id serial PRIMARY KEY, v int GENERATED ALWAYS AS IDENTITY);"
            for n in range(TABLES)
        ),
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    write = "".join(f"INSERT INTO u{n} DEFAULT VALUES;" for n in range(TABLES))
    with Writer(postgres_source, name, pause=0, transaction=write) as writer:
        cut_over(migration)
        assert writer.committed > 10
    behind = []
    for n in range(TABLES):
        for column in ("id", "v"):
            last, most = postgres_target.query(
                f"SELECT (SELECT last_value FROM u{n}_{column}_seq), max({column}) FROM u{n}", dbname=name
            )[0]
            behind += [(n, column, last, most)] if last < most else []
    assert behind == []
    postgres_target.psql(write, name)


# -- what the target lacks ------------------------------------------------------------------------------------------

MISSING = """
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 50) AS i;
CREATE TABLE parts (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE apart (id int, k int NOT NULL, PRIMARY KEY (id, k));
INSERT INTO parts SELECT i, 1 FROM generate_series(1, 30) AS i;
INSERT INTO apart SELECT i, 3 FROM generate_series(1, 30) AS i;
"""
LATE_DDL = """
CREATE TABLE late (id serial PRIMARY KEY, v text);
CREATE SEQUENCE numbers;
ALTER TABLE plain ADD fresh int DEFAULT 7;
CREATE TABLE parts_2 (id int, k int NOT NULL, PRIMARY KEY (id, k));
ALTER TABLE parts ATTACH PARTITION apart FOR VALUES IN (3);
"""
LATE_ROWS = """
INSERT INTO late (v) SELECT 'late' FROM generate_series(1, 20);
SELECT setval('numbers', 17);
INSERT INTO parts_2 SELECT i, 2 FROM generate_series(1, 500) AS i;
"""
ATTACH = "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES IN (2);"
WORDS = (
    "table public.late",
    "sequence public.numbers",
    "sequence public.late_id_seq",
    "column fresh of table public.plain",
    "table public.parts_2",
    "public.apart was attached to",
)


def test_objects_created_only_on_the_source_are_reported_and_awaited(
    attached, database, postgres_source, postgres_target
):
    name = load(postgres_source, database(), MISSING)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(LATE_DDL + LATE_ROWS + ATTACH, name)

    def says_it(body):
        error = body["properties"]["currentStatus"].get("error") or ""
        operation = details_of(body, name).get("migrationOperation") or ""
        return all(word in error and word in operation for word in WORDS)

    assert substate_of(migration.wait(says_it, 30)) == WAITS
    migration.patch(triggerCutover="True")
    migration.wait(lambda body: substate_of(body) == "CompletingMigration" and says_it(body), 30)
    # Changes of the attached rows, which the target does not have yet.
    postgres_source.psql("UPDATE parts SET id = -id WHERE k = 2 AND id < 10; INSERT INTO parts VALUES (900, 3)", name)
    postgres_target.psql(LATE_DDL, name)
    migration.wait(lambda body: "public.late" not in str(body["properties"]["currentStatus"].get("error")), 30)
    assert "parts_2" in migration.get()["properties"]["currentStatus"]["error"]
    postgres_target.psql(ATTACH, name)
    migration.succeed()
    assert differences(attached, name) == []
    assert_nothing_is_left(attached, name)


def test_objects_created_on_both_sides_are_no_longer_reported(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), MISSING)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql("CREATE TABLE late (a int)", name)
    migration.wait(lambda body: "public.late" in str(body["properties"]["currentStatus"].get("error")), 30)
    postgres_target.psql(
        "CREATE TABLE late (a int); CREATE TABLE only_here (a int); ALTER TABLE plain ADD spare int", name
    )
    migration.wait(
        lambda body: not body["properties"]["currentStatus"].get("error")
        and "migrationOperation" not in details_of(body, name),
        30,
    )
    cut_over(migration)


def test_a_waiting_cutover_can_be_canceled_and_outlives_a_restart(own_pair, database, postgres_source, postgres_target):
    pair = own_pair()
    waits, follows = load(postgres_source, database(), MISSING), load(postgres_source, database(), MISSING)
    migration = put_online(pair, [waits, follows])
    reach_wait(migration)
    postgres_source.psql("CREATE TABLE late (a int)", waits)
    migration.patch(triggerCutover="True", dbsToTriggerCutoverOn=[waits])

    def says_it(body):
        return all(
            "public.late" in str(text)
            for text in (
                body["properties"]["currentStatus"].get("error"),
                details_of(body, waits).get("migrationOperation"),
            )
        )

    migration.wait(says_it, 30)
    pair.malachite.restart()
    migration.wait(says_it, 30)
    migration.patch(cancel="True")
    assert state_of(migration.wait(timeout=60)) == "Canceled"
    assert_nothing_is_left(pair, waits, follows)


def test_renames_that_nobody_writes_to_are_awaited(attached, database, postgres_source, postgres_target):
    """The stream has nothing of them: by name alone the contents would be exchanged."""
    name = load(
        postgres_source,
        database(),
        """
        CREATE TABLE cur (id int PRIMARY KEY, x int, y int); CREATE TABLE nxt (id int PRIMARY KEY, x int, y int);
        CREATE TABLE kept (id int PRIMARY KEY, y int);
        INSERT INTO cur SELECT i, 1, 2 FROM generate_series(1, 10) AS i; INSERT INTO nxt SELECT i, 3, 4 FROM generate_series(1, 20) AS i;
        INSERT INTO kept SELECT i, i FROM generate_series(1, 5) AS i""",
    )
    swaps = """BEGIN; ALTER TABLE cur RENAME TO tmp; ALTER TABLE nxt RENAME TO cur; ALTER TABLE tmp RENAME TO nxt; COMMIT;
        BEGIN; ALTER TABLE cur RENAME x TO z; ALTER TABLE cur RENAME y TO x; ALTER TABLE cur RENAME z TO y; COMMIT;
        ALTER TABLE kept DROP y; ALTER TABLE kept ADD y int"""
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(swaps, name)
    migration.patch(triggerCutover="True")
    error = migration.wait(lambda body: "was renamed to" in str(body["properties"]["currentStatus"].get("error")), 30)[
        "properties"
    ]["currentStatus"]["error"]
    for words in (
        "table public.cur was renamed to public.nxt",
        "table public.nxt was renamed to public.cur",
        "column x of table",
        "column y of table public.kept was dropped and added again",
    ):
        assert words in error
    postgres_target.psql(swaps, name)
    migration.succeed()
    assert differences(attached, name) == []


# -- what differs ---------------------------------------------------------------------------------------------------


def evidence_of(pair, migration):
    uuid = migration.get()["properties"]["migrationId"]
    [found] = pair.arm.get(f"/_malachite/migrations/{uuid}/evidence")["databases"]
    return found


def fail_cutover(migration):
    migration.patch(triggerCutover="True")
    return migration.wait(lambda body: state_of(body) == "Failed", 60)["properties"]["currentStatus"]["error"]


def test_other_rows_on_the_target_fail_the_cutover(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), MISSING)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_target.psql("DELETE FROM plain WHERE id = 7; INSERT INTO parts VALUES (1000, 1)", name)
    error = fail_cutover(migration)
    for words in (
        "was cut over, but its data on the target cannot be trusted",
        "public.plain has 50 rows on the source and 49",
        "public.parts_1 has 30 rows on the source and 31",
    ):
        assert words in error
    assert "cannot be trusted" in details_of(migration.get(), name)["message"]
    assert evidence_of(attached, migration)["losses"]
    assert_nothing_is_left(attached, name)


def test_a_table_that_cannot_be_compared_fails_the_cutover(own_pair, database, postgres_source, postgres_target):
    """The target's table reads nothing: a privilege was taken from its owner."""
    login = unique("owner")
    postgres_target.psql(f"CREATE ROLE {login} LOGIN CREATEDB PASSWORD 'some-password'")
    try:
        first = own_pair()
        pair = Pair(
            first.malachite,
            first.source,
            first.malachite.attach(unique("some"), postgres_target, login=login, password="some-password"),
        )
        name = load(postgres_source, database(), MISSING)
        migration = put_online(pair, [name])
        reach_wait(migration)
        postgres_target.psql(f"REVOKE SELECT ON plain FROM {login}", name)
        error = fail_cutover(migration)
        assert "Table public.plain could not be compared" in error and "target" in error
        drop(postgres_target, name)
    finally:
        postgres_target.psql(f"DROP ROLE {login}")


def test_rows_of_hash_partitions_are_compared_with_their_root(attached, database, postgres_source, postgres_target):
    """The hash of an enum is that of its OID: the target's partitions hold other rows. An extension's own rows differ, too."""
    name = load(
        postgres_source,
        database(),
        """
        CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f');
        CREATE TABLE moods (m mood, n int) PARTITION BY HASH (m);
        CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 0);
        CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 1);
        CREATE TABLE moods_2 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 2);
        INSERT INTO moods SELECT (enum_range(NULL::mood))[1 + i % 6], i FROM generate_series(1, 60) AS i""",
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    cut_over(migration)
    assert differences(attached, name) == []
    found = evidence_of(attached, migration)
    assert found["sourceQuiet"] and found["losses"] == []
    again = put_online(attached, [name], overwriteDbsInTarget="True")
    reach_wait(again)
    postgres_target.psql("DELETE FROM moods WHERE n = 7", name)
    assert "moods has 60 rows on the source and 59" in fail_cutover(again)


# -- other DDL ------------------------------------------------------------------------------------------------------

OBJECTS = """
CREATE TABLE t (id serial PRIMARY KEY, a int DEFAULT 1, b text);
CREATE TABLE leaves (a int);
CREATE INDEX by_a ON t (a);
CREATE INDEX by_b ON t (b);
CREATE INDEX quiet ON t (a, b);
CREATE VIEW v AS SELECT 1 AS one;
CREATE VIEW quiet_view AS SELECT 1 AS one;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION evt() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TYPE color AS ENUM ('red');
CREATE SEQUENCE s;
CREATE FUNCTION same(color, color) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR === (PROCEDURE = same, LEFTARG = color, RIGHTARG = color);
CREATE COLLATION mine (LOCALE = 'C');
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY stops (TEMPLATE = simple);
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER far;
CREATE EVENT TRIGGER ev ON ddl_command_end WHEN TAG IN ('CREATE RULE') EXECUTE PROCEDURE evt();
CREATE RULE ru AS ON UPDATE TO leaves DO ALSO NOTHING;
CREATE STATISTICS st ON a, b FROM t;
CREATE TYPE span AS RANGE (SUBTYPE = int);
CREATE PUBLICATION theirs FOR TABLE t;
COMMENT ON COLUMN t.a IS 'one'; COMMENT ON FUNCTION f() IS 'quiet'; COMMENT ON CONSTRAINT t_pkey ON t IS 'quiet';
"""
CHANGES = """
DROP INDEX by_a; CREATE INDEX by_a ON t (a DESC); DROP INDEX by_b; CREATE INDEX fresh ON t (b);
ALTER TABLE t ALTER a SET DEFAULT 2; ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0);
CREATE OR REPLACE VIEW v AS SELECT 2 AS one; CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE TRIGGER noop BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE noop();
ALTER TYPE color ADD VALUE 'blue'; GRANT SELECT ON t TO PUBLIC; DROP TABLE leaves; CREATE SCHEMA more; CREATE VIEW more.w AS SELECT 1 AS a;
ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY open ON t USING (true);
ALTER OPERATOR === (color, color) SET (RESTRICT = eqsel); CREATE OPERATOR CLASS few DEFAULT FOR TYPE color USING hash AS OPERATOR 1 ===;
CREATE FUNCTION from_text(text) RETURNS color LANGUAGE sql AS 'SELECT NULL::color'; CREATE CAST (text AS color) WITH FUNCTION from_text(text);
ALTER COLLATION mine RENAME TO others; ALTER TEXT SEARCH CONFIGURATION words DROP MAPPING FOR email;
ALTER TEXT SEARCH DICTIONARY stops (accept = false); ALTER SERVER far OPTIONS (ADD host 'x');
ALTER USER MAPPING FOR PUBLIC SERVER far OPTIONS (ADD "user" 'x'); ALTER EVENT TRIGGER ev DISABLE; DROP STATISTICS st;
COMMENT ON COLUMN t.a IS 'two'; COMMENT ON VIEW v IS 'new'; COMMENT ON SCHEMA public IS 'ours'; COMMENT ON INDEX quiet IS NULL;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; ALTER PUBLICATION theirs SET (publish = 'insert'); CREATE PUBLICATION more_of;
"""
NAMED = (
    "index public.by_a was altered",
    "index public.by_b was dropped",
    "index public.fresh was created",
    "columns of table public.t was altered",
    "constraint positive of public.t was created",
    "view public.v was altered",
    "function public.f() was altered",
    "trigger noop of public.t was created",
    "type public.color was altered",
    "privileges of table public.t was altered",
    "table public.leaves was dropped",
    "schema more was created",
    "view more.w was created",
    "policy open of public.t was created",
    "operator public.===(public.color, public.color) was altered",
    "operator class public.few for hash was created",
    "operator family public.few for hash was created",
    "cast (text AS public.color) was created",
    "collation public.mine was dropped",
    "collation public.others was created",
    "text search configuration public.words was altered",
    "text search dictionary public.stops was altered",
    "foreign server far was altered",
    "user mapping for public on server far was altered",
    "event trigger ev was altered",
    "statistics object public.st was dropped",
    "comment on table column public.t.a was altered",
    "comment on view public.v was created",
    "comment on schema public was altered",
    "default privileges postgres - r was created",
    "publication theirs was altered",
    "publication more_of was created",
)


def test_ddl_that_costs_no_data_is_named(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), OBJECTS)
    migration = put_online(attached, [name])
    reach_wait(migration)
    repeated = "CREATE INDEX either_way ON t (a, id); CREATE OR REPLACE VIEW quiet_view AS SELECT 3 AS one;"
    postgres_source.psql(
        CHANGES + repeated + "INSERT INTO t DEFAULT VALUES;"
        "ALTER SEQUENCE s INCREMENT -3 MAXVALUE 90 MINVALUE -90 CYCLE CACHE 5; SELECT setval('s', -80)",
        name,
    )
    postgres_target.psql(repeated, name)
    body = cut_over(migration)
    assert NAMED[0] in details_of(body, name)["message"]
    message = "\n".join(evidence_of(attached, migration)["warnings"])
    assert [words for words in NAMED if words not in message] == []
    assert (
        "quiet" not in message
        and "either_way" not in message
        and "sequence" not in message
        and "leaves_" not in message
    )
    assert postgres_target.query(
        "SELECT nextval('s'), (SELECT seqcycle FROM pg_sequence WHERE seqrelid = 's'::regclass)", dbname=name
    ) == [(-83, True)]


def test_nothing_is_named_when_nothing_was_done(attached, database, postgres_source):
    name = load(postgres_source, database(), OBJECTS)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(
        "INSERT INTO t (b) SELECT 'b' FROM generate_series(1, 100); UPDATE t SET b = 'c'; DELETE FROM t WHERE id < 9;"
        "INSERT INTO leaves VALUES (1); DELETE FROM leaves",
        name,
    )
    postgres_source.psql("VACUUM FULL t", name)
    postgres_source.psql("ANALYZE", name)
    assert "message" not in details_of(cut_over(migration), name)
    assert evidence_of(attached, migration)["warnings"] == []
    assert differences(attached, name) == []
