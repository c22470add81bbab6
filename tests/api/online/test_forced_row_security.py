"""FORCE ROW LEVEL SECURITY holds for the owner too: whatever checks or writes rows on the target comes before it."""

import pytest

from arm import details_of, patience, wait_until
from online import cut_over, differences, reach_wait, put_online
from test_online_order import both, load, ordinary, pair  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]

FORCED = """
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (id int PRIMARY KEY, p int CONSTRAINT held REFERENCES parent ON DELETE RESTRICT,
                    q int CONSTRAINT gone REFERENCES parent ON DELETE CASCADE);
CREATE TABLE "Node" (id int PRIMARY KEY, up int REFERENCES "Node", n int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE parts (id int, p int REFERENCES parent ON DELETE SET DEFAULT, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE UNLOGGED TABLE recopied (id int PRIMARY KEY, p int CONSTRAINT late REFERENCES parent ON DELETE RESTRICT);
INSERT INTO parent SELECT i, 'v' FROM generate_series(1, 40) AS i;
INSERT INTO child SELECT i, i, 21 - i FROM generate_series(1, 20) AS i;
INSERT INTO "Node" (id, up) SELECT i, nullif(i / 2, 0) FROM generate_series(1, 20) AS i;
INSERT INTO parts SELECT i, i FROM generate_series(1, 20) AS i;
INSERT INTO recopied SELECT i, i FROM generate_series(1, 20) AS i;
"""
TABLES = ("parent", "child", '"Node"', "parts", "parts_1", "recopied")
FORCE = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY everybody ON {table} USING (id > 0);"
    for table in TABLES
)


def forced(postgres, name):
    return postgres.value("SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity", dbname=name)


@both
def test_forced_row_security_is_set_after_the_foreign_keys(pair, database):  # noqa: F811
    name = load(pair, database(), FORCED + FORCE)
    pair.put([name]).succeed(60)
    assert forced(pair.target.postgres, name) == len(TABLES)
    assert differences(pair, name) == []


@both
def test_following_gives_row_security_back_after_the_keys(pair, database):  # noqa: F811
    name = load(pair, database(), FORCED + FORCE)
    migration = put_online(pair, [name])
    reach_wait(migration)
    pair.source.postgres.psql(
        "BEGIN; DELETE FROM child WHERE id = 3; DELETE FROM parent WHERE id = 30; COMMIT;"
        "INSERT INTO recopied VALUES (30, 5); UPDATE child SET p = 7 WHERE id = 9",
        name,
    )
    cut_over(migration)
    assert forced(pair.target.postgres, name) == len(TABLES)
    assert differences(pair, name) == []


def test_a_view_of_a_forced_table_gets_no_rows_that_its_owner_may_not_see(ordinary, database):  # noqa: F811
    """It is left as it is, and named, at the base copy and at the cutover."""
    name = load(
        ordinary,
        database(),
        FORCED + "CREATE VIEW between AS SELECT * FROM parent; CREATE MATERIALIZED VIEW seen AS SELECT * FROM between;"
        "CREATE MATERIALIZED VIEW free AS SELECT 1 AS one;" + FORCE.replace("id > 0", "id > 20"),
    )
    migration = put_online(ordinary, [name])
    reach_wait(migration)
    ordinary.source.postgres.psql("INSERT INTO parent VALUES (100, 'w')", name)
    message = details_of(cut_over(migration), name)["message"]
    assert "REFRESH MATERIALIZED VIEW" in message and "public.seen was not refreshed" in message, message
    query = "SELECT relname FROM pg_class WHERE relkind = 'm' AND relispopulated"
    assert ordinary.target.postgres.query(query, dbname=name) == [("free",)]


def test_a_canceled_migration_gives_row_security_back_after_keys_made_since(ordinary, database):  # noqa: F811
    name = load(ordinary, database(), FORCED + FORCE)
    source, target = ordinary.source.postgres, ordinary.target.postgres
    migration = put_online(ordinary, [name])
    reach_wait(migration)
    late = "CREATE TABLE late (id int PRIMARY KEY, p int CONSTRAINT held REFERENCES parent ON DELETE RESTRICT);"
    for server in (target, source):
        server.psql(f"SET ROLE {ordinary.login};" + late, name)
    source.psql("INSERT INTO late SELECT i, i FROM generate_series(1, 5) AS i", name)
    set_aside = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'late'::regclass"
    wait_until(lambda: target.value(set_aside, dbname=name) == 0, 30, "the late key set aside")
    migration.cancel()
    wait_until(lambda: target.value(set_aside, dbname=name) == 1, 30, "the late key")
    wait_until(lambda: forced(target, name) == len(TABLES), 30, "row security")
    assert details_of(migration.wait(timeout=30), name)["migrationState"] == "Canceled"
