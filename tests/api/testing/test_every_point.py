"""Every point with every action that the table of points allows: the scenes cover the whole table, and fail when it
grows. test_points.py and test_point_trouble.py have the points with hold, fail and cut; the rest is here."""

import threading

import pytest
import requests

from arm import patience, state_of, unique
from compare import compare_databases
from online import reach_wait
from rules import COPY_SESSIONS, CUTOVER_POINTS, FOLLOW_POINTS, OFFLINE_POINTS, ONLINE_SESSIONS, Rule
from samples import drop, load_shop

MIGRATION_POINTS = [*OFFLINE_POINTS, *FOLLOW_POINTS, *CUTOVER_POINTS]
STEP = {"hold", "delay", "fail", "server"}
REQUEST = {"hold", "delay", "cut", "answer", "server"}
TABLE = {
    **{point: STEP for point in MIGRATION_POINTS},
    **{point: STEP | {"cut"} for point in (*COPY_SESSIONS, *ONLINE_SESSIONS)},
    "copy.rows": STEP | {"cut", "slow"},
    "request": REQUEST,
    "reply": REQUEST,
    "provision": {"hold", "delay", "fail"},
    "lease.renew": {"hold", "delay", "fail"},
}


def assert_equal(source, target, name):
    found = compare_databases(source.dsn(name), target.dsn(name))
    assert not found, (name, found)


def change(postgres, name):
    postgres.query("UPDATE sales.customer SET name = name || '!' WHERE id = 1", dbname=name)


def test_the_scenes_know_the_whole_table(arm):
    assert {point["name"]: set(point["actions"]) for point in arm.get("/_malachite/points")["value"]} == TABLE


def test_delays_and_faults_at_every_point_of_one_migration(provisioned):
    """In two databases at once: one is delayed at each point, the other one has a fault of the target there."""
    arm, source, target = provisioned.arm, provisioned.source.postgres, provisioned.target.postgres
    names, migration_name = [load_shop(source, unique("shop"), 30) for _ in range(2)], unique("m")
    # A fault that is over at once, and that the target does not notice: it has no slots.
    actions = ({"delay": {"ms": 20}}, {"server": {"name": provisioned.target.name, "action": "dropSlot"}})
    rules = []
    for name, substate, do in zip(names, ("MigratingData", "CompletingMigration"), actions):
        for point in MIGRATION_POINTS:
            where = {"substate": substate} if point.startswith("substate") else {"database": name}
            rules.append(Rule(arm, at=point, match={"migration": migration_name, **where}, times=1, do=do))
    migration = arm.put_migration(
        provisioned.source, provisioned.target, names, name=migration_name, migrationMode="Online"
    )
    reach_wait(migration)
    for name in names:
        change(source, name)
    for rule in rules:
        if rule.get()["at"] == "follow.transaction":
            rule.wait(fired=1)
    migration.patch(triggerCutover="True")
    migration.succeed()
    shown = [rule.get() for rule in rules]
    assert not [rule for rule in shown if rule["fired"] != 1 or "trouble" in rule]
    for rule in rules:
        rule.delete()
    for name in names:
        assert_equal(source, target, name)
        drop(source, name)
        drop(target, name)


@pytest.mark.parametrize("point", ["request", "reply"])
def test_every_action_at_a_request_and_at_its_reply(provisioned, point):
    arm, group = provisioned.arm, unique("ruled")
    arm.put_group(group)
    client = unique("c")
    match = {"operation": "ResourceGroups_Get", "client": client}
    fault = {"server": {"name": provisioned.target.name, "action": "dropSlot"}}

    def ask():
        url = f"{arm.endpoint}{arm.group_id(group)}?api-version=2022-12-01"
        return requests.get(url, headers={"x-ms-client-request-id": client}, timeout=patience(20))

    for do in ({"delay": {"ms": 50}}, {"cut": {"rst": False}}, {"answer": {"status": 418, "code": "Tea"}}, fault):
        with Rule(arm, at=point, match=match, times=1, do=do) as rule:
            if "cut" in do:
                with pytest.raises(requests.ConnectionError):
                    ask()
            else:
                assert ask().status_code == (418 if "answer" in do else 200), do
            shown = rule.get()
            assert shown["fired"] == 1 and "trouble" not in shown, shown
    answers = []
    with Rule(arm, at=point, match=match, times=1, do={"hold": {}}) as rule:
        asking = threading.Thread(target=lambda: answers.append(ask().status_code))
        asking.start()
        rule.wait(held=1)
        assert not answers
        rule.release()
        asking.join()
    assert answers == [200]


class AllHeld:
    """A migration for each point, which is held there; all at the same time."""

    def __init__(self, one, source, target, databases):
        self.arm = one.arm
        self.source, self.target = source.postgres, target.postgres
        self.rules, self.migrations, self.databases = {}, {}, databases
        for point, name in databases.items():
            match = {"database": name} if not point.startswith("substate") else {"substate": "MigratingData"}
            match["migration"] = unique("m")
            self.rules[point] = Rule(self.arm, at=point, match=match, do={"hold": {}})
            self.migrations[point] = self.arm.put_migration(
                source,
                target,
                [name],
                name=match["migration"],
                migrationMode="Offline" if point in OFFLINE_POINTS else "Online",
            )
        for point in ("follow.transaction", *CUTOVER_POINTS):
            reach_wait(self.migrations[point])
        change(self.source, databases["follow.transaction"])
        for point in CUTOVER_POINTS:
            self.migrations[point].patch(triggerCutover="True")
        for rule in self.rules.values():
            rule.wait(held=1)


@pytest.mark.timeout(patience(240))
def test_held_at_every_point_at_once_then_canceled_and_then_killed(own):
    """Cancel and kill -9 win over a hold, wherever it is."""
    one = own("--lease-seconds", 2, "--workers", len(MIGRATION_POINTS), "--jobs", 1)
    source, target = one.provision("src"), one.provision("dst")
    databases = {point: load_shop(source.postgres, unique("shop"), 20) for point in MIGRATION_POINTS}

    scene = AllHeld(one, source, target, databases)
    for migration in scene.migrations.values():
        migration.cancel()
    ends = {point: state_of(migration.wait()) for point, migration in scene.migrations.items()}
    assert set(ends.values()) == {"Canceled"}, ends
    assert not [point for point, rule in scene.rules.items() if rule.get()["held"]]
    for rule in scene.rules.values():
        rule.delete()

    # Not by an overwrite: a DROP DATABASE waits while the COPY of another database waits for rows.
    drop(target.postgres, *databases.values())
    scene = AllHeld(one, source, target, databases)
    one.kill()
    one.start()
    for point in FOLLOW_POINTS:
        reach_wait(scene.migrations[point])
        scene.migrations[point].patch(triggerCutover="True")
    for point, migration in scene.migrations.items():
        migration.succeed(90)
        assert_equal(source.postgres, target.postgres, databases[point])
