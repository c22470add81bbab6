"""What the cutover finds is kept: rows and sequences of both sides, positions, notes."""

import pytest

from arm import details_of, patience, unique
from online import Writer, cut_over, put_online, reach_wait, wait_for_nothing_pending
from samples import drop, load_shop

pytestmark = pytest.mark.timeout(patience(120))


def address(body):
    return "/_malachite/migrations/" + body["properties"]["migrationId"] + "/evidence"


@pytest.mark.parametrize("kind", ["attached", "provisioned"])
def test_evidence_of_a_cutover(request, kind):
    pair = request.getfixturevalue(kind)
    source = pair.source.postgres
    name = load_shop(source, unique("evidence"), 30)
    source.psql("CREATE UNLOGGED TABLE fleeting (a int)", name)
    try:
        migration = put_online(pair, [name])
        body = reach_wait(migration)
        assert name not in str(pair.arm.error("GET", address(body), 404, code="NotFound"))
        source.psql(
            "INSERT INTO fleeting VALUES (1), (2); INSERT INTO sales.customer (name) VALUES ('new');"
            "CREATE TABLE late (a int); INSERT INTO late VALUES (1)",
            name,
        )
        pair.target.postgres.psql("CREATE TABLE late (a int); CREATE TABLE theirs (a int)", name)
        wait_for_nothing_pending(migration, name)
        cut_over(migration)
        answer = pair.arm.get(address(body))
        assert answer["migrationId"] == body["properties"]["migrationId"]
        [found] = answer["databases"]
        assert found["name"] == name and found["sourceQuiet"] is True
        for key in ("positionAtTrigger", "positionApplied"):
            assert source.value("SELECT %s::pg_lsn <= pg_current_wal_lsn()", (found[key],))
        rows = {
            f"{table['schema']}.{table['name']}": (table["sourceRows"], table["targetRows"])
            for table in found["tables"]
        }
        assert rows["sales.customer"] == (31, 31) and rows["public.fleeting"] == (2, 2)
        assert all(here == there for here, there in rows.values())
        assert rows["public.late"] == (1, 1) and "public.theirs" not in rows
        sequences = {
            sequence["name"]: (sequence["sourceValue"], sequence["targetValue"]) for sequence in found["sequences"]
        }
        assert sequences["customer_id_seq"] == (31, 31)
        assert found["losses"] == [] and found["warnings"] == []
        assert any("public.theirs" in note for note in found["notes"])
        assert any("public.fleeting (2 rows)" in note for note in found["notes"])
        # Made on both sides: it has joined, or was recopied.
        assert any("public.late" in note for note in found["notes"])
    finally:
        for server in (pair.source, pair.target):
            drop(server.postgres, name)


def test_uncounted_tables_are_not_reported_as_equal(own_pair, database):
    pair = own_pair("--evidence-ms", 1)
    name = database()
    pair.source.postgres.create_database(name)
    pair.source.postgres.psql(
        "CREATE TABLE large AS SELECT i AS id, repeat('x', 200) AS v FROM generate_series(1, 100000) AS i;"
        "ALTER TABLE large ADD PRIMARY KEY (id)",
        name,
    )
    migration = put_online(pair, [name])
    reach_wait(migration)
    message = details_of(cut_over(migration), name)["message"]
    assert "public.large" in message and "not counted within 1 ms" in message and "All rows" not in message, message


def test_writing_after_the_cutover_is_reported(attached, database):
    name = database()
    source = attached.source.postgres
    source.create_database(name)
    source.psql("CREATE TABLE busy (id serial PRIMARY KEY, n int)", name)
    migration = put_online(attached, [name])
    reach_wait(migration)
    with Writer(source, name, transaction="INSERT INTO busy (n) VALUES (%(n)s + 0 * %(m)s)", pause=0):
        message = details_of(cut_over(migration), name)["message"]
    assert "written to after the cutover" in message and "All rows" not in message, message
    [found] = attached.arm.get(address(migration.get()))["databases"]
    assert found["losses"] == [] and found["sourceQuiet"] is False
