"""A database that is already present on the target: ask, then overwrite or cancel."""

import time

import pytest

from arm import state_of, substate_of, unique
from compare import compare_databases
from postgres import Postgres
from samples import (
    PLPGSQL,
    assert_nothing_runs,
    drop,
    has_database,
    has_marker,
    inventory,
    load,
    load_marker,
    load_shop,
    sessions,
)

WAITS = "WaitingForTargetDBOverwriteConfirmation"


@pytest.fixture
def clash(attached, database, postgres_source, postgres_target):
    """A database on both sides; the target's has a marker."""
    name = load_shop(postgres_source, database(), rows=20)
    return load_marker(postgres_target, name)


def differences(pair, name):
    return compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))


def test_it_waits_and_touches_nothing(attached, clash, malachite):
    before = inventory(attached.target.postgres, clash), inventory(attached.target.postgres)
    migration = attached.put([clash])
    body = migration.wait(WAITS)
    assert (state_of(body), substate_of(body)) == ("WaitingForUserAction", WAITS)
    assert body["properties"].get("overwriteDbsInTarget", "False") == "False"
    time.sleep(0.5)
    assert (inventory(attached.target.postgres, clash), inventory(attached.target.postgres)) == before
    assert_nothing_runs(malachite, [clash], attached.source, attached.target)
    migration.cancel()
    migration.wait("Canceled")
    assert has_marker(attached.target.postgres, clash)


def test_a_confirmation_continues_the_migration(attached, clash):
    migration = attached.put([clash])
    migration.wait(WAITS)
    answer = migration.patch(overwriteDbsInTarget="True")
    assert answer["properties"]["overwriteDbsInTarget"] == "True"
    migration.succeed()
    assert not has_marker(attached.target.postgres, clash)
    assert differences(attached, clash) == []


def test_a_refusal_keeps_the_migration_waiting(attached, clash):
    migration = attached.put([clash], overwriteDbsInTarget="False")
    migration.wait(WAITS)
    migration.patch(overwriteDbsInTarget="False")
    time.sleep(0.5)
    assert substate_of(migration.get()) == WAITS
    assert has_marker(attached.target.postgres, clash)
    migration.cancel()
    migration.wait("Canceled")


def test_a_cancel_with_delete_leaves_the_target_as_it_was(attached, clash):
    migration = attached.put([clash])
    migration.wait(WAITS)
    migration.delete()
    migration.wait("Canceled")
    assert has_marker(attached.target.postgres, clash)


@pytest.mark.parametrize("value", ["True", True, "true"])
def test_overwrite_from_the_start_never_asks(attached, clash, value):
    migration = attached.put([clash], overwriteDbsInTarget=value)
    body = migration.succeed()
    assert body["properties"]["overwriteDbsInTarget"] == "True"
    assert "WaitingForUserAction" not in [state for state, _ in migration.watch.pairs]
    assert differences(attached, clash) == []


def test_open_sessions_do_not_save_the_old_database(attached, clash, postgres_target):
    idle, working = postgres_target.connect(clash), postgres_target.connect(clash)
    idle.cursor().execute("BEGIN; SELECT * FROM marker")
    working.cursor().execute("LISTEN something")
    attached.put([clash], overwriteDbsInTarget="True").succeed()
    assert differences(attached, clash) == []
    idle.close()
    working.close()


def test_only_the_databases_that_are_present_matter(attached, clash, database, postgres_source, postgres_target):
    other = load_shop(postgres_source, database(), rows=5)
    migration = attached.put([other, clash])
    migration.wait(WAITS)
    assert not has_database(postgres_target, other)
    migration.patch(overwriteDbsInTarget="True")
    migration.succeed()
    assert differences(attached, clash) == differences(attached, other) == []


@pytest.mark.parametrize(
    "content",
    [
        "CREATE TABLE t ()",
        "CREATE SCHEMA s",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE e AS ENUM ('a')",
        "SELECT lo_create(0)",
        "CREATE EXTENSION hstore",
        "CREATE VIEW v AS SELECT 1 AS a",
        "CREATE SEQUENCE s",
    ],
    ids=lambda content: " ".join(content.split()[:2]),
)
def test_any_object_of_the_user_counts_as_present(attached, database, postgres_source, postgres_target, content):
    name = load_shop(postgres_source, database(), rows=1)
    load(postgres_target, name, content + ";")
    migration = attached.put([name])
    migration.wait(WAITS)
    migration.cancel()
    migration.wait("Canceled")


def test_an_answer_given_before_the_question_counts(attached, clash):
    migration = attached.put(None)
    migration.wait("WaitingForDBsToMigrateSpecification")
    migration.patch(overwriteDbsInTarget="True")
    migration.patch(dbsToMigrate=[clash])
    migration.succeed()
    assert WAITS not in [substate for _, substate in migration.watch.pairs]
    assert differences(attached, clash) == []


def test_the_wait_survives_a_restart(own_pair, database, postgres_source, postgres_target):
    pair = own_pair()
    name = load_marker(postgres_target, load_shop(postgres_source, database(), rows=20))
    migration = pair.put([name])
    migration.wait(WAITS)
    pair.malachite.kill()
    pair.malachite.start()
    assert substate_of(migration.get()) == WAITS
    migration.patch(overwriteDbsInTarget="True")
    migration.succeed()
    assert differences(pair, name) == []


@pytest.mark.parametrize("provided", [False, True], ids=["attached", "provisioned"])
def test_the_database_postgres_can_be_overwritten(malachite, arm, provided):
    with Postgres(name="psrc") as source, Postgres(name="pdst") as attached_target:
        pair_source = malachite.attach(unique("src"), source, "servers")
        target = malachite.provision(unique("dst")) if provided else malachite.attach(unique("dst"), attached_target)
        source.psql("CREATE TABLE of_source AS SELECT generate_series(1, 9) AS a; CREATE SCHEMA extra")
        target.postgres.psql("CREATE TABLE marker AS SELECT 42 AS a; CREATE SCHEMA old")
        migration = arm.put_migration(pair_source, target, ["postgres"])
        migration.wait(WAITS)
        assert has_marker(target.postgres, "postgres")
        session = target.postgres.connect()
        migration.patch(overwriteDbsInTarget="True")
        migration.succeed()
        session.close()
        assert not has_marker(target.postgres, "postgres")
        found = compare_databases(
            source.dsn(), target.postgres.dsn(), roles={source.superuser: target.login}, ignore=PLPGSQL
        )
        assert found == []
        arm.get(f"{target.id}/databases/postgres")
        arm.delete_and_wait(target.id)
        arm.delete_and_wait(pair_source.id)


def test_an_overwrite_by_a_source_that_fails_leaves_the_target(attached, database, postgres_target):
    name = load_marker(postgres_target, database())
    attached.put([name], overwriteDbsInTarget="True").fail()
    assert has_marker(postgres_target, name), "dropped before the source was looked at"
    assert not sessions(postgres_target, name)
    drop(postgres_target, name)
