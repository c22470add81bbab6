"""Killed or stopped in the middle and started again: the migration ends as if nothing had happened."""

import os
import random
import signal
import time

import pytest

from arm import details_of, patience, wait_until
from compare import compare_databases
from malachite import Malachite, Pair
from samples import (
    assert_nothing_runs,
    load_big,
    load_marker,
    load_shop,
    load_slow,
    load_slow_index,
    wait_for_index,
    wait_for_lock,
)

pytestmark = pytest.mark.timeout(patience(240))


def differences(pair, name):
    return compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))


def crash(malachite):
    malachite.kill()
    malachite.start()


def stop(malachite):
    malachite.stop()
    malachite.start()


def copying(pair, migration, name):
    migration.wait(lambda body: details_of(body, name).get("fullLoadCompletedTables") == 1)


def indexing(pair, migration, name):
    wait_for_index(pair.target.postgres, name)


@pytest.mark.parametrize("interrupt", [crash, stop])
@pytest.mark.parametrize("sample, moment", [(load_slow, copying), (load_slow_index, indexing)])
def test_at_a_known_moment(own_pair, database, postgres_source, interrupt, sample, moment):
    pair = own_pair()
    name = sample(postgres_source, database(), 3)
    migration = pair.put([name])
    moment(pair, migration, name)
    interrupt(pair.malachite)
    migration.succeed(timeout=60)
    assert differences(pair, name) == []
    assert_nothing_runs(pair.malachite, [name], pair.source, pair.target)


@pytest.mark.parametrize("interrupt", [crash, stop])
def test_cancel_while_the_schema_is_read(own_pair, database, postgres_source, interrupt):
    pair = own_pair()
    name = load_shop(postgres_source, database(), rows=20)
    blocker = postgres_source.connect(name)
    blocker.cursor().execute("BEGIN; LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
    migration = pair.put([name])
    wait_for_lock(postgres_source, name)
    interrupt(pair.malachite)
    blocker.close()
    migration.succeed()
    assert differences(pair, name) == []


@pytest.mark.slow
def test_killed_at_random_moments_of_a_large_copy(own_pair, database, postgres_source):
    pair = own_pair()
    name = load_big(postgres_source, database(), 100)
    migration = pair.put([name])
    for _ in range(4):
        time.sleep(random.uniform(0, 1.5))
        crash(pair.malachite)
    migration.succeed(timeout=60)
    assert differences(pair, name) == []


@pytest.mark.slow
def test_killed_repeatedly_with_several_databases(own_pair, database, postgres_source):
    pair = own_pair()
    names = [load_shop(postgres_source, database(), rows=200) for _ in range(6)]
    migrations = [pair.put(names[:3]), pair.put(names[3:])]
    for _ in range(5):
        time.sleep(random.uniform(0.05, 0.6))
        crash(pair.malachite)
    for migration in migrations:
        migration.succeed()
    for name in names:
        assert differences(pair, name) == [], name


def test_completed_databases_are_not_copied_again(own_pair, database, postgres_source, postgres_target):
    pair = own_pair()
    first, second = load_shop(postgres_source, database(), rows=20), load_slow(postgres_source, database(), 3)
    migration = pair.put([first, second])
    body = migration.wait(lambda body: details_of(body, second).get("fullLoadLoadingTables"))
    ended = details_of(body, first)["endedOn"]
    postgres_target.execute("CREATE TABLE made_meanwhile (a int)", dbname=first)
    crash(pair.malachite)
    body = migration.succeed()
    assert details_of(body, first)["endedOn"] == ended
    assert postgres_target.value("SELECT to_regclass('made_meanwhile') IS NOT NULL", dbname=first)
    assert differences(pair, second) == []


def crash_with_all_servers(malachite):
    pids = list(malachite.postmasters().values())
    malachite.kill()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    malachite.start()


@pytest.fixture(scope="module")
def provisioned_pair():
    """A Malachite with two provisioned servers, and a database that takes three seconds to copy."""
    with Malachite() as one:
        pair = Pair(one, one.provision("src"), one.provision("dst"))
        load_slow(pair.source.postgres, "shop", 3)
        yield pair


@pytest.mark.parametrize("interrupt", [crash, stop, crash_with_all_servers])
def test_with_provisioned_servers(provisioned_pair, interrupt):
    migration = provisioned_pair.put(["shop"], overwriteDbsInTarget="True")
    copying(provisioned_pair, migration, "shop")
    interrupt(provisioned_pair.malachite)
    migration.succeed()
    assert differences(provisioned_pair, "shop") == []


def test_a_confirmed_overwrite_is_not_requested_again(own_pair, database, postgres_source, postgres_target):
    pair = own_pair()
    name = load_marker(postgres_target, load_slow(postgres_source, database(), 3))
    migration = pair.put([name])
    migration.wait("WaitingForTargetDBOverwriteConfirmation")
    migration.patch(overwriteDbsInTarget="True")
    copying(pair, migration, name)
    crash(pair.malachite)
    migration.succeed()
    assert [state for state, _ in migration.watch.pairs].count("WaitingForUserAction") == 1
    assert differences(pair, name) == []


def test_answers_survive_as_they_were(own_pair, database, postgres_source):
    pair = own_pair()
    migration = pair.put([load_shop(postgres_source, database(), rows=5)])
    before = migration.succeed()
    listed = pair.arm.list(f"{pair.target.id}/migrations", params={"migrationListFilter": "All"})
    crash(pair.malachite)
    assert migration.get() == before
    assert pair.arm.list(f"{pair.target.id}/migrations", params={"migrationListFilter": "All"}) == listed


def test_an_operation_that_was_interrupted_is_finished(own):
    one = own()
    body = one.arm.server_body("pgadmin", "Sq1-for-this-test-only", 15)
    response = one.arm.request("PUT", one.arm.server_id("late"), body, status=202)
    one.kill()
    path = response.headers["Azure-AsyncOperation"].split("/", 3)[3]
    one.start()
    wait_until(lambda: one.arm.get("/" + path)["status"] == "Succeeded", 30, "the end of the operation")
    assert one.arm.get(one.arm.server_id("late"))["properties"]["state"] == "Ready"
