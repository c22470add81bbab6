"""Trouble at the points of replication, cutover, provisioning and leases: the migration recovers with equal rows, or is
Failed with the reason. Never anything else."""

import contextlib

import pytest

from arm import new_secret, unique
from compare import compare_databases
from online import put_online, reach_wait, replication_of
from rules import COPY_SESSIONS, CUTOVER_POINTS, FOLLOW_POINTS, Rule
from samples import drop, load_shop


def fail(sqlstate, message="the test says so"):
    return {"fail": {"sqlstate": sqlstate, "message": message}}


def cut(side, rst=True):
    return {"cut": {"side": side, "rst": rst}}


@pytest.fixture
def shop(provisioned):
    """Makes databases on the source of the shared pair."""
    names = []

    def make(rows=60):
        names.append(unique("shop"))
        load_shop(provisioned.source.postgres, names[-1], rows)
        return names[-1]

    yield make
    for server in (provisioned.source.postgres, provisioned.target.postgres):
        drop(server, *names)


@contextlib.contextmanager
def rules_of(arm, name, table):
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(Rule(arm, at=point, match={"database": name}, times=times, do=do))
            for point, times, do in table
        ]


def change(pair, name, count):
    for i in range(count):
        pair.source.postgres.query(f"UPDATE sales.customer SET name = 'c{i}' WHERE id = {1 + i}", dbname=name)


def assert_equal(pair, name):
    found = compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))
    assert not found, found


def test_an_online_migration_overcomes_all_transient_trouble_at_once(provisioned, shop):
    name = shop()
    table = [  # of several rules at a point the newest acts; after its trouble, the next
        ("follow.begin", 1, fail("57P03")),
        ("follow.transaction", 2, {"delay": {"ms": 50}}),
        ("follow.transaction", 1, fail("40P01")),
        ("follow.transaction", 1, cut("source")),
        ("follow.transaction", 1, cut("target", rst=False)),
        ("cutover.begin", 1, {"delay": {"ms": 50}}),
        ("cutover.begin", 1, fail("08006")),
        ("cutover.applied", 1, {"delay": {"ms": 50}}),
        ("cutover.applied", 1, fail("57P01")),
        ("cutover.compare", 1, {"delay": {"ms": 50}}),
        ("cutover.compare", 1, fail("40001")),
        ("cutover.compare", 1, cut("source")),
        ("cutover.compare", 1, cut("both")),
    ]
    with rules_of(provisioned.arm, name, table) as rules:
        migration = put_online(provisioned, [name])
        reach_wait(migration)
        change(provisioned, name, 20)
        for rule in rules[:5]:
            rule.wait(fired=1, timeout=40)
        migration.patch(triggerCutover="True")
        provisioned.arm.begin_attempt()
        migration.succeed(120)
        assert [rule.get()["fired"] for rule in rules] == [times for _, times, _ in table]
    assert_equal(provisioned, name)
    assert not replication_of(provisioned.source.postgres, name)


@pytest.mark.parametrize("point", [*FOLLOW_POINTS, *CUTOVER_POINTS])
def test_lasting_trouble_fails_an_online_migration_with_the_reason(provisioned, shop, point):
    name = shop()
    with rules_of(provisioned.arm, name, [(point, 0, fail("42501", f"no {point} for you"))]) as (rule,):
        migration = put_online(provisioned, [name])
        if point != "follow.begin":
            reach_wait(migration)
            change(provisioned, name, 1)
        if point in CUTOVER_POINTS:
            migration.patch(triggerCutover="True")
        provisioned.arm.begin_attempt()
        error = migration.fail(60)
        assert f"no {point} for you" in error and "42501" in error and name in error, error
        assert rule.get()["fired"] >= 1
    assert not replication_of(provisioned.source.postgres, name)


def test_an_offline_migration_overcomes_every_cut_from_the_source(provisioned, shop):
    name = shop()
    with rules_of(provisioned.arm, name, [(point, 1, cut("source")) for point in COPY_SESSIONS]) as rules:
        migration = provisioned.put([name])
        provisioned.arm.begin_attempt()
        migration.succeed(120)
        assert [rule.get()["fired"] for rule in rules] == [1] * len(rules)
    assert_equal(provisioned, name)


def test_a_server_that_cannot_be_provisioned_says_why(malachite):
    arm = malachite.arm
    name = unique("srv")
    body = arm.server_body("boss", new_secret())
    match = {"server": name}
    with Rule(arm, at="provision", match=match, do=fail("53100", "no room for you")) as rule:
        answer = arm.request("PUT", arm.server_id(name), json=body, status=(200, 201, 202))
        ended = arm.wait_operation(answer, expect="Failed")
        assert "no room for you" in ended["error"]["message"] and name in ended["error"]["message"]
        assert arm.get(arm.server_id(name))["properties"]["state"] == "Inaccessible"
        assert rule.get()["fired"] == 1
    arm.delete_and_wait(arm.server_id(name))
    for do in ({"delay": {"ms": 50}}, {"hold": {}}):
        with Rule(arm, at="provision", match=match, do=do) as rule:
            answer = arm.request("PUT", arm.server_id(name), json=body, status=(200, 201, 202))
            rule.wait(fired=1)
            if "hold" in do:
                assert len(rule.get()["held"]) == 1
                rule.release()
            arm.wait_operation(answer)
        arm.delete_and_wait(arm.server_id(name))


def test_leases_that_are_not_renewed_change_no_row(own, postgres_source, postgres_target, database):
    one = own("--lease-seconds", 2)
    source, target = one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target)
    name = database()
    load_shop(postgres_source, name, 60)
    held = Rule(one.arm, at="lease.renew", times=0, do={"hold": {}})
    failed = Rule(one.arm, at="lease.renew", times=1, do=fail("08006"))
    delayed = Rule(one.arm, at="lease.renew", times=1, do={"delay": {"ms": 50}})
    copy = Rule(one.arm, at="copy.rows", match={"database": name}, skip=10, do={"delay": {"ms": 3500}})
    migration = one.arm.put_migration(source, target, [name])
    for rule in (delayed, failed, held, copy):
        rule.wait(fired=1)
    one.arm.begin_attempt()
    migration.succeed()
    found = compare_databases(postgres_source.dsn(name), postgres_target.dsn(name))
    assert not found, found


@pytest.mark.parametrize("mode", ["Online", "Offline"])
def test_killed_at_the_very_end_the_migration_still_succeeds(own, postgres_source, postgres_target, database, mode):
    one = own("--lease-seconds", 2)
    source, target = one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target)
    name = database()
    load_shop(postgres_source, name, 60)
    rule = Rule(one.arm, at="substate.leave", match={"substate": "CompletingMigration"}, do={"hold": {}})
    migration = one.arm.put_migration(source, target, [name], migrationMode=mode)
    if mode == "Online":
        reach_wait(migration)
        migration.patch(triggerCutover="True")
    rule.wait(held=1)
    one.kill()
    one.start()
    one.arm.begin_attempt()
    migration.succeed()
    found = compare_databases(postgres_source.dsn(name), postgres_target.dsn(name))
    assert not found, found
