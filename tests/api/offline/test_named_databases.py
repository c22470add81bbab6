"""Decisions about databases by name: the migration goes on with the others."""

import pytest

from arm import details_of, patience, substate_of, wait_until
from online import WAITS, assert_nothing_is_left, cut_over, put_online, reach_wait, replication_of
from samples import has_database, has_marker, load_marker, load_shop, load_slow

OVERWRITE = "WaitingForTargetDBOverwriteConfirmation"
SCHEDULING = "WaitingForDataMigrationScheduling"

pytestmark = pytest.mark.timeout(patience(240))


@pytest.fixture
def shop(attached, database, postgres_source):
    return load_shop(postgres_source, database(), rows=10)


def cancel_one(migration, name, *others):
    """Cancels one database; it ends soon, the others do not."""
    migration.cancel(dbsToCancelMigrationOn=[name])

    def ended():
        body = migration.get()
        return details_of(body, name).get("migrationState") == "Canceled" and body

    body = wait_until(ended, 10, "the end of that database")
    assert all(details_of(body, other).get("migrationState") != "Canceled" for other in others)
    return body


def test_one_database_is_canceled_while_nothing_moves_yet(attached, shop, database, postgres_source, postgres_target):
    other = load_shop(postgres_source, database(), rows=5)
    migration = put_online(attached, [shop, other], startDataMigration="False")
    migration.wait(SCHEDULING)
    cancel_one(migration, shop, other)
    assert substate_of(migration.get()) == SCHEDULING
    migration.patch(startDataMigration="True")
    reach_wait(migration)
    cut_over(migration)
    assert not has_database(postgres_target, shop) and has_database(postgres_target, other)


def test_the_question_ends_with_the_database_it_was_about(attached, shop, database, postgres_source, postgres_target):
    other = load_shop(postgres_source, database(), rows=5)
    load_marker(postgres_target, shop)
    migration = put_online(attached, [shop, other])
    migration.wait(OVERWRITE)
    cancel_one(migration, shop, other)
    reach_wait(migration)
    cut_over(migration)
    assert has_marker(postgres_target, shop)


def test_one_that_follows_is_canceled_while_another_is_copied(attached, shop, database, postgres_source):
    slow = load_slow(postgres_source, database(), 4)
    migration = put_online(attached, [shop, slow])
    migration.wait(lambda body: details_of(body, slow).get("fullLoadCompletedTables") == 1)
    body = cancel_one(migration, shop, slow)
    assert substate_of(body) == "MigratingData"
    assert replication_of(postgres_source, shop) == []
    reach_wait(migration)
    cut_over(migration)


def test_one_is_canceled_while_all_follow(attached, shop, database, postgres_source, postgres_target):
    other = load_shop(postgres_source, database(), rows=5)
    migration = put_online(attached, [shop, other])
    reach_wait(migration)
    body = cancel_one(migration, shop, other)
    assert substate_of(body) == WAITS
    assert replication_of(postgres_source, shop) == replication_of(postgres_target, shop) == []
    assert has_database(postgres_target, shop)
    body = cut_over(migration)
    assert details_of(body, shop)["migrationState"] == "Canceled"
    assert_nothing_is_left(attached, shop, other)


def test_all_by_name_is_a_cancel(attached, shop, database, postgres_source):
    other = load_shop(postgres_source, database(), rows=5)
    migration = put_online(attached, [shop, other])
    reach_wait(migration)
    cancel_one(migration, shop, other)
    migration.cancel(dbsToCancelMigrationOn=[other])
    migration.wait("Canceled")
    assert_nothing_is_left(attached, shop, other)


def test_one_cut_over_the_other_canceled(attached, shop, database, postgres_source):
    other = load_shop(postgres_source, database(), rows=5)
    migration = put_online(attached, [shop, other])
    reach_wait(migration)
    migration.patch(triggerCutover="True", dbsToTriggerCutoverOn=[shop])
    migration.wait(lambda body: details_of(body, shop)["migrationState"] == "Succeeded", 30)
    migration.cancel(dbsToCancelMigrationOn=[other])
    body = migration.succeed()
    assert [details_of(body, name)["migrationState"] for name in (shop, other)] == ["Succeeded", "Canceled"]
    assert_nothing_is_left(attached, shop, other)
