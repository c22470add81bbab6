"""What the cutover finds is kept: rows and sequences of both sides, positions, notes."""

import pytest

from arm import patience, unique
from online import cut_over, put_online, reach_wait, wait_for_nothing_pending
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
        assert any("public.fleeting (2 rows)" in note and "public.late (1 row)" in note for note in found["notes"])
    finally:
        for server in (pair.source, pair.target):
            drop(server.postgres, name)
