"""A source that is not set up for logical replication: asking, setting up, restarting, or saying who has to."""

import time

import pytest

from arm import details_of, patience, state_of, substate_of, unique
from online import (
    WAITS,
    Writer,
    assert_nothing_is_left,
    cut_over,
    differences,
    put_online,
    reach_wait,
    wait_for_nothing_pending,
)
from malachite import Pair
from postgres import Postgres
from samples import PLPGSQL, load_shop, load_slow

SETUP_WAITS = "WaitingForLogicalReplicationSetupRequestOnSourceDB"
ALLOWED = {"setupLogicalReplicationOnSourceDbIfNeeded": "True"}

pytestmark = pytest.mark.timeout(patience(240))


@pytest.fixture
def plain(malachite, postgres_target):
    """An attached pair whose source is not set up for logical replication."""
    with Postgres(name="plain", conf={"wal_level": "replica"}) as source:
        source.psql("ALTER SYSTEM RESET ALL")
        yield Pair(
            malachite,
            malachite.attach(unique("plain"), source, "servers"),
            malachite.attach(unique("dst"), postgres_target),
        )


@pytest.fixture
def own_source(malachite, attached):
    """A pair whose source Malachite runs, not set up for logical replication."""
    source = malachite.provision(unique("own"), kind="servers")
    unset(malachite, source)
    yield Pair(malachite, source, attached.target)
    malachite.arm.delete_and_wait(source.id)


def unset(malachite, source):
    source.postgres.execute("ALTER SYSTEM SET wal_level = replica")
    restart(malachite, source)
    assert source.postgres.value("SHOW wal_level") == "replica"


def restart(malachite, server):
    malachite.arm.wait_operation(malachite.arm.request("POST", server.id + "/restart", {}, status=202))


def started(server):
    return server.postgres.value("SELECT pg_postmaster_start_time()")


def assert_asks(migration):
    body = migration.wait(SETUP_WAITS)
    assert state_of(body) == "WaitingForUserAction"
    details = body["properties"]["currentStatus"]["currentSubStateDetails"]
    assert not details.get("dbDetails")
    error = body["properties"]["currentStatus"]["error"]
    assert "wal_level is replica" in error and 'setupLogicalReplicationOnSourceDbIfNeeded to "True"' in error
    assert body["properties"]["setupLogicalReplicationOnSourceDbIfNeeded"] == "False"
    return body


def finish(pair, migration, name):
    reach_wait(migration)
    cut_over(migration)
    assert differences(pair, name) == []
    assert_nothing_is_left(pair, name)


# -- a source that Malachite runs -------------------------------------------------------------------------------


def test_it_asks_then_sets_up_and_restarts(own_source):
    name = load_shop(own_source.source.postgres, unique(), rows=20)
    before = started(own_source.source)
    migration = put_online(own_source, [name])
    assert_asks(migration)
    time.sleep(1.2)
    assert substate_of(migration.get()) == SETUP_WAITS and started(own_source.source) == before
    migration.patch(**ALLOWED)
    reach_wait(migration)
    assert own_source.source.postgres.value("SHOW wal_level") == "logical"
    assert started(own_source.source) > before
    assert migration.watch.pairs.count(("WaitingForUserAction", SETUP_WAITS)) == 1
    restarted = started(own_source.source)
    cut_over(migration)
    assert started(own_source.source) == restarted
    own_source.target.postgres.drop_database(name)


def test_allowed_from_the_start_it_never_asks(own_source):
    name = load_shop(own_source.source.postgres, unique(), rows=20)
    migration = put_online(own_source, [name], **ALLOWED)
    reach_wait(migration)
    assert SETUP_WAITS not in [substate for _, substate in migration.watch.pairs]
    cut_over(migration)
    own_source.target.postgres.drop_database(name)


def test_set_up_by_hand_it_still_waits_for_the_patch_and_does_not_restart_again(own_source, arm):
    name = load_shop(own_source.source.postgres, unique(), rows=20)
    migration = put_online(own_source, [name])
    assert_asks(migration)
    arm.put_and_wait(
        f"{own_source.source.id}/configurations/azure.replication_support",
        {"properties": {"value": "LOGICAL", "source": "user-override"}},
    )
    restart(own_source.malachite, own_source.source)
    by_hand = started(own_source.source)
    time.sleep(1.5)
    assert substate_of(migration.get()) == SETUP_WAITS
    migration.patch(**ALLOWED)
    reach_wait(migration)
    assert started(own_source.source) == by_hand
    cut_over(migration)
    own_source.target.postgres.drop_database(name)


def test_other_migrations_of_that_source_continue(own_source, attached):
    """The restart waits for copies, and those that follow connect again."""
    postgres = own_source.source.postgres
    copied, followed, late = (
        load_slow(postgres, unique(), 3),
        load_shop(postgres, unique(), rows=20),
        load_shop(postgres, unique(), rows=20),
    )
    first = put_online(own_source, [followed], **ALLOWED)
    reach_wait(first)
    # Room for no further slot: the next one needs another restart.
    postgres.execute("ALTER SYSTEM SET max_replication_slots = 1")
    restart(own_source.malachite, own_source.source)
    offline = own_source.put([copied])
    offline.wait(lambda body: details_of(body, copied).get("fullLoadCompletedTables") == 1)
    second = put_online(own_source, [late], **ALLOWED)
    offline.succeed()
    reach_wait(second)
    with Writer(postgres, followed):
        time.sleep(0.5)
    wait_for_nothing_pending(first, followed)
    for migration, name in ((first, followed), (second, late)):
        cut_over(migration)
        assert differences(own_source, name, roles={postgres.superuser: attached.target.login}, ignore=PLPGSQL) == []
    for name in (copied, followed, late):
        attached.target.postgres.drop_database(name)


@pytest.mark.parametrize("moment", [0, 0.05, 0.1, 0.2])
def test_killed_while_it_sets_up(own, moment):
    one = own()
    pair = Pair(one, one.provision("src"), one.provision("dst"))
    unset(one, pair.source)
    name = load_shop(pair.source.postgres, unique(), rows=20)
    migration = put_online(pair, [name])
    assert_asks(migration)
    pair.arm.request("PATCH", migration.path, {"properties": ALLOWED}, status=200)
    time.sleep(moment)
    one.kill()
    one.start()
    reach_wait(migration)
    cut_over(migration)


# -- a source that somebody else runs ---------------------------------------------------------------------------


def test_an_attached_source_is_restarted_by_its_owner(plain, database):
    name = load_shop(plain.source.postgres, database(), rows=20)
    migration = put_online(plain, [name])
    assert_asks(migration)
    answer = migration.patch(**ALLOWED)
    assert "error" not in answer["properties"]["currentStatus"], "the question is answered"
    body = migration.wait(lambda body: "error" in body["properties"]["currentStatus"])
    error = body["properties"]["currentStatus"]["error"]
    assert (state_of(body), substate_of(body)) == ("WaitingForUserAction", SETUP_WAITS)
    assert "restart" in error and "wal_level is replica" in error and str(plain.source.postgres.port) in error
    assert (
        plain.source.postgres.value(
            "SELECT setting FROM pg_file_settings WHERE name = 'wal_level'" " ORDER BY seqno DESC LIMIT 1"
        )
        == "logical"
    )
    time.sleep(1.5)
    assert migration.get() == body, "neither restarted nor forgotten"
    plain.source.postgres.restart()
    body = reach_wait(migration)
    assert "error" not in body["properties"]["currentStatus"]
    finish(plain, migration, name)


def test_an_owner_may_be_faster_than_the_patch(plain, database):
    name = load_shop(plain.source.postgres, database(), rows=20)
    migration = put_online(plain, [name])
    assert_asks(migration)
    plain.source.postgres.configure(wal_level="logical")
    plain.source.postgres.restart()
    before = started(plain.source)
    time.sleep(1.5)
    assert substate_of(migration.get()) == SETUP_WAITS
    migration.patch(**ALLOWED)
    reach_wait(migration)
    assert started(plain.source) == before
    finish(plain, migration, name)


def test_a_cutover_before_the_setup_is_remembered_and_reported(plain, database, arm):
    name = load_shop(plain.source.postgres, database(), rows=20)
    migration = put_online(plain, [name])
    assert_asks(migration)
    response = arm.request("PATCH", migration.path, {"properties": {"triggerCutover": "True"}}, status=200)
    remembered = "The cutover starts automatically when the base copy is complete."
    assert remembered in response.headers["Warning"]
    for body in (response.json(), migration.get()):
        assert body["properties"]["currentStatus"]["error"].endswith(remembered)
        assert body["properties"]["triggerCutover"] == "True"
    own = arm.get("/_malachite/migrations/" + response.json()["properties"]["migrationId"])
    assert own["errorCode"] == "603107"
    assert any(remembered in event["text"] for event in own["events"])
    plain.source.postgres.configure(wal_level="logical")
    plain.source.postgres.restart()
    migration.patch(**ALLOWED)
    migration.succeed()
    assert differences(plain, name) == []
    assert_nothing_is_left(plain, name)


def test_a_login_without_alter_system_gets_a_list_of_settings(plain, database, arm):
    source = plain.source.postgres
    source.psql("CREATE ROLE mover LOGIN REPLICATION PASSWORD 'test-superuser'")
    name = database()
    source.create_database(name, owner="mover")
    source.psql("SET ROLE mover; CREATE TABLE public.t (a int PRIMARY KEY); INSERT INTO t VALUES (1)", name)
    body = plain.body([name], migrationMode="Online", **ALLOWED)
    body["properties"]["secretParameters"]["sourceServerUsername"] = "mover"
    migration = arm.put_migration(plain.source, plain.target, [name], body=body)
    told = migration.wait(lambda body: "error" in body["properties"]["currentStatus"])
    error = told["properties"]["currentStatus"]["error"]
    assert "wal_level" in error and "logical" in error and substate_of(told) == SETUP_WAITS
    source.configure(wal_level="logical")
    source.restart()
    reach_wait(migration)
    cut_over(migration)
    assert plain.target.postgres.value("SELECT count(*) FROM t", dbname=name) == 1


def test_too_few_slots_are_noticed(plain, database):
    source = plain.source.postgres
    source.configure(wal_level="logical", max_replication_slots=1, max_wal_senders=1)
    source.restart()
    names = [load_shop(source, database(), rows=5) for _ in range(2)]
    migration = put_online(plain, names, **ALLOWED)
    body = migration.wait(lambda body: "error" in body["properties"]["currentStatus"])
    assert "1 of 1 replication slots" in body["properties"]["currentStatus"]["error"]
    source.restart()
    reach_wait(migration)
    cut_over(migration)
    for name in names:
        assert differences(plain, name) == []


@pytest.mark.parametrize("allowed", [False, True])
def test_cancel_while_it_waits(plain, database, allowed):
    name = load_shop(plain.source.postgres, database(), rows=5)
    migration = put_online(plain, [name], **(ALLOWED if allowed else {}))
    migration.wait(SETUP_WAITS)
    migration.cancel()
    body = migration.wait("Canceled")
    assert "error" not in body["properties"]["currentStatus"]
    assert_nothing_is_left(plain, name)


def test_the_wait_survives_kill(own, plain, database):
    one = own()
    pair = Pair(one, one.attach("src", plain.source.postgres, "servers"), one.attach("dst", plain.target.postgres))
    name = load_shop(plain.source.postgres, database(), rows=5)
    migration = put_online(pair, [name], **ALLOWED)
    migration.wait(lambda body: "error" in body["properties"]["currentStatus"])
    one.kill()
    plain.source.postgres.restart()
    one.start()
    reach_wait(migration)
    cut_over(migration)


def test_offline_migrations_need_none_of_it(plain, database):
    name = load_shop(plain.source.postgres, database(), rows=5)
    plain.put([name]).succeed()
    assert differences(plain, name) == []


def test_validation_reports_it_first(plain, database):
    name = load_shop(plain.source.postgres, database(), rows=5)
    migration = put_online(plain, [name], migrationOption="Validate")
    body = migration.wait()
    assert state_of(body) == "ValidationFailed" and "603107" in body["properties"]["currentStatus"]["error"]
    migration = put_online(plain, [name], migrationOption="Validate", **ALLOWED)
    body = migration.wait()
    assert state_of(body) == "Succeeded"
    rules = body["properties"]["currentStatus"]["currentSubStateDetails"]["validationDetails"][
        "serverLevelValidationDetails"
    ]
    [parameters] = [rule for rule in rules if rule["type"] == "ServerParametersValidation"]
    assert parameters["state"] == "Warning" and "603107" in parameters["messages"][0]["message"]
    assert WAITS not in [substate for _, substate in migration.watch.pairs]
