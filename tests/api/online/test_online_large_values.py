"""Online migrations of values of hundreds of megabytes: PostgreSQL's text form of a bytea is twice as large as the value,
and no message of its protocol may be larger than 1 GB."""

import pytest

from arm import details_of, patience, state_of, unique, wait_until
from binaries import binaries
from malachite import MAJORS_CACHE, Pair, majors
from online import cut_over, put_online, reach_wait
from postgres import Postgres
from samples import drop

MB = 1024 * 1024
pytestmark = [pytest.mark.slow, pytest.mark.timeout(patience(600))]

TABLES = """
CREATE TYPE color AS ENUM ('red', 'green');
CREATE TYPE pair AS (a int, b color);
CREATE DOMAIN bytes AS bytea CHECK (octet_length(VALUE) > 0);
CREATE TABLE kept (id int PRIMARY KEY, n numeric, b bytea, t text, c color, cs color[], p pair, at timestamptz, m money,
                   j jsonb, r int4range, f double precision, u uuid, flag bool, x xml, k "char", big bigint);
CREATE TABLE whole (id int, n int, b bytes);
ALTER TABLE kept ALTER b SET STORAGE EXTERNAL, ALTER t SET STORAGE EXTERNAL;
ALTER TABLE whole ALTER b SET STORAGE EXTERNAL;
ALTER TABLE whole REPLICA IDENTITY FULL;
"""
# Values of every kind of type, in the same transaction as one that makes the stream binary.
OTHERS = """
INSERT INTO kept SELECT i, i / 7.0, '\\x00ff', 'é', 'green', '{red,green,NULL}', '(1,red)',
    '2024-02-29 12:34:56.789012+03', -1.5, '{"a": [1, null]}', '[1,5)', 0.1 * i, '11111111-1111-1111-1111-111111111111',
    i % 2 = 0, '<a/>', 'k', -i FROM generate_series(100, 120) i;
UPDATE kept SET n = -n, cs = '{}' WHERE id > 110;
DELETE FROM kept WHERE id > 115;
"""


def bytes_of(size, what):
    return f"decode(repeat('{what}', {size // 2}), 'escape')"


@pytest.fixture
def databases():
    """A function that makes a database on a pair of servers; it is dropped afterwards."""
    made = []

    def make(pair):
        name = unique("big")
        made.append((pair, name))
        pair.source.postgres.create_database(name)
        pair.source.postgres.psql(TABLES, name)
        return name

    yield make
    for pair, name in made:
        for server in (pair.source, pair.target):
            if server.postgres.running:
                drop(server.postgres, name)


def shape(postgres, name):
    """Quick to read: nothing large is fetched."""
    return postgres.query(
        "SELECT 'kept', id, n, octet_length(b), octet_length(t) FROM kept UNION ALL"
        " SELECT 'whole', id, n, octet_length(b), 0 FROM whole ORDER BY 1, 2",
        dbname=name,
    )


def content(postgres, name):
    return postgres.query(
        "SELECT 'kept', id, n, sha256(b)::text, md5(t), (c, cs, p, at, m, j, r, f, u, flag, x::text, k, big)::text FROM kept"
        " UNION ALL SELECT 'whole', id, n, sha256(b)::text, '', '' FROM whole ORDER BY 1, 2",
        dbname=name,
    )


def wait_until_arrived(pair, migration, name):
    wanted = shape(pair.source.postgres, name)

    def arrived():
        body = migration.get()
        details = details_of(body, name)
        assert state_of(body) in ("InProgress", "WaitingForUserAction"), body
        assert "migrationOperation" not in details, details["migrationOperation"]
        return shape(pair.target.postgres, name) == wanted

    wait_until(arrived, 300, "equal rows", 0.5)


def test_values_of_more_than_512_mb_arrive(attached, databases):
    source, target, name = attached.source.postgres, attached.target.postgres, databases(attached)
    migration = put_online(attached, [name])
    reach_wait(migration)
    source.psql(f"INSERT INTO kept (id, t) VALUES (2, repeat('é', {600 * MB // 2}))", name)
    source.psql(
        f"BEGIN; INSERT INTO kept (id, b, c) SELECT 1, {bytes_of(540 * MB, 'cd')}, 'red'; {OTHERS} COMMIT;"
        " UPDATE kept SET n = 3 WHERE id < 10",
        name,
    )
    wait_until_arrived(attached, migration, name)
    cut_over(migration, 240)
    assert content(source, name) == content(target, name)


def wait_for_message(migration, name, *words):
    body = migration.wait(lambda body: "migrationOperation" in details_of(body, name), 240)
    operation = details_of(body, name)["migrationOperation"]
    assert all(word in operation for word in words), operation


def test_old_and_new_version_of_a_large_row(attached, databases):
    """One that was not changed is not sent again, and both together may have 1 GB."""
    source, target, name = attached.source.postgres, attached.target.postgres, databases(attached)
    source.psql(f"INSERT INTO whole SELECT 1, 1, {bytes_of(540 * MB, 'ab')}", name)
    migration = put_online(attached, [name])
    reach_wait(migration, 240)
    source.psql("INSERT INTO whole VALUES (2, 2, '\\x01'), (3, 2, '\\x01')", name)
    source.psql("UPDATE whole SET n = 3 WHERE id < 3; DELETE FROM whole WHERE id = 3", name)
    wait_until_arrived(attached, migration, name)
    assert content(source, name) == content(target, name)
    source.psql(f"UPDATE whole SET b = {bytes_of(540 * MB, 'cd')} WHERE id = 1", name)
    wait_for_message(migration, name, "column 'b' of the table public.whole", "Cancel this migration")
    migration.cancel()
    migration.wait("Canceled")


def test_source_that_cannot_send_binary_waits(malachite, databases):
    if 13 not in majors() or 15 not in majors():
        pytest.skip("needs PostgreSQL 13 and 15")
    with Postgres(f"{MAJORS_CACHE}/13/bin", name="source") as old, Postgres(binaries()[15], name="target") as new:
        pair = Pair(malachite, *(malachite.attach(unique("srv"), server) for server in (old, new)))
        name = databases(pair)
        migration = put_online(pair, [name])
        reach_wait(migration)
        old.psql(f"INSERT INTO kept (id, b) SELECT 1, {bytes_of(540 * MB, 'cd')}", name)
        wait_for_message(migration, name, "column 'b' of the table public.kept", "Cancel this migration")
        migration.cancel()
        migration.wait("Canceled")
