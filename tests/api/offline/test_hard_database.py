"""A database with the ugly corners of PostgreSQL, compared object by object and row by row."""

import pytest

from arm import details_of
from compare import compare_databases
from databases.load_hard import load_hard, load_roles
from samples import drop

NAME = "hard"
ROWS = 2000

# What cannot arrive, and why. Entries as compare.py's `ignore` takes them.
EXPECTED = {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["attached", "provisioned"])
def test_the_hard_database_arrives_whole(request, kind):
    pair = request.getfixturevalue(kind)
    source, target = pair.source.postgres, pair.target.postgres
    load_roles(target.dsn())
    dsn = load_hard(source.dsn(), NAME, rows=ROWS)
    try:
        body = pair.put([NAME]).succeed(timeout=120)
        found = compare_databases(dsn, target.dsn(NAME), ignore=tuple(EXPECTED))
        assert found == [], details_of(body, NAME).get("message")
        assert "message" not in details_of(body, NAME), "all of it arrived, yet a loss is told"
    finally:
        drop(source, NAME)
        drop(target, NAME)


@pytest.mark.slow
def test_a_database_whose_sessions_are_read_only_by_default_arrives(attached, postgres_source, postgres_target):
    name = "hard_read_only"
    load_roles(postgres_target.dsn())
    dsn = load_hard(postgres_source.dsn(), name, rows=100, read_only=True, subscription=True)
    try:
        attached.put([name]).succeed(timeout=120)
        assert compare_databases(dsn, postgres_target.dsn(name), ignore=tuple(EXPECTED)) == []
    finally:
        for server in (postgres_source, postgres_target):
            for subscription in subscriptions(server, name):
                for clause in ("DISABLE", "SET (slot_name = NONE)"):
                    writable(server, name, f"ALTER SUBSCRIPTION {subscription} {clause}")
                writable(server, name, f"DROP SUBSCRIPTION {subscription}")
            drop(server, name)


def subscriptions(server, name):
    if not server.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,)):
        return []
    return [
        row[0]
        for row in server.query(
            "SELECT quote_ident(subname) FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = %s",
            (name,),
        )
    ]


def writable(server, name, sql):
    server.psql("SET default_transaction_read_only = off; " + sql, name)
