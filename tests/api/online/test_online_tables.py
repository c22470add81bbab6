"""Online migrations of everything that is hard to follow: tables, types, partitions, encodings, owners, large
transactions, many databases. Between majors: test_online_majors.py."""

import contextlib
import time

import pytest

from arm import details_of, patience, unique, wait_until
from databases.load_hard import load_hard, load_roles
from malachite import Pair, sanitized
from databases.mutate import mutate
from online import (
    Writer,
    assert_nothing_is_left,
    cut_over,
    differences,
    put_online,
    reach_wait,
    wait_for_nothing_pending,
)
from postgres import Postgres
from samples import drop, load_shop

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]


def load(postgres, name, script, **options):
    postgres.create_database(name, **options)
    postgres.psql(script, name)
    return name


def wait_for_changes(migration, name, at_least):
    """Pending bytes may be those of a moment ago: the counters tell what has been applied."""

    def applied():
        details = details_of(migration.get(), name)
        return details["appliedChanges"] >= at_least and details["incomingChanges"] == 0

    wait_until(applied, 90, f"{at_least} changes")


def evidence_of(pair, migration):
    uuid = migration.get()["properties"]["migrationId"]
    [evidence] = pair.arm.get(f"/_malachite/migrations/{uuid}/evidence")["databases"]
    return evidence


def notes_of(pair, migration):
    return " ".join(evidence_of(pair, migration)["notes"])


# -- everything ---------------------------------------------------------------------------------------------------


@pytest.mark.timeout(patience(240))
def test_the_hard_database_follows_whole(attached, database, postgres_source, postgres_target):
    name = database("hard")
    load_roles(postgres_target.dsn())
    load_hard(postgres_source.dsn(), name, rows=500)
    migration = put_online(attached, [name])
    reach_wait(migration, 120)
    changed, refused = mutate(postgres_source, name, truncate=lambda table: True)
    more, _ = mutate(postgres_source, name, seed=0.25)
    cut_over(migration)
    assert differences(attached, name) == []
    assert evidence_of(attached, migration)["losses"] == []
    assert [line for line in evidence_of(attached, migration)["warnings"] if "not on the target" in line] == []
    for kind, tables in (("insert", 75), ("update", 75), ("move", 30), ("delete", 75), ("truncate", 75)):
        assert sum(1 for counts in changed.values() if counts.get(kind)) >= tables, (kind, refused)
    assert len(more) > 100


# -- what is done to tables meanwhile -----------------------------------------------------------------------------

TABLES = """
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 500) AS i;
CREATE TABLE keyless (a int, b text);
INSERT INTO keyless SELECT i % 7, 'same' FROM generate_series(1, 300) AS i;
CREATE TABLE parts (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE TABLE loose (id int, k int NOT NULL, v text) PARTITION BY LIST (k);
CREATE TABLE loose_1 PARTITION OF loose FOR VALUES IN (1);
INSERT INTO parts SELECT i, 1 + i % 2, 'p' FROM generate_series(1, 100) AS i;
INSERT INTO loose SELECT i, 1, 'l' FROM generate_series(1, 100) AS i;
"""


@pytest.fixture
def following(attached, database, postgres_source):
    """A migration of TABLES that waits for its cutover."""
    name = load(postgres_source, database(), TABLES)
    migration = put_online(attached, [name])
    reach_wait(migration)
    return name, migration


def test_rows_rewritten_by_alter_table_are_recopied(attached, following, postgres_source, postgres_target):
    name, migration = following
    # Other values on either side each time; the stream has none of them.
    for script in (
        "ALTER TABLE plain ADD r float DEFAULT random()",
        "ALTER TABLE keyless ADD at timestamptz DEFAULT now()",
        "ALTER TABLE loose ADD constant int DEFAULT 5, ADD later text",
        "ALTER TABLE parts ALTER v TYPE text USING v || random()",
    ):
        postgres_source.psql(script, name)
        postgres_target.psql(script, name)
    postgres_source.psql(
        "UPDATE plain SET r = 7 WHERE id < 10; DELETE FROM keyless WHERE a = 1;"
        "INSERT INTO parts VALUES (1000, 1, 'new')",
        name,
    )
    cut_over(migration)
    assert differences(attached, name) == []
    notes = notes_of(attached, migration)
    assert "Recopied" in notes and all(
        f"public.{table}" in notes for table in ("plain", "keyless", "parts_1", "parts_2")
    )
    assert "loose_1" not in notes


def test_partitions_are_attached_and_detached(attached, following, postgres_source, postgres_target):
    name, migration = following
    both = (
        "CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3)",
        "CREATE TABLE loose_2 PARTITION OF loose FOR VALUES IN (2)",
        "CREATE TABLE joins (v text, k int NOT NULL, id int NOT NULL, PRIMARY KEY (id, k));"
        "ALTER TABLE parts ATTACH PARTITION joins FOR VALUES IN (4)",
        "ALTER TABLE parts DETACH PARTITION parts_2",
    )
    for script in both:
        postgres_source.psql(script, name)
    # Made, filled and attached in one transaction: the stream does not bring the rows from before it was attached.
    made = (
        "CREATE TABLE filled (id int NOT NULL, k int NOT NULL, v text, PRIMARY KEY (id, k));",
        "ALTER TABLE parts ATTACH PARTITION filled FOR VALUES IN (5);"
        "CREATE TABLE bare (id int, k int NOT NULL, v text);",
        "ALTER TABLE loose ATTACH PARTITION bare FOR VALUES IN (5);",
    )
    rows = "INSERT INTO {} SELECT i, 5, 'before' FROM generate_series(1, 20) AS i;"
    postgres_source.psql(
        "BEGIN;" + made[0] + rows.format("filled") + made[1] + rows.format("bare") + made[2] + "COMMIT", name
    )
    postgres_target.psql("".join(made), name)
    postgres_source.psql(
        "INSERT INTO parts SELECT i, 3 + i % 2, 'late' FROM generate_series(200, 300) AS i;"
        "INSERT INTO loose SELECT i, 2, 'late' FROM generate_series(200, 300) AS i;"
        "UPDATE parts SET k = 3 WHERE k = 1 AND id < 50; DELETE FROM parts_2 WHERE id < 20",
        name,
    )
    for script in both:
        postgres_target.psql(script, name)
    postgres_source.psql(
        "UPDATE loose SET k = 2 WHERE id < 10; TRUNCATE parts_3;"
        "INSERT INTO parts VALUES (900, 5, 'after'); INSERT INTO loose VALUES (900, 5, 'after')",
        name,
    )
    cut_over(migration)
    assert differences(attached, name) == []


def test_one_partition_of_an_enum_s_hash_is_emptied(attached, database, postgres_source):
    name = load(
        postgres_source,
        database(),
        """
        CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f');
        CREATE TABLE moods (m mood, n int) PARTITION BY HASH (m);
        CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO moods SELECT (enum_range(NULL::mood))[1 + i % 6], i FROM generate_series(1, 600) AS i""",
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(
        "UPDATE moods SET n = -n WHERE n < 50; TRUNCATE moods_0;"
        "INSERT INTO moods SELECT (enum_range(NULL::mood))[1 + i % 6], i FROM generate_series(1, 60) AS i;"
        "DELETE FROM moods_1 WHERE n > 500",
        name,
    )
    cut_over(migration)
    assert differences(attached, name) == []


def test_transactions_of_every_kind(attached, database):
    """Prepared ones, savepoints, what is rolled back."""
    with Postgres(name="twophase", conf={"max_prepared_transactions": "5"}) as source:
        pair = Pair(attached.malachite, attached.malachite.attach(unique("src"), source, "servers"), attached.target)
        name = load(source, database(), TABLES)
        migration = put_online(pair, [name])
        reach_wait(migration)
        source.psql(
            "BEGIN; INSERT INTO plain VALUES (1001, 'prepared'); UPDATE keyless SET b = 'p' WHERE a = 2;"
            "PREPARE TRANSACTION 'one'",
            name,
        )
        source.psql("BEGIN; INSERT INTO plain VALUES (1002, 'rolled back'); PREPARE TRANSACTION 'two'", name)
        source.psql(
            "BEGIN; DELETE FROM plain WHERE id < 5; SAVEPOINT a; DELETE FROM plain WHERE id < 50;"
            "ROLLBACK TO a; SAVEPOINT b; UPDATE plain SET v = 'b' WHERE id = 60; RELEASE b; COMMIT",
            name,
        )
        source.psql("COMMIT PREPARED 'one'", name)
        source.psql("ROLLBACK PREPARED 'two'", name)
        cut_over(migration)
        assert differences(pair, name) == []


# (to load, to change meanwhile), for psql.
UTF8 = "SET client_encoding = 'UTF8';"
TEXTS = {
    "LATIN1": (
        UTF8 + "INSERT INTO words VALUES (1, 'café'); INSERT INTO loose VALUES ('naïve'), ('ß')",
        UTF8 + "INSERT INTO words VALUES (2, 'Ünï'); UPDATE words SET v = v || 'ö' WHERE id = 1;"
        "DELETE FROM loose WHERE v = 'ß'; INSERT INTO loose VALUES ('Æ')",
    ),
    "SQL_ASCII": (
        r"INSERT INTO words VALUES (1, E'caf\xe9'); INSERT INTO loose VALUES (E'na\xefve'), (E'\xdf')",
        r"INSERT INTO words VALUES (2, E'\xdcn\xef'); UPDATE words SET v = v || E'\xf6' WHERE id = 1;"
        r"DELETE FROM loose WHERE v = E'\xdf'; INSERT INTO loose VALUES (E'\xc6\xff')",
    ),
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_text_of_another_encoding(attached, database, postgres_source, encoding):
    name = database()
    postgres_source.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    before, meanwhile = TEXTS[encoding]
    postgres_source.psql("CREATE TABLE words (id int PRIMARY KEY, v text); CREATE TABLE loose (v text);" + before, name)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(meanwhile, name)
    cut_over(migration)
    assert differences(attached, name) == []


# -- owners -------------------------------------------------------------------------------------------------------


def test_a_login_that_owns_only_some_tables(attached, database, postgres_source, postgres_target):
    """The others cannot be published by it: they are told beforehand, and copied again."""
    name, login = database(), unique("some")
    for server in (postgres_source, postgres_target):
        server.psql(f"CREATE ROLE {login} LOGIN CREATEDB REPLICATION PASSWORD 'some-password'")
    try:
        load(
            postgres_source,
            name,
            f"""
            GRANT CREATE ON DATABASE {name} TO {login};
            CREATE TABLE foreign_keyed (id int PRIMARY KEY, v text);
            CREATE TABLE foreign_loose (v text);
            INSERT INTO foreign_keyed SELECT i, 'x' FROM generate_series(1, 50) AS i;
            INSERT INTO foreign_loose SELECT 'y' FROM generate_series(1, 50) AS i;
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO {login};
            GRANT CREATE ON SCHEMA public TO {login}; SET ROLE {login};
            CREATE TABLE own_keyed (id int PRIMARY KEY, v text);
            CREATE TABLE own_loose (v text);
            INSERT INTO own_keyed SELECT i, 'x' FROM generate_series(1, 50) AS i;
            INSERT INTO own_loose SELECT 'y' FROM generate_series(1, 50) AS i""",
        )
        malachite = attached.malachite
        pair = Pair(
            malachite,
            *(
                malachite.attach(unique("some"), server, kind, login=login, password="some-password")
                for server, kind in ((postgres_source, "servers"), (postgres_target, "flexibleServers"))
            ),
        )
        migration = put_online(pair, [name])
        reach_wait(migration)
        postgres_source.psql(
            "UPDATE foreign_keyed SET v = 'z' WHERE id < 9; DELETE FROM foreign_keyed WHERE id > 40;"
            "INSERT INTO foreign_loose VALUES ('n'); UPDATE foreign_loose SET v = 'u' WHERE v = 'n';"
            "UPDATE own_keyed SET v = 'z' WHERE id < 9; INSERT INTO own_loose VALUES ('n')",
            name,
        )
        cut_over(migration)
        assert [line for line in differences(pair, name) if line.startswith("rows ")] == []
        notes = notes_of(pair, migration)
        assert "foreign_keyed" in notes and "foreign_loose" in notes and "own_" not in notes
    finally:
        for server in (postgres_source, postgres_target):
            drop(server, name)
            server.psql(f"DROP ROLE {login}")


# -- load ---------------------------------------------------------------------------------------------------------

LARGE = 60000


def test_large_transactions(attached, database, postgres_source):
    """More than one batch of the applier: a table with a key, and one without, where many rows are the same."""
    name = load(
        postgres_source,
        database(),
        """
        CREATE TABLE keyed (id int PRIMARY KEY, a int, t text);
        CREATE TABLE keyless (id int, a int, t text);
        CREATE TABLE nullable (id int UNIQUE, t text)""",
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    changes = 0
    for table, key in (("keyed", "i"), ("keyless", "i / 3"), ("nullable", "nullif(i % 5, 0) * 0 + i")):
        columns = "id, t" if table == "nullable" else "id, a, t"
        values = f"{key}, 'row ' || i / 3" if table == "nullable" else f"{key}, i % 7, 'row ' || i / 3"
        postgres_source.psql(
            f"BEGIN; INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, {LARGE}) AS i;"
            f"UPDATE {table} SET t = t || 'x'; DELETE FROM {table} WHERE id % 2 = 0; COMMIT;"
            f"UPDATE {table} SET t = t || 'y'; BEGIN; DELETE FROM {table} WHERE id % 3 = 0;"
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, 30) AS i WHERE i % 2 = 0; COMMIT",
            name,
        )
        changes += 2 * LARGE
    wait_for_changes(migration, name, changes)
    cut_over(migration)
    assert differences(attached, name) == []


def memory_megabytes(pid):
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024


def lasting_connections(server):
    """Counts sessions that last: one that PostgreSQL is still ending does not count beside its successor."""
    query = "SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = 'malachite'"
    before = server.value(query) or []
    time.sleep(0.1)
    return len(set(before) & set(server.value(query) or []))


def test_eight_databases_under_load(attached, provisioned, database, postgres_source):
    """And a second migration from the same source to another target meanwhile."""
    names = [load_shop(postgres_source, database(), rows=50) for _ in range(9)]
    other = Pair(attached.malachite, attached.source, provisioned.target)
    most_memory, most_connections = 0, 0
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(Writer(postgres_source, name)) for name in names]
        migrations = [put_online(attached, names[:8]), put_online(other, names[8:])]
        for migration in migrations:
            reach_wait(migration, 120)
        reached = [writer.committed for writer in writers]
        wait_until(
            lambda: all(writer.committed > before + 50 for writer, before in zip(writers, reached)), 60, "writers"
        )
        for _ in range(20):
            most_memory = max(most_memory, memory_megabytes(attached.malachite.pid))
            most_connections = max(
                most_connections, lasting_connections(postgres_source), lasting_connections(attached.target.postgres)
            )
            migrations[0].get()
    for migration, some in zip(migrations, (names[:8], names[8:])):
        wait_for_nothing_pending(migration, *some)
        assert all(details_of(migration.get(), name)["cdcInsertCounter"] > 100 for name in some)
        cut_over(migration)
    # A walsender, or the applier's session, for each database, and one that asks where the source's end is.
    assert most_connections <= 9 + 2 + 1, most_connections
    if not sanitized():  # sanitizers take memory of their own
        assert most_memory < 100, most_memory
    for name in names[:8]:
        assert differences(attached, name) == []
    # Owners differ there.
    assert [line for line in differences(other, names[8]) if line.startswith("rows ")] == []
    assert_nothing_is_left(attached, *names)
    drop(provisioned.target.postgres, *names[8:])
