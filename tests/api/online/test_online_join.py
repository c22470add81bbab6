"""Tables that appear while an online migration follows: those that both sides have then are copied and followed, long
before the cutover."""

import pytest

from arm import details_of, patience, unique, wait_until
from malachite import Pair
from online import Writer, assert_nothing_is_left, cut_over, differences, identities, put_online, reach_wait
from samples import drop

pytestmark = pytest.mark.timeout(patience(150))

BASE = """
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 50) AS i;
CREATE TABLE log (id int PRIMARY KEY, v text);
INSERT INTO log SELECT i, 'old' FROM generate_series(1, 50) AS i;
CREATE TABLE parts (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
INSERT INTO parts SELECT i, 1, 'p' FROM generate_series(1, 30) AS i;
"""

LATE = """
CREATE TABLE late (id serial PRIMARY KEY, parent int REFERENCES plain, v text, twice int);
CREATE TABLE late_child (id int PRIMARY KEY, late int REFERENCES late ON DELETE CASCADE);
CREATE TABLE late_loose (a int, b text);
CREATE TABLE late_part (id int NOT NULL, k int NOT NULL, v text, PRIMARY KEY (id, k));
"""
ATTACH = "ALTER TABLE parts ATTACH PARTITION late_part FOR VALUES IN (7);"
ROWS = """
INSERT INTO late (parent, v) SELECT 1 + i % 50, repeat('x', i % 100) FROM generate_series(1, 5000) AS i;
INSERT INTO late_child SELECT i, i FROM generate_series(1, 1000) AS i;
INSERT INTO late_loose SELECT i % 10, 'same' FROM generate_series(1, 1000) AS i;
INSERT INTO late_part SELECT i, 7, 'early' FROM generate_series(1, 1000) AS i;
"""
# Rows that refer to rows of a table that is followed already, and of one that is new, in the same transaction.
WRITE = """
INSERT INTO plain VALUES (1000 + %(n)s, 'fresh');
INSERT INTO late (parent, v) VALUES (1000 + %(n)s, 'written');
INSERT INTO late_child SELECT 100000 + %(n)s, max(id) FROM late;
UPDATE late SET v = v || '!' WHERE id = 1 + %(n)s %% 500;
DELETE FROM late WHERE id = 2000 + %(n)s;
INSERT INTO late_loose VALUES (%(n)s, 'n');
UPDATE late_loose SET b = b || 'u' WHERE a = %(m)s;
DELETE FROM late_loose WHERE ctid IN (SELECT ctid FROM late_loose WHERE a = 3 AND b = 'same' LIMIT 1);
UPDATE parts SET v = 'now' WHERE k = 7 AND id = %(n)s;
"""
TABLES = ("late", "late_child", "late_loose", "late_part")


def load(postgres, name, script):
    postgres.create_database(name)
    postgres.psql(script, name)
    return name


def evidence_of(pair, migration):
    uuid = migration.get()["properties"]["migrationId"]
    [evidence] = pair.arm.get(f"/_malachite/migrations/{uuid}/evidence")["databases"]
    return evidence


def wait_for_rows(postgres, name, *tables, timeout=60):
    """Until the target has some of each."""
    wait_until(
        lambda: all(postgres.query(f"SELECT 1 FROM {table} LIMIT 1", dbname=name) for table in tables),
        timeout,
        f"rows of {tables}",
    )


def ordinary_pair(attached, name, postgres_source, postgres_target):
    """Logins that are no superusers: the source's owns its tables, the target's may make databases."""
    login = unique("plain")
    for server in (postgres_source, postgres_target):
        server.psql(f"CREATE ROLE {login} LOGIN CREATEDB REPLICATION PASSWORD 'plain-password'")
    postgres_source.psql(f"ALTER DATABASE {name} OWNER TO {login}")
    postgres_source.psql(
        f"ALTER SCHEMA public OWNER TO {login};"
        + "".join(f"ALTER TABLE {table} OWNER TO {login};" for table in ("plain", "log", "parts", "parts_1")),
        name,
    )
    return login, Pair(
        attached.malachite,
        *(
            attached.malachite.attach(unique("plain"), server, kind, login=login, password="plain-password")
            for server, kind in ((postgres_source, "servers"), (postgres_target, "flexibleServers"))
        ),
    )


@pytest.mark.parametrize("who", ["superuser", "ordinary"])
def test_tables_created_on_both_sides_join(attached, database, postgres_source, postgres_target, who):
    name = load(postgres_source, database(), BASE)
    login, pair = None, attached
    if who == "ordinary":
        login, pair = ordinary_pair(attached, name, postgres_source, postgres_target)
    as_login = f"SET ROLE {login};" if login else ""
    try:
        migration = put_online(pair, [name])
        reach_wait(migration)
        postgres_source.psql(as_login + LATE + ROWS, name)
        with Writer(postgres_source, name, transaction=WRITE) as writer:
            postgres_source.psql(as_login + ATTACH, name)
            postgres_target.psql(as_login + LATE + ATTACH, name)
            wait_for_rows(postgres_target, name, *TABLES)
            assert migration.get()["properties"]["currentStatus"].get("error") is None
            before = writer.committed
            wait_until(lambda: writer.committed > before + 20, 30, "more transactions")
            assert writer.stop() > 20
        cut_over(migration)
        assert [line for line in differences(pair, name) if line.startswith("rows ")] == []
        evidence = evidence_of(pair, migration)
        assert evidence["losses"] == []
        assert "Recopied" not in " ".join(evidence["notes"])
        assert all(f"public.{table}" in " ".join(evidence["notes"]) for table in TABLES), evidence["notes"]
        assert set(identities(postgres_source, name).values()) == {"d"}
        assert_nothing_is_left(pair, name)
    finally:
        if login:
            for server in (postgres_source, postgres_target):
                drop(server, name)
                server.psql(f"DROP OWNED BY {login}; DROP ROLE {login}")


def test_a_table_that_takes_the_name_of_another_joins(attached, database, postgres_source, postgres_target):
    """Rotation: what is followed keeps being followed under its new name."""
    name = load(postgres_source, database(), BASE)
    migration = put_online(attached, [name])
    reach_wait(migration)
    rotate = "ALTER TABLE log RENAME TO log_1; CREATE TABLE log (id int PRIMARY KEY, v text);"
    postgres_source.psql(
        f"BEGIN; {rotate} INSERT INTO log SELECT i, 'new' FROM generate_series(1, 500) AS i; COMMIT;"
        "UPDATE log_1 SET v = 'kept' WHERE id < 10",
        name,
    )
    postgres_target.psql(rotate, name)
    wait_for_rows(postgres_target, name, "log")
    postgres_source.psql("UPDATE log SET v = 'changed' WHERE id < 100; DELETE FROM log_1 WHERE id > 40", name)
    cut_over(migration)
    assert differences(attached, name) == []
    assert "Recopied" not in " ".join(evidence_of(attached, migration)["notes"])


def test_a_writer_that_does_not_end_delays_joining_and_nothing_else(
    attached, database, postgres_source, postgres_target
):
    name = load(postgres_source, database(), BASE)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql("CREATE TABLE late (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY)", name)
    writer = postgres_source.connect(name)
    writer.autocommit = False
    writer.cursor().execute("INSERT INTO late VALUES (1); INSERT INTO gone VALUES (1)")
    postgres_target.psql("CREATE TABLE late (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY)", name)
    migration.wait(lambda body: "public.late" in (details_of(body, name).get("migrationOperation") or ""), 30)
    postgres_source.psql("INSERT INTO plain VALUES (2000, 'meanwhile')", name)
    wait_until(lambda: postgres_target.query("SELECT 1 FROM plain WHERE id = 2000", dbname=name), 20, "the other table")
    assert not postgres_target.query("SELECT 1 FROM late", dbname=name)
    writer.commit()
    writer.close()
    postgres_source.psql("DROP TABLE gone", name)
    postgres_target.psql("DROP TABLE gone", name)
    wait_for_rows(postgres_target, name, "late")
    cut_over(migration)
    assert differences(attached, name) == []


def test_rows_that_others_have_written_are_not_replaced_in_silence(
    attached, database, postgres_source, postgres_target
):
    name = load(postgres_source, database(), BASE)
    migration = put_online(attached, [name])
    reach_wait(migration)
    late = "CREATE TABLE late (id int PRIMARY KEY, v text);"
    postgres_target.psql(late + "INSERT INTO late VALUES (1, 'target')", name)
    postgres_source.psql(late + "INSERT INTO late VALUES (2, 'source')", name)
    migration.wait(
        lambda body: "public.late" in (details_of(body, name).get("migrationOperation") or "")
        and "rows" in details_of(body, name)["migrationOperation"],
        30,
    )
    assert postgres_target.query("SELECT id FROM late", dbname=name) == [(1,)]
    # Emptied, it joins.
    postgres_target.psql("TRUNCATE late", name)
    wait_for_rows(postgres_target, name, "late")
    cut_over(migration)
    assert differences(attached, name) == []


def test_a_kill_while_a_table_joins_restarts_its_copy(own_pair, database, postgres_source, postgres_target):
    pair = own_pair()
    name = load(postgres_source, database(), BASE)
    migration = put_online(pair, [name])
    reach_wait(migration)
    late = "CREATE TABLE late (id int PRIMARY KEY, v text);"
    postgres_source.psql(
        late + "INSERT INTO late SELECT i, repeat('x', 200) FROM generate_series(1, 400000) AS i", name
    )
    with Writer(postgres_source, name, transaction="UPDATE late SET v = v || '!' WHERE id = %(n)s") as writer:
        postgres_target.psql(late, name)
        wait_until(
            lambda: postgres_target.query(
                "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND state = 'active' AND query LIKE 'COPY%%'",
                (name,),
            ),
            60,
            "the copy",
        )
        pair.malachite.kill()
        pair.malachite.start()
        wait_for_rows(postgres_target, name, "late")
        assert writer.stop() > 10
    cut_over(migration)
    assert differences(pair, name) == []
    assert "Recopied" not in " ".join(evidence_of(pair, migration)["notes"])
