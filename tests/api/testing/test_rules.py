"""Rules that act on the copy of a database: each point, each action, exactly where the rule says."""

import pytest

from arm import unique
from compare import compare_databases
from rules import Rule
from samples import drop, load_shop

ROWS = 300


@pytest.fixture
def shop(provisioned):
    """A database on the source of the shared pair."""
    names = []

    def make(rows=ROWS):
        name = unique("shop")
        load_shop(provisioned.source.postgres, name, rows)
        names.append(name)
        return name

    yield make
    for server in (provisioned.source.postgres, provisioned.target.postgres):
        drop(server, *names)


def assert_equal(pair, name):
    found = compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))
    assert not found, found


def copied_rows(pair, migration, database, table):
    detail = pair.arm.get(f"/_malachite/migrations/{migration.get()['properties']['migrationId']}?database={database}")
    return {f"{t['schema']}.{t['name']}": t for t in detail["tables"]}[table]["rowsCopied"]


def test_hold_in_a_copy_stops_exactly_at_the_row(provisioned, shop):
    name = shop()
    arm = provisioned.arm
    with Rule(
        arm, at="copy.rows", match={"database": name, "table": "sales.orders"}, skip=137, do={"hold": {}}
    ) as rule:
        migration = provisioned.put([name])
        held = rule.wait(held=1)["held"]
        assert held[0]["migration"] == migration.name and held[0]["database"] == name
        assert held[0]["table"] == "sales.orders"
        assert rule.get()["hits"] == 138
        processed = provisioned.target.postgres.value(
            "SELECT sum(tuples_processed) FROM pg_stat_progress_copy WHERE datname = %s", [name]
        )
        assert processed == 137
        rule.release()
        migration.succeed()
    assert_equal(provisioned, name)
