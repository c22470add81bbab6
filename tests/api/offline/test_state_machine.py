"""The rows of the state machine's table, one test each, in their order: from where, on what, to where."""

import socket
import time
from datetime import datetime, timedelta, timezone

import pytest

from arm import details_of, patience, state_of, substate_of, wait_until
from online import WAITS, assert_nothing_is_left, cut_over, put_online, reach_wait, replication_of
from postgres import Postgres
from samples import has_database, has_marker, load_marker, load_shop, load_slow

PREREQUISITES = ("InProgress", "PerformingPreRequisiteSteps")
MIGRATING = ("InProgress", "MigratingData")
COMPLETING = ("InProgress", "CompletingMigration")
SETUP_WAITS = "WaitingForLogicalReplicationSetupRequestOnSourceDB"
NO_DATABASES = "WaitingForDBsToMigrateSpecification"
OVERWRITE = "WaitingForTargetDBOverwriteConfirmation"
SCHEDULING = "WaitingForDataMigrationScheduling"
WINDOW = "WaitingForDataMigrationWindow"

pytestmark = pytest.mark.timeout(patience(240))


@pytest.fixture
def shop(attached, database, postgres_source):
    return load_shop(postgres_source, database(), rows=10)


def pair_of(body):
    return state_of(body), substate_of(body)


def moment(**ahead):
    return (datetime.now(timezone.utc) + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def passed(migration):
    return [substate for _, substate in migration.watch.pairs]


def assert_stays(migration, substate, seconds=0.7):
    time.sleep(seconds)
    assert substate_of(migration.get()) == substate


def error_of(migration, code, **properties):
    """The message of a PATCH that is refused, and nothing has changed."""
    before = migration.get()
    answer = migration.patch(status=(400, 409), **properties)["error"]
    assert code in answer["message"], answer
    after = migration.get()
    assert (pair_of(after), after["properties"].get("cancel")) == (pair_of(before), before["properties"].get("cancel"))
    return answer


def test_1_put(attached, shop):
    before = moment(seconds=-1)
    migration = attached.put([shop])
    assert migration.created["properties"]["currentStatus"] == {"state": "InProgress"}
    assert before <= migration.created["properties"]["migrationWindowStartTimeInUtc"] <= moment(seconds=1)
    migration.succeed()


@pytest.mark.parametrize("mode", ["Offline", "Online"])
@pytest.mark.parametrize("databases", [None, ["x"]])
def test_2_a_login_that_fails(attached, arm, mode, databases):
    body = attached.body(databases, migrationMode=mode)
    body["properties"]["secretParameters"]["adminCredentials"]["sourceServerPassword"] = "wrong"
    migration = arm.put_migration(attached.source, attached.target, databases, body=body)
    assert "603100" in migration.fail()
    assert set(passed(migration)) <= {None, "PerformingPreRequisiteSteps", "Completed"}


def test_3_validation_comes_first(attached, shop):
    migration = put_online(attached, [shop], migrationOption="ValidateAndMigrate")
    body = reach_wait(migration)
    assert body["properties"]["currentStatus"]["currentSubStateDetails"]["validationDetails"]["status"] != "Failed"
    cut_over(migration)


@pytest.fixture
def plain_source(malachite):
    with Postgres(name="plain", conf={"wal_level": "replica"}) as server:
        yield server


def test_4_and_5_logical_replication(malachite, attached, plain_source, database, arm):
    """In detail in test_logical_replication_setup.py; 4b as well. Asked before the databases are known."""
    source = malachite.attach("plain-of-rows", plain_source, "servers")
    migration = arm.put_migration(source, attached.target, None, migrationMode="Online")
    body = migration.wait(SETUP_WAITS)
    assert not body["properties"]["currentStatus"]["currentSubStateDetails"].get("dbDetails")
    assert_stays(migration, SETUP_WAITS)
    plain_source.configure(wal_level="logical")
    plain_source.restart()
    assert_stays(migration, SETUP_WAITS, 1.5)
    migration.patch(setupLogicalReplicationOnSourceDbIfNeeded="True")
    migration.wait(NO_DATABASES)
    migration.cancel()
    migration.wait("Canceled")
    arm.delete_and_wait(source.id)


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_6_and_7_databases(attached, shop, mode):
    migration = attached.put(None, migrationMode=mode)
    body = migration.wait(NO_DATABASES)
    assert state_of(body) == "WaitingForUserAction"
    migration.patch(status=400, dbsToMigrate=[])
    migration.patch(dbsToMigrate=[shop])
    if mode == "Online":
        reach_wait(migration)
        migration.patch(triggerCutover="True")
    body = migration.succeed()
    assert body["properties"]["dbsToMigrate"] == [shop]


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_8_and_9_overwrite(attached, shop, postgres_source, postgres_target, mode):
    load_marker(postgres_target, shop)
    migration = attached.put([shop], migrationMode=mode)
    assert state_of(migration.wait(OVERWRITE)) == "WaitingForUserAction"
    assert_stays(migration, OVERWRITE)
    assert has_marker(postgres_target, shop) and replication_of(postgres_source, shop) == []
    migration.patch(overwriteDbsInTarget="True")
    if mode == "Online":
        reach_wait(migration)
        migration.patch(triggerCutover="True")
    migration.succeed()
    assert not has_marker(postgres_target, shop)


def test_10_and_11_scheduling(attached, shop, postgres_source, postgres_target):
    migration = put_online(attached, [shop], startDataMigration="False")
    assert state_of(migration.wait(SCHEDULING)) == "WaitingForUserAction"
    assert_stays(migration, SCHEDULING)
    assert not has_database(postgres_target, shop) and replication_of(postgres_source, shop) == []
    migration.patch(startDataMigration="True")
    reach_wait(migration)
    cut_over(migration)


def test_12_a_time_instead(attached, shop):
    migration = attached.put([shop], startDataMigration="False")
    migration.wait(SCHEDULING)
    migration.patch(migrationWindowStartTimeInUtc=moment(seconds=2))
    assert pair_of(migration.wait(WINDOW)) == ("InProgress", WINDOW)
    migration.succeed()


def test_13_and_14_window(attached, shop):
    start = moment(seconds=2)
    migration = put_online(attached, [shop], migrationWindowStartTimeInUtc=start)
    assert pair_of(migration.wait(WINDOW)) == ("InProgress", WINDOW)
    body = reach_wait(migration)
    assert details_of(body, shop)["startedOn"] >= start
    cut_over(migration)


def test_15_start_before_the_window(attached, shop):
    migration = attached.put([shop], migrationWindowStartTimeInUtc=moment(hours=1))
    migration.wait(WINDOW)
    migration.patch(startDataMigration="True")
    migration.succeed()


def test_16_and_17_offline(attached, database, postgres_source):
    name = load_slow(postgres_source, database(), 1)
    migration = attached.put([name])
    migration.succeed()
    order = [("InProgress", None), PREREQUISITES, MIGRATING, COMPLETING, ("Succeeded", "Completed")]
    assert migration.watch.pairs == [pair for pair in order if pair in migration.watch.pairs]
    assert MIGRATING in migration.watch.pairs


def test_18_every_database_waits_for_the_cutover(attached, database, postgres_source):
    names = [load_shop(postgres_source, database(), rows=5), load_slow(postgres_source, database(), 2)]
    migration = put_online(attached, names)
    body = migration.wait(lambda body: details_of(body, names[1]).get("fullLoadLoadingTables"))
    assert pair_of(body) == MIGRATING and details_of(body, names[0])["migrationState"] == WAITS
    body = reach_wait(migration)
    for name in names:
        assert details_of(body, name)["migrationState"] == WAITS
        assert details_of(body, name)["endedOn"] > details_of(body, name)["startedOn"]
    migration.cancel()
    migration.wait("Canceled")


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_19_a_database_fails(attached, shop, database, postgres_source, mode):
    broken = database()
    postgres_source.create_database(broken)
    postgres_source.psql(
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';"
        "CREATE TABLE t (a int CHECK (f(a))); INSERT INTO t VALUES (1);"
        "CREATE OR REPLACE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false'",
        broken,
    )
    migration = attached.put([broken, shop], migrationMode=mode)
    assert migration.fail().startswith(broken + ": ")
    body = migration.get()
    assert details_of(body, broken)["migrationState"] == "Failed"
    assert details_of(body, shop)["migrationState"] == ("Canceled" if mode == "Online" else "Succeeded")
    assert_nothing_is_left(attached, broken, shop)


@pytest.mark.parametrize("named", [False, True])
def test_20_an_early_trigger(attached, database, postgres_source, named):
    name = load_slow(postgres_source, database(), 1)
    migration = put_online(attached, None)
    migration.wait(NO_DATABASES)
    migration.patch(dbsToMigrate=[name])
    migration.patch(triggerCutover="True", **({"dbsToTriggerCutoverOn": [name]} if named else {}))
    answer = migration.patch(status=409, triggerCutover="False")["error"]
    assert "cannot be withdrawn" in answer["message"], answer
    migration.succeed()


def test_21_and_22_the_cutover(attached, shop):
    migration = put_online(attached, [shop])
    waiting = details_of(reach_wait(migration), shop)
    answer = migration.patch(triggerCutover="True")
    assert pair_of(answer) == ("WaitingForUserAction", WAITS)
    body = migration.succeed()
    assert details_of(body, shop)["migrationState"] == "Succeeded"
    assert details_of(body, shop)["endedOn"] > waiting["endedOn"]
    assert_nothing_is_left(attached, shop)


def test_23_a_cutover_that_fails(own_pair, database, postgres_source, postgres_target):
    pair = own_pair("--reconnect-seconds", 1)
    name = load_shop(postgres_source, database(), rows=5)
    migration = put_online(pair, [name])
    reach_wait(migration)
    postgres_target.psql("DROP TABLE sales.customer CASCADE", name)
    postgres_source.psql("INSERT INTO sales.customer (name) VALUES ('x')", name)
    migration.patch(triggerCutover="True")
    body = migration.wait(lambda body: pair_of(body) == COMPLETING or state_of(body) == "Failed", 30)
    if state_of(body) != "Failed":  # it waits for the user to make the table again, who goes another way
        postgres_target.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert name in migration.fail(timeout=60)
    assert_nothing_is_left(pair, name)


@pytest.mark.parametrize("how", ["cancel", "delete"])
@pytest.mark.parametrize("moment_of", ["copying", "waiting", "completing"])
def test_24_cancel(attached, database, postgres_source, postgres_target, how, moment_of):
    """Before data moves: test_cancel.py and test_logical_replication_setup.py."""
    if moment_of == "copying":
        name = load_slow(postgres_source, database(), 30)
        migration = put_online(attached, [name])
        migration.wait(lambda body: details_of(body, name).get("fullLoadCompletedTables") == 1)
    else:
        name = load_shop(postgres_source, database(), rows=5)
        migration = put_online(attached, [name])
        reach_wait(migration)
    blocker = None
    if moment_of == "completing":  # a change that cannot be applied yet
        blocker = postgres_target.connect(name)
        blocker.cursor().execute("BEGIN; LOCK TABLE sales.customer")
        postgres_source.psql("INSERT INTO sales.customer (name) VALUES ('x')", name)
        migration.patch(triggerCutover="True")
        migration.wait("CompletingMigration")
    began = time.monotonic()
    if how == "cancel":
        migration.cancel()
    else:
        migration.delete()
    if blocker:
        time.sleep(0.3)
        blocker.close()
    body = migration.wait("Canceled", timeout=20)
    assert time.monotonic() - began < patience(5)
    assert details_of(body, name)["migrationState"] == "Canceled"
    assert_nothing_is_left(attached, name)
    assert has_database(postgres_target, name), "a cancel leaves what is there"


@pytest.mark.parametrize("substate", [NO_DATABASES, OVERWRITE, SCHEDULING, WINDOW, WAITS, "MigratingData"])
def test_25_lifetime(own_pair, database, postgres_source, postgres_target, substate):
    pair = own_pair("--lifetime-seconds", 10 if substate == WAITS else 3)  # the base copy comes first
    slow = substate == "MigratingData"
    name = load_slow(postgres_source, database(), 30) if slow else load_shop(postgres_source, database(), rows=5)
    if substate == OVERWRITE:
        load_marker(postgres_target, name)
    properties = {
        SCHEDULING: {"startDataMigration": "False"},
        WINDOW: {"migrationWindowStartTimeInUtc": moment(seconds=60)},
    }.get(substate, {})
    migration = put_online(pair, None if substate == NO_DATABASES else [name], **properties)
    migration.wait(substate)
    if substate == WINDOW:  # the life begins with the start that was asked for
        assert_stays(migration, WINDOW, 3.5)
        migration.cancel()
        migration.wait("Canceled")
        return
    assert "--lifetime-seconds" in migration.fail(timeout=25)
    assert_nothing_is_left(pair, name)


def test_25_also_after_a_restart(own_pair):
    pair = own_pair("--lifetime-seconds", 4)
    migration = put_online(pair, None)
    migration.wait(NO_DATABASES)
    pair.malachite.kill()
    pair.malachite.start()
    assert "--lifetime-seconds" in migration.fail(timeout=15)


def test_26_a_cutover_that_nobody_triggers(own_pair, database, postgres_source):
    pair = own_pair("--cutover-wait-seconds", 2)
    names = [load_shop(postgres_source, database(), rows=5) for _ in range(2)]
    migration = put_online(pair, names)
    reach_wait(migration)
    migration.patch(triggerCutover="True", dbsToTriggerCutoverOn=[names[0]])
    assert "--cutover-wait-seconds" in migration.fail(timeout=15)
    body = migration.get()
    assert details_of(body, names[0])["migrationState"] == "Succeeded"
    assert details_of(body, names[1])["migrationState"] == "Failed"
    assert_nothing_is_left(pair, *names)


WORKFLOW = [
    {"cancel": "True"},
    {"overwriteDbsInTarget": "True"},
    {"startDataMigration": "True"},
    {"setupLogicalReplicationOnSourceDbIfNeeded": "True"},
    {"dbsToMigrate": ["y"]},
    {"triggerCutover": "True"},
]


@pytest.mark.parametrize("end", ["Succeeded", "Failed", "Canceled", "ValidationFailed"])
def test_27_and_28_an_ended_one(attached, shop, end):
    missing = end in ("Failed", "ValidationFailed")
    option = "Validate" if end == "ValidationFailed" else "Migrate"
    migration = put_online(
        attached,
        None if end == "Canceled" else ["no-such-db" if missing else shop],
        migrationOption=option,
        triggerCutover="True",
    )
    if end == "Canceled":
        migration.cancel()
    before = migration.wait()
    assert pair_of(before) == (end, "Completed")
    for properties in WORKFLOW:
        error_of(migration, "603113" if "triggerCutover" in properties else end, **properties)
    assert migration.get() == before
    body = attached.arm.request("PATCH", migration.path, {"tags": {"kept": "yes"}}, status=200).json()
    assert body["tags"] == {"kept": "yes"} and body["properties"] == before["properties"]


def test_27_a_cutover_of_an_offline_one(attached, shop):
    migration = attached.put([shop], startDataMigration="False")
    migration.wait(SCHEDULING)
    error_of(migration, "603114", triggerCutover="True")
    migration.cancel()
    migration.wait("Canceled")


def test_the_first_dialect_derives_the_mode_from_the_cutover(attached, shop, database, postgres_source, arm):
    version = "2021-06-15-privatepreview"
    provider = f"{arm.subscription}/providers/Microsoft.DataMigration"
    arm.request("POST", provider + "/register", status=200)
    wait_until(lambda: arm.get(provider)["registrationState"] == "Registered", 10, "the registration")
    other = load_shop(postgres_source, database(), rows=5)
    for name, properties, mode in ((shop, {"TriggerCutover": "true"}, "Offline"), (other, {}, "Online")):
        body = attached.body(None)
        del body["properties"]["migrationMode"]
        body["properties"].update(properties, DBsToMigrate=[name])
        path = f"{attached.target.id}/migrations/by-cutover-{mode}"
        arm.request("PUT", path, body, api_version=version, status=201)
        assert arm.get(path)["properties"]["migrationMode"] == mode
        if mode == "Online":
            wait_until(lambda: substate_of(arm.get(path)) == WAITS, 30, "the base copy")
            arm.request("PATCH", path, {"properties": {"triggerCutover": "true"}}, api_version=version, status=200)
        wait_until(lambda: state_of(arm.get(path)) == "Succeeded", 30, "the end")


def test_a_server_that_does_not_answer_can_be_canceled(attached, arm):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        migration = arm.put_migration(
            f"127.0.0.1:{deaf.getsockname()[1]}@postgres", attached.target, ["x"], migrationMode="Online"
        )
        migration.wait("PerformingPreRequisiteSteps")
        time.sleep(0.3)
        migration.cancel()
        migration.wait("Canceled", timeout=5)
