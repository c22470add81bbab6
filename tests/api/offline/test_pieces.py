"""Large tables are copied in pieces by several lanes: azure.migration_table_split_size."""

import pytest

from arm import details_of, wait_until
from online import Writer, cut_over, differences, put_online, reach_wait
from rules import Rule

SPLIT_SIZE = "azure.migration_table_split_size"
TABLES = r"""
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE "Wide One" (id int, "Some text" text, twice int GENERATED ALWAYS AS (id * 2) STORED, state mood);
INSERT INTO "Wide One" (id, "Some text", state) SELECT g, repeat('x', g %% 900), CASE g %% 3 WHEN 0 THEN 'sad'::mood ELSE 'happy' END
FROM generate_series(1, 12000) AS g;
DELETE FROM "Wide One" WHERE id BETWEEN 100 AND 4000 OR id %% 7 = 0;
UPDATE "Wide One" SET state = 'ok' WHERE id %% 5 = 0;
CREATE INDEX ON "Wide One" (id);
CREATE TABLE toasted (id int PRIMARY KEY, b text);
ALTER TABLE toasted ALTER b SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT g, repeat(md5(g::text), 300) FROM generate_series(1, 400) AS g;
CREATE TABLE hashed (state mood, id int) PARTITION BY HASH (state);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hashed SELECT 'happy', g FROM generate_series(1, 60000) AS g;
CREATE TABLE small (id int);
INSERT INTO small SELECT generate_series(1, 100);
""".replace(
    "%%", "%"
)
WRITES = """
INSERT INTO toasted VALUES (100000 + %(n)s, 'new');
DELETE FROM toasted WHERE id = %(n)s;
UPDATE toasted SET b = b || '!' WHERE id = 400 - %(n)s %% 200;
"""
COPIES = "FROM pg_stat_activity WHERE application_name = 'malachite' AND datname = '{}' AND query LIKE '%COPY %STDIN%'"


@pytest.fixture
def split(arm, attached, database):
    def set_size(megabytes):
        path = f"{attached.target.id}/configurations/{SPLIT_SIZE}"
        arm.wait_operation(arm.request("PATCH", path, {"properties": {"value": str(megabytes)}}, status=202))

    name = database()
    attached.source.postgres.create_database(name)
    attached.source.postgres.psql(TABLES, name)
    set_size(1)
    yield name
    set_size(20480)


def begins(arm, name, table):
    return Rule(arm, at="table.begin", match={"database": name, "table": table}, times=0, do={"delay": {"ms": 1}})


def test_pieces_are_the_table(attached, split):
    with begins(attached.arm, split, 'public."Wide One"') as wide, begins(attached.arm, split, "public.small") as small:
        migration = attached.put([split])
        details = details_of(migration.succeed(), split)
        assert wide.get()["fired"] > 3 and small.get()["fired"] == 1
    tables = attached.source.postgres.value(
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid > 16384", dbname=split
    )
    assert details["fullLoadCompletedTables"] == tables == 5
    assert differences(attached, split) == []


def test_lost_sessions_and_writes_meanwhile(attached, split):
    """Each piece outlives the loss of its session; what others have copied stays."""
    source, target = attached.source.postgres, attached.target.postgres
    with Rule(
        attached.arm, at="table.end", match={"database": split, "table": "public.toasted"}, times=0, do={"hold": {}}
    ) as held:
        with Writer(source, split, transaction=WRITES):
            migration = put_online(attached, [split])
            held.wait(fired=2)
            migration.watch.begin_attempt()
            for side, query in ((target, COPIES), (source, COPIES.replace("STDIN", "STDOUT"))):
                wait_until(lambda: side.value("SELECT count(*) " + query.format(split)) > 0, 20, "a copy")
                side.execute("SELECT pg_terminate_backend(pid) " + query.format(split))
            held.delete()
            reach_wait(migration)
        cut_over(migration)
    assert differences(attached, split) == []
