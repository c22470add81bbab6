"""Canceling, in every state and at any moment: quickly, and nothing is left that was not asked for."""

import contextlib
import random
import socket
import time
from datetime import datetime, timedelta, timezone

import pytest

from arm import details_of, patience, state_of, substate_of, unique, wait_until
from online import assert_nothing_is_left, put_online, reach_wait
from samples import (
    assert_nothing_runs,
    has_database,
    has_marker,
    inventory,
    load,
    load_big,
    load_marker,
    load_shop,
    load_slow,
    load_slow_index,
    wait_for_index,
    wait_for_lock,
)

CANCEL_SECONDS = 2


def by_patch(migration):
    answer = migration.cancel()
    assert answer["properties"]["cancel"] == "True"


def by_delete(migration):
    migration.delete()


def assert_cancels(migration, databases, pair, how=by_patch):
    """Cancels and looks whether it is as it should be afterwards."""
    began = time.monotonic()
    how(migration)
    body = migration.wait("Canceled", timeout=20)
    took = time.monotonic() - began
    assert took < patience(CANCEL_SECONDS), f"took {took:.1f} s"
    assert substate_of(body) == "Completed"
    assert_nothing_runs(pair.malachite, databases, pair.source, pair.target)
    assert migration.name in pair.arm.migrations(pair.target, "All")
    assert migration.name not in pair.arm.migrations(pair.target, "Active")
    return body


@pytest.fixture
def servers_as_before(attached):
    """No role, slot, publication, subscription, schema ... more than before; databases apart."""

    def look():
        return [
            {name for name in inventory(server.postgres) if not name.startswith("database ")}
            for server in (attached.source, attached.target)
        ]

    before = look()
    yield
    assert look() == before


pytestmark = pytest.mark.usefixtures("servers_as_before")


@pytest.mark.parametrize("how", [by_patch, by_delete])
def test_cancel_while_databases_are_not_named(attached, how):
    migration = attached.put(None)
    migration.wait("WaitingForDBsToMigrateSpecification")
    assert_cancels(migration, [], attached, how)


@pytest.mark.parametrize("how", [by_patch, by_delete])
def test_cancel_while_waiting_for_the_overwrite_confirmation(attached, database, postgres_source, postgres_target, how):
    name = load_marker(postgres_target, load_shop(postgres_source, database(), rows=5))
    migration = attached.put([name])
    migration.wait("WaitingForTargetDBOverwriteConfirmation")
    assert_cancels(migration, [name], attached, how)
    assert has_marker(postgres_target, name)


@pytest.mark.parametrize("how", [by_patch, by_delete])
def test_cancel_while_waiting_to_be_scheduled(attached, database, postgres_source, postgres_target, how):
    name = load_shop(postgres_source, database(), rows=5)
    migration = attached.put([name], startDataMigration="False")
    migration.wait("WaitingForDataMigrationScheduling")
    assert_cancels(migration, [name], attached, how)
    assert not has_database(postgres_target, name)


@pytest.mark.parametrize("how", [by_patch, by_delete])
def test_cancel_while_waiting_for_the_window(attached, database, postgres_source, postgres_target, how):
    name = load_shop(postgres_source, database(), rows=5)
    start = (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    migration = attached.put([name], migrationWindowStartTimeInUtc=start)
    migration.wait("WaitingForDataMigrationWindow")
    assert_cancels(migration, [name], attached, how)
    assert not has_database(postgres_target, name)


def test_cancel_while_a_server_does_not_answer(attached, arm):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        source = f"127.0.0.1:{deaf.getsockname()[1]}@postgres"
        migration = arm.put_migration(source, attached.target, ["x"])
        migration.wait("PerformingPreRequisiteSteps")
        time.sleep(0.3)
        assert_cancels(migration, ["x"], attached)


@pytest.mark.parametrize("theirs", [False, True])
def test_cancel_while_a_table_is_locked(attached, database, postgres_source, postgres_target, theirs):
    """The target database is created while the schema is read. It goes again, unless somebody else uses it."""
    name = load_shop(postgres_source, database(), rows=10)
    with contextlib.closing(postgres_source.connect(name)) as holder:
        holder.autocommit = False
        holder.cursor().execute("LOCK TABLE sales.customer")
        migration = attached.put([name])
        migration.wait(lambda body: "lock" in details_of(body, name).get("migrationOperation", ""))
        wait_until(lambda: has_database(postgres_target, name), 10, "the database")
        if theirs:
            postgres_target.execute("CREATE TABLE theirs (a int)", dbname=name)
        migration.cancel()
        migration.wait("Canceled", timeout=20)
    assert_nothing_runs(attached.malachite, [name], attached.source, attached.target)
    assert has_database(postgres_target, name) == theirs


@pytest.mark.parametrize("how", [by_patch, by_delete])
def test_cancel_while_rows_are_copied(attached, database, postgres_source, how):
    name = load_slow(postgres_source, database(), 30)
    migration = attached.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadCompletedTables") == 1)
    body = assert_cancels(migration, [name], attached, how)
    assert details_of(body, name)["migrationState"] == "Canceled"
    assert "endedOn" in details_of(body, name)


def test_copied_databases_stay(attached, database, postgres_source, postgres_target):
    name = load_slow(postgres_source, database(), 30)
    migration = attached.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadCompletedTables") == 1)
    assert_cancels(migration, [name], attached)
    assert postgres_target.value("SELECT count(*) FROM quick", dbname=name) == 1000
    time.sleep(1)
    assert has_database(postgres_target, name)


def test_cancel_while_an_index_is_created(attached, database, postgres_source, postgres_target):
    name = load_slow_index(postgres_source, database(), 30)
    migration = attached.put([name])
    wait_for_index(postgres_target, name)
    assert_cancels(migration, [name], attached)


def test_cancel_while_the_schema_waits_for_a_lock(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=5)
    blocker = postgres_source.connect(name)
    blocker.cursor().execute("BEGIN; LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
    migration = attached.put([name])
    wait_for_lock(postgres_source, name)
    began = time.monotonic()
    migration.cancel()
    migration.wait("Canceled", timeout=20)
    assert time.monotonic() - began < patience(CANCEL_SECONDS)
    blocker.close()
    assert_nothing_runs(attached.malachite, [name], attached.source, attached.target)


@pytest.mark.slow
@pytest.mark.timeout(patience(240))
def test_at_random_moments_of_a_large_copy(attached, database, postgres_source, postgres_target):
    name = load_big(postgres_source, database(), 200)
    canceled = 0
    for _ in range(5):
        migration = attached.put([name], overwriteDbsInTarget="True")
        moment = random.uniform(0, 2.5)
        time.sleep(moment)
        began = time.monotonic()
        response = attached.arm.request("PATCH", migration.path, {"properties": {"cancel": "True"}}, status=(200, 409))
        body = migration.wait(timeout=20)
        if response.status_code == 409:
            assert state_of(body) == "Succeeded"
            continue
        assert state_of(body) in ("Canceled", "Succeeded"), f"after {moment:.2f} s: {body}"
        assert time.monotonic() - began < patience(CANCEL_SECONDS), f"canceled after {moment:.2f} s"
        assert_nothing_runs(attached.malachite, [name], attached.source, attached.target)
        canceled += state_of(body) == "Canceled"
    assert canceled
    attached.put([name], overwriteDbsInTarget="True").succeed()
    assert postgres_target.value("SELECT count(*) FROM big", dbname=name) == 100000


def test_right_after_put(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=5)
    migrations = [attached.put([name])]
    assert_cancels(migrations[0], [name], attached)


def test_the_other_databases_are_not_begun(attached, database, postgres_source, postgres_target):
    first, second = load_slow(postgres_source, database(), 30), load_shop(postgres_source, database(), rows=5)
    migration = attached.put([first, second])
    migration.wait(lambda body: details_of(body, first).get("fullLoadCompletedTables") == 1)
    body = assert_cancels(migration, [first, second], attached)
    assert not has_database(postgres_target, second)
    assert details_of(body, second).get("migrationState", "Canceled") == "Canceled"


def test_one_database_of_two_can_be_canceled(attached, database, postgres_source, postgres_target):
    first, second = load_slow(postgres_source, database(), 30), load_shop(postgres_source, database(), rows=5)
    migration = attached.put([first, second])
    migration.wait(lambda body: details_of(body, first).get("fullLoadCompletedTables") == 1)
    migration.cancel(dbsToCancelMigrationOn=[first])
    body = migration.succeed(timeout=20)
    assert details_of(body, first)["migrationState"] == "Canceled"
    assert details_of(body, second)["migrationState"] == "Succeeded"
    assert postgres_target.value("SELECT count(*) FROM sales.customer", dbname=second) == 5


def test_a_database_that_is_not_the_migration_s_cannot_be_canceled(attached, database, postgres_source):
    name = load_slow(postgres_source, database(), 20)
    migration = attached.put([name])
    migration.cancel(status=400, dbsToCancelMigrationOn=["another"])
    assert_cancels(migration, [name], attached)


@pytest.mark.parametrize("end", ["Succeeded", "Failed", "Canceled"])
def test_an_ended_migration_cannot_be_canceled(attached, database, postgres_source, end):
    name = database()
    if end != "Failed":
        load_shop(postgres_source, name, rows=5)
    migration = attached.put([name] if end != "Canceled" else None)
    if end == "Canceled":
        migration.cancel()
    before = migration.wait()
    assert state_of(before) == end
    answer = migration.cancel(status=409)
    assert end in answer["error"]["message"], answer
    assert migration.get() == before


def test_delete_of_an_ended_migration_takes_it_off_the_lists(attached, database, postgres_source, arm):
    migration = attached.put([load_shop(postgres_source, database(), rows=5)])
    migration.succeed()
    migration.delete(status=(200, 204))
    assert migration.name not in arm.migrations(attached.target)
    arm.error("GET", migration.path, 404, "ResourceNotFound")
    arm.request("DELETE", migration.path, status=204)


def test_delete_of_an_active_migration_answers_with_it(attached):
    migration = attached.put(None)
    migration.wait("WaitingForUserAction")
    body = migration.delete().json()
    assert body["name"] == migration.name and body["properties"]["migrationId"]
    migration.wait("Canceled")


def test_two_at_once_end_both(attached, database, postgres_source):
    names = [load_slow(postgres_source, database(), 30) for _ in range(2)]
    migrations = [attached.put([name]) for name in names]
    for migration in migrations:
        migration.wait("MigratingData")
    began = time.monotonic()
    for migration in migrations:
        migration.cancel()
    for migration in migrations:
        migration.wait("Canceled", timeout=20)
    assert time.monotonic() - began < patience(CANCEL_SECONDS)
    assert_nothing_runs(attached.malachite, names, attached.source, attached.target)


def test_a_new_migration_can_follow_at_once(attached, database, postgres_source, postgres_target):
    name = load_slow(postgres_source, database(), 30)
    migration = attached.put([name])
    migration.wait("MigratingData")
    assert_cancels(migration, [name], attached)
    postgres_source.psql("DROP TABLE slow", name)
    attached.put([name], overwriteDbsInTarget="True", name=unique("again")).succeed()
    assert postgres_target.value("SELECT count(*) FROM quick", dbname=name) == 1000


def test_a_cancel_request_survives_a_crash(own_pair, database, postgres_source):
    pair = own_pair()
    name = load_slow(postgres_source, database(), 30)
    migration = pair.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    pair.arm.request("PATCH", migration.path, {"properties": {"cancel": "True"}}, status=200)
    pair.malachite.kill()
    pair.malachite.start()
    migration.wait("Canceled", timeout=20)
    assert_nothing_runs(pair.malachite, [name], pair.source, pair.target, within=5)


def test_a_stop_interrupts_a_clean_up_that_waits_for_a_lock(own_pair, database, postgres_source):
    pair = own_pair()
    name = load(postgres_source, database(), "CREATE TABLE no_key AS SELECT 1 AS a;")
    migration = put_online(pair, [name])
    reach_wait(migration)
    blocker = postgres_source.connect(name)
    blocker.cursor().execute("BEGIN; LOCK TABLE no_key IN ACCESS SHARE MODE")
    migration.cancel()
    wait_until(
        lambda: postgres_source.value(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'malachite' AND wait_event_type = 'Lock'"
        )
        > 0,
        20,
        "the clean-up that waits for the lock",
    )
    assert pair.malachite.stop() < patience(3)
    blocker.close()
    pair.malachite.start()
    assert state_of(migration.wait()) == "Canceled"
    assert_nothing_is_left(pair, name, within=30)
