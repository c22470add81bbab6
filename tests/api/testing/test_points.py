"""Every point of a migration: rules hold there, several at a time; release, and both sides are equal."""

import pytest

from arm import state_of, unique, wait_until
from compare import compare_databases
from online import put_online, reach_wait
from rules import COPY_SESSIONS, OFFLINE_POINTS, Rule
from samples import drop, load_shop

AT_CUTOVER = ["cutover.begin", "cutover.applied", "largeobjects", "sequences", "cutover.compare"]


@pytest.fixture
def shop(provisioned):
    """Makes databases on the source of the shared pair."""
    names = []

    def make(rows=100):
        names.append(unique("shop"))
        load_shop(provisioned.source.postgres, names[-1], rows)
        return names[-1]

    yield make
    for server in (provisioned.source.postgres, provisioned.target.postgres):
        drop(server, *names)


def assert_equal(pair, name):
    found = compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))
    assert not found, found


def match_of(point, migration, name):
    """What every visit of this point knows."""
    if point.startswith("substate"):
        return {"migration": migration, "substate": "MigratingData"}
    if point in ("table.begin", "copy.rows", "table.end"):
        return {"migration": migration, "database": name, "table": "sales.orders"}
    return {"migration": migration, "database": name}


def release_one(rules):
    """Releases whatever is held now; the points that were held."""
    held = [point for point, rule in rules.items() if rule.get()["held"]]
    for point in held:
        rules[point].release()
    return held


def test_every_point_of_an_offline_migration_holds(provisioned, shop):
    name, migration_name = shop(), unique("m")
    arm = provisioned.arm
    rules = {
        point: Rule(arm, at=point, match=match_of(point, migration_name, name), do={"hold": {}})
        for point in OFFLINE_POINTS
    }
    held = set()
    migration = arm.put_migration(provisioned.source, provisioned.target, [name], name=migration_name)

    def ended():
        held.update(release_one(rules))
        return state_of(migration.get()) not in ("InProgress", "WaitingForUserAction")

    wait_until(ended, 60, "the end of the migration")
    assert held == set(OFFLINE_POINTS)
    migration.succeed()
    for rule in rules.values():
        rule.delete()
    assert_equal(provisioned, name)


def test_every_point_of_an_online_migration_holds(provisioned, shop):
    name = shop()
    arm = provisioned.arm
    follow = {
        point: Rule(arm, at=point, match={"database": name}, do={"hold": {}})
        for point in ("follow.begin", "follow.transaction")
    }
    migration = put_online(provisioned, [name])
    held = follow["follow.begin"].wait(held=1)["held"]
    assert (held[0]["migration"], held[0]["database"]) == (migration.name, name)
    follow["follow.begin"].release()
    reach_wait(migration)
    source, target = provisioned.source.postgres, provisioned.target.postgres
    source.query("UPDATE sales.customer SET since = '2001-01-01' WHERE id = 1", dbname=name)
    follow["follow.transaction"].wait(held=1)
    changed = "SELECT count(*) FROM sales.customer WHERE since = '2001-01-01'"
    assert target.value(changed, dbname=name) == 0
    follow["follow.transaction"].release()
    wait_until(lambda: target.value(changed, dbname=name), 20, "the change")
    rules = {point: Rule(arm, at=point, match={"database": name}, do={"hold": {}}) for point in AT_CUTOVER}
    migration.patch(triggerCutover="True")
    for point in AT_CUTOVER:
        rules[point].wait(held=1)
        assert [p for p in AT_CUTOVER if rules[p].get()["held"]] == [point]
        rules[point].release()
    migration.succeed()
    for rule in (*follow.values(), *rules.values()):
        rule.delete()
    assert_equal(provisioned, name)


@pytest.mark.parametrize("point", OFFLINE_POINTS)
def test_a_permanent_failure_at_a_point_fails_the_migration(provisioned, shop, point):
    name, migration_name = shop(), unique("m")
    fail = {"sqlstate": "42P07", "message": "the test says so", "code": 603321}
    with Rule(
        provisioned.arm, at=point, match=match_of(point, migration_name, name), times=0, do={"fail": fail}
    ) as rule:
        migration = provisioned.arm.put_migration(provisioned.source, provisioned.target, [name], name=migration_name)
        error = migration.fail()
        assert "the test says so" in error
        assert "42P07" in error
        assert rule.get()["fired"] >= 1


@pytest.mark.parametrize("point", COPY_SESSIONS)
def test_a_cut_connection_is_overcome(provisioned, shop, point):
    name, migration_name = shop(), unique("m")
    with Rule(
        provisioned.arm,
        at=point,
        match=match_of(point, migration_name, name),
        do={"cut": {"side": "target", "rst": True}},
    ) as rule:
        migration = provisioned.arm.put_migration(provisioned.source, provisioned.target, [name], name=migration_name)
        rule.wait(fired=1)
        provisioned.arm.begin_attempt()
        migration.succeed()
        assert rule.get()["fired"] == 1
    assert_equal(provisioned, name)


def test_hold_in_a_copy_stops_exactly_at_the_row(provisioned, shop):
    name = shop(300)
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
