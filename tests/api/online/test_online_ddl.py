"""Online migrations whose source has DDL that the target lacks: changes wait with a message, and go on after the same
DDL on the target. Nothing is lost, nothing gets into the wrong place."""

import pytest

from arm import details_of, patience, substate_of, wait_until
from online import WAITS, cut_over, differences, put_online, reach_wait

pytestmark = pytest.mark.timeout(patience(240))


def load(postgres, name, script, **options):
    postgres.create_database(name, **options)
    postgres.psql(script, name)
    return name


def wait_for_message(migration, name, *words, timeout=30):
    """Until the running step of a database says what it waits for."""
    seen = []

    def says(body):
        operation = details_of(body, name).get("migrationOperation", "")
        seen[:] = [operation]
        return all(word in operation for word in words)

    try:
        body = migration.wait(says, timeout)
    except AssertionError as failure:
        raise AssertionError(f"{words} are not in {seen}") from failure
    assert substate_of(body) == WAITS
    return details_of(body, name)["migrationOperation"]


def wait_until_applied(migration, name, timeout=30):
    """Until no database waits for anything any more."""
    return migration.wait(lambda body: "migrationOperation" not in details_of(body, name), timeout)


REFUSED = """
CREATE TYPE color AS ENUM ('red', 'green');
CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0);
CREATE TABLE t (id int PRIMARY KEY, c color, d positive, short varchar(3), n int NOT NULL, ranged int CHECK (ranged < 10),
                small smallint, u int UNIQUE);
CREATE TABLE p (id int, k int) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
INSERT INTO t VALUES (1, 'red', 1, 'abc', 1, 1, 1, 1);
"""

# What the source has and then writes; a word of the message; what is repeated on the target.
REFUSALS = [
    ("ALTER TYPE color ADD VALUE 'blue'", "INSERT INTO t VALUES (2, 'blue', 1, '', 1, 1, 1, 2)", "22P02", None),
    ("ALTER TABLE t ALTER n DROP NOT NULL", "UPDATE t SET n = NULL WHERE id = 1", "DROP NOT NULL", None),
    ("ALTER TABLE t DROP CONSTRAINT t_ranged_check", "UPDATE t SET ranged = 11 WHERE id = 1", "DROP CONSTRAINT", None),
    ("ALTER TABLE t DROP CONSTRAINT t_u_key", "INSERT INTO t VALUES (3, 'red', 1, '', 1, 1, 1, 1)", "t_u_key", None),
    ("ALTER DOMAIN positive DROP CONSTRAINT above", "UPDATE t SET d = -1 WHERE id = 1", "ALTER DOMAIN", None),
    ("ALTER TABLE p DETACH PARTITION p1", "INSERT INTO p1 VALUES (1, 7)", "p1", None),
]


def test_values_that_the_target_refuses_wait_for_the_ddl(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), REFUSED)
    migration = put_online(attached, [name])
    reach_wait(migration)
    for ddl, change, word, other in REFUSALS:
        postgres_source.psql(ddl, name)
        postgres_source.psql(change, name)
        wait_for_message(migration, name, word)
        postgres_target.psql(other or ddl, name)
        wait_until_applied(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []


IDENTITIES = """
CREATE SCHEMA one;
CREATE SCHEMA two;
CREATE TABLE cur (id int PRIMARY KEY, v text);
CREATE TABLE nxt (id int PRIMARY KEY, v text);
CREATE TABLE one.t (id int PRIMARY KEY, v text);
CREATE TABLE two.t (id int PRIMARY KEY, v text);
CREATE TABLE cols (id int PRIMARY KEY, a int, b int, y int, z int);
CREATE TABLE last (id int PRIMARY KEY, y int);
CREATE TABLE log (at int, line text);
CREATE TABLE log_1 (at int, line text);
CREATE TABLE again (id int PRIMARY KEY, v text);
CREATE TABLE p (id int, k int, v text) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
CREATE TABLE fresh (id int, k int, v text);
INSERT INTO cur SELECT i, 'cur' FROM generate_series(1, 20) i;
INSERT INTO nxt SELECT i, 'nxt' FROM generate_series(1, 10) i;
INSERT INTO one.t SELECT i, 'one' FROM generate_series(1, 20) i;
INSERT INTO two.t SELECT i, 'two' FROM generate_series(1, 10) i;
INSERT INTO cols SELECT i, 1, 2, 999, 4 FROM generate_series(1, 20) i;
INSERT INTO last SELECT i, 999 FROM generate_series(1, 20) i;
INSERT INTO log SELECT i, 'log' FROM generate_series(1, 20) i;
INSERT INTO log_1 SELECT i, 'old' FROM generate_series(1, 10) i;
INSERT INTO again SELECT i, 'old' FROM generate_series(1, 10) i;
INSERT INTO p SELECT i, 1 + i % 2, 'p' FROM generate_series(1, 20) i;
INSERT INTO fresh SELECT i, 1, 'fresh' FROM generate_series(1, 5) i;
"""

# What is done on the source and repeated on the target; what is then written to the source; words of the message.
IDENTITY_CHANGES = {
    "tables": (
        "ALTER TABLE cur RENAME TO tmp; ALTER TABLE nxt RENAME TO cur; ALTER TABLE tmp RENAME TO nxt",
        "UPDATE cur SET v = 'now cur' WHERE id < 5; INSERT INTO nxt VALUES (100, 'now nxt')",
        ["public.cur", "RENAME"],
    ),
    "schemas": (
        "ALTER SCHEMA one RENAME TO tmp; ALTER SCHEMA two RENAME TO one; ALTER SCHEMA tmp RENAME TO two",
        "DELETE FROM one.t WHERE id < 5; INSERT INTO two.t VALUES (100, 'now two')",
        ["one.t"],
    ),
    "columns": (
        "ALTER TABLE cols RENAME a TO c; ALTER TABLE cols RENAME b TO a; ALTER TABLE cols RENAME c TO b",
        "UPDATE cols SET a = 20 WHERE id = 1",
        ["public.cols", "RENAME COLUMN"],
    ),
    "column in the middle": (
        "ALTER TABLE cols DROP y; ALTER TABLE cols ADD y int",
        "UPDATE cols SET y = 5 WHERE id = 2",
        ["column 'y'", "DROP COLUMN", "ADD COLUMN"],
    ),
    "last column": (
        "ALTER TABLE last DROP y; ALTER TABLE last ADD y int",
        "INSERT INTO last VALUES (30, 5)",
        ["column 'y'", "DROP COLUMN", "ADD COLUMN"],
    ),
    "rotation": (
        "DROP TABLE log_1; ALTER TABLE log RENAME TO log_1; CREATE TABLE log (at int, line text)",
        "INSERT INTO log VALUES (100, 'new'); INSERT INTO log_1 VALUES (101, 'late')",
        ["public.log"],
    ),
    "same name": (
        "DROP TABLE again; CREATE TABLE again (id int PRIMARY KEY, v text)",
        "INSERT INTO again VALUES (1, 'new')",
        None,
    ),  # not published: recopied at the cutover
    "exchange": (
        "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p1 RENAME TO p1_old; ALTER TABLE fresh RENAME TO p1;"
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
        "INSERT INTO p VALUES (100, 1, 'exchanged'); INSERT INTO p1_old VALUES (101, 1, 'old')",
        ["public.p1"],
    ),
    "detach": (
        "ALTER TABLE p DETACH PARTITION p2",
        "INSERT INTO p2 VALUES (102, 2, 'alone')",
        ["p2", "DETACH PARTITION"],
    ),
}


def test_names_reused_by_other_tables_do_not_mislead(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), IDENTITIES)
    migration = put_online(attached, [name])
    reach_wait(migration)
    for ddl, change, words in IDENTITY_CHANGES.values():
        postgres_source.psql(ddl, name)
        postgres_source.psql(change, name)
        if words is None:
            continue
        wait_for_message(migration, name, *words)
        postgres_target.psql(ddl, name)
        wait_until_applied(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []


TYPES = """
CREATE TYPE color AS ENUM ('red');
CREATE TABLE t (id int PRIMARY KEY, n numeric(10,2), at timestamp(0), v varchar(5), c char(3), i int, ns numeric(4,1)[]);
CREATE TABLE keyless (n numeric(10,2), v varchar(5));
INSERT INTO t VALUES (1, 1.25, '2020-01-01', 'abcde', 'abc', 1, '{1.5}');
INSERT INTO keyless VALUES (1.25, 'abc');
"""

TYPE_CHANGES = [
    ("ALTER TABLE t ALTER n TYPE numeric", "UPDATE t SET n = 1.23456", ["column 'n'", "numeric(10,2)", "TYPE numeric"]),
    (
        "ALTER TABLE t ALTER at TYPE timestamp",
        "UPDATE t SET at = '2020-01-01 00:00:00.5'",
        ["column 'at'", "timestamp(0)"],
    ),
    ("ALTER TABLE t ALTER v TYPE varchar(8)", "UPDATE t SET v = 'abcdef  '", ["column 'v'", "character varying(8)"]),
    ("ALTER TABLE t ALTER c TYPE char(5)", "UPDATE t SET c = 'abcde'", ["column 'c'", "character(5)"]),
    ("ALTER TABLE t ALTER i TYPE bigint", "UPDATE t SET i = 5000000000", ["column 'i'", "bigint"]),
    ("ALTER TABLE t ALTER ns TYPE numeric(6,3)[]", "UPDATE t SET ns = '{1.125}'", ["column 'ns'", "numeric(6,3)[]"]),
    (
        "ALTER TABLE keyless ALTER n TYPE numeric(12,4), ALTER v TYPE text",
        "INSERT INTO keyless VALUES (1.0625, 'abcdefgh')",
        ["keyless", "numeric(12,4)"],
    ),
]


def test_types_that_hold_less_wait_for_the_ddl(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), TYPES)
    migration = put_online(attached, [name])
    reach_wait(migration)
    for ddl, change, words in TYPE_CHANGES:
        postgres_source.psql(ddl, name)
        postgres_source.psql(change, name)
        wait_for_message(migration, name, *words)
        postgres_target.psql(ddl, name)
        wait_until_applied(migration, name)
    # Wider on the target first: nothing to wait for.
    postgres_target.psql("ALTER TABLE t ALTER v TYPE text", name)
    postgres_source.psql(
        "INSERT INTO t (id, v) VALUES (2, 'x'); ALTER TABLE t ALTER v TYPE text;"
        "INSERT INTO t (id, v) VALUES (3, 'longer than eight')",
        name,
    )
    cut_over(migration)
    assert differences(attached, name) == []


def wait_at_the_cutover(migration, *words, timeout=30):
    """Until currentStatus.error says what the cutover waits for."""

    def says(body):
        error = body["properties"]["currentStatus"].get("error", "")
        return all(word in error for word in words)

    return migration.wait(says, timeout)


QUIET = (
    "ALTER TABLE cur RENAME TO tmp; ALTER TABLE nxt RENAME TO cur; ALTER TABLE tmp RENAME TO nxt;"
    "ALTER TABLE cols RENAME a TO c; ALTER TABLE cols RENAME b TO a; ALTER TABLE cols RENAME c TO b;"
    "ALTER TABLE last DROP y; ALTER TABLE last ADD y int; ALTER TABLE cols ALTER z TYPE bigint;"
    "ALTER TABLE p DETACH PARTITION p2"
)


def test_the_cutover_waits_for_ddl_without_changes(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), IDENTITIES)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(QUIET, name)
    migration.patch(triggerCutover="True")
    wait_at_the_cutover(
        migration,
        "was renamed to public.nxt",
        "column b of table public.cols was renamed to a",
        "column y of table public.last was dropped and added",
        "has the type bigint",
        "p2",
    )
    postgres_target.psql(QUIET, name)
    migration.succeed()
    assert differences(attached, name) == []


def test_the_cutover_names_the_value_that_the_target_refuses(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), REFUSED)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql("ALTER TABLE t ALTER n DROP NOT NULL; UPDATE t SET n = NULL", name)
    migration.patch(triggerCutover="True")
    wait_at_the_cutover(migration, "column 'n'", "DROP NOT NULL", "23502")
    postgres_target.psql("ALTER TABLE t ALTER n DROP NOT NULL", name)
    assert "error" not in migration.succeed()["properties"]["currentStatus"]
    assert differences(attached, name) == []


def test_changes_behind_a_lock_of_the_target_are_pending(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), "CREATE TABLE t (id int PRIMARY KEY)")
    migration = put_online(attached, [name])
    reach_wait(migration)
    with postgres_target.connect(name) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE t")
        postgres_source.psql("INSERT INTO t SELECT generate_series(1, 50000)", name)
        seen = migration.wait(
            lambda body: details_of(body, name)["incomingChanges"] > 1_000_000
            and details_of(body, name)["latency"] > 1,
            60,
        )
        assert details_of(seen, name)["cdcInsertCounter"] == 0
        cursor.execute("ROLLBACK")
    migration.wait(lambda body: details_of(body, name)["incomingChanges"] == 0, 60)
    assert details_of(migration.get(), name)["cdcInsertCounter"] == 50000
    cut_over(migration)
    assert differences(attached, name) == []


def test_names_that_change_on_the_target_first_do_not_mislead(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), IDENTITIES)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql("INSERT INTO cur VALUES (50, 'cur'); UPDATE cols SET z = 5", name)
    migration.wait(lambda body: details_of(body, name)["cdcUpdateCounter"] == 20, 30)
    swap = IDENTITY_CHANGES["tables"][0] + ";" + IDENTITY_CHANGES["columns"][0]
    postgres_target.psql(swap, name)
    postgres_source.psql("INSERT INTO cur VALUES (51, 'still cur')", name)
    wait_for_message(migration, name, "public.cur")
    postgres_source.psql("UPDATE cols SET a = 7 WHERE id = 1", name)
    postgres_source.psql(swap, name)
    wait_until_applied(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []


REPLACED = """
CREATE TABLE t (id int PRIMARY KEY, other timestamp, same int, v text);
INSERT INTO t SELECT i, '2020-01-01', 1, 'v' FROM generate_series(1, 50) AS i;
CREATE TABLE after (id int PRIMARY KEY);
"""


def test_a_column_replaced_while_older_changes_are_pending_is_recopied(
    attached, database, postgres_source, postgres_target
):
    """The stream still describes the dropped columns, whose names others have on both sides, with another type or not."""
    name = load(postgres_source, database(), REPLACED)
    migration = put_online(attached, [name])
    reach_wait(migration)
    replace = "; ".join(f"ALTER TABLE t DROP {column}; ALTER TABLE t ADD {column} int" for column in ("other", "same"))
    with postgres_target.connect(name) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE t")
        postgres_source.psql("UPDATE t SET other = '2021-01-01', same = 2, v = 'old' WHERE id < 10", name)
        migration.wait(lambda body: details_of(body, name)["incomingChanges"] > 0, 30)
        postgres_source.psql(replace, name)
        cursor.execute(replace)
        cursor.execute("COMMIT")
    postgres_source.psql("UPDATE t SET other = 7, same = 8 WHERE id > 40; INSERT INTO after VALUES (1)", name)
    wait_until(lambda: postgres_target.query("SELECT 1 FROM after", dbname=name), 30, "what comes behind")
    cut_over(migration)
    assert differences(attached, name) == []
