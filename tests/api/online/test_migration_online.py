"""Online migrations, end to end: the target follows a source that is written to, until the cutover."""

import time

import pytest

from arm import details_of, patience, state_of, substate_of, unique, wait_until
from online import (
    WAITS,
    Writer,
    assert_nothing_is_left,
    cut_over,
    differences,
    put_online,
    reach_wait,
    replication_of,
    source_as_before,
    wait_for_nothing_pending,
)
from samples import SHOP_TABLES, drop, has_database, load_shop, load_slow

pytestmark = pytest.mark.timeout(patience(240))


@pytest.fixture(params=["attached", "provisioned"])
def pair(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def shop(pair):
    """A function that makes shops on the source; they are dropped on both sides afterwards."""
    names = []

    def make(rows=100):
        names.append(load_shop(pair.source.postgres, unique("online"), rows))
        return names[-1]

    yield make
    for server in (pair.source, pair.target):
        drop(server.postgres, *names)


def events_of(pair, body):
    return [
        event["text"] for event in pair.arm.get("/_malachite/migrations/" + body["properties"]["migrationId"])["events"]
    ]


# -- following and cutover --------------------------------------------------------------------------------------


def test_concurrent_writes_arrive(pair, shop):
    name = shop()
    with source_as_before(pair, name):
        with Writer(pair.source.postgres, name) as writer:
            migration = put_online(pair, [name])
            body = reach_wait(migration)
            wait_until(lambda: details_of(migration.get(), name)["cdcInsertCounter"] > 20, 30, "inserts")
            committed = writer.stop()
        body = wait_for_nothing_pending(migration, name)
        figures = details_of(body, name)
        assert figures["migrationState"] == WAITS and figures["fullLoadCompletedTables"] == SHOP_TABLES
        assert figures["latency"] == 0
        assert 0 < figures["cdcInsertCounter"] <= 4 * committed
        assert 0 < figures["cdcUpdateCounter"] <= 3 * committed
        assert 0 < figures["cdcDeleteCounter"] <= 2 * committed
        sum_of_kinds = sum(figures[f"cdc{kind}Counter"] for kind in ("Insert", "Update", "Delete"))
        assert figures["appliedChanges"] >= sum_of_kinds
        answer = migration.patch(triggerCutover="True")
        assert (state_of(answer), substate_of(answer)) == ("WaitingForUserAction", WAITS)
        body = migration.succeed()
        assert_nothing_is_left(pair, name)
    assert differences(pair, name) == []
    ended = details_of(body, name)
    assert ended["migrationState"] == "Succeeded" and ended["endedOn"] > figures["endedOn"]
    assert ended["incomingChanges"] == 0 and ended["appliedChanges"] >= figures["appliedChanges"]
    assert body["properties"]["migrationMode"] == "Online" and body["properties"]["triggerCutover"] == "True"
    assert body["properties"]["migrationWindowEndTimeInUtc"] >= ended["endedOn"]


def test_the_figures_count_the_applied_changes(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=50)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(
        "INSERT INTO sales.customer (name) SELECT 'n' FROM generate_series(1, 70);"
        "UPDATE sales.customer SET name = 'u' WHERE id <= 30; DELETE FROM sales.orders WHERE id <= 11",
        name,
    )
    expected = {"cdcInsertCounter": 70, "cdcUpdateCounter": 30, "cdcDeleteCounter": 11, "appliedChanges": 111}

    def applied():
        details = details_of(migration.get(), name)
        return {figure: details[figure] for figure in expected} == expected

    wait_until(applied, 20, "the figures")
    body = wait_for_nothing_pending(migration, name)
    detail = attached.arm.get("/_malachite/migrations/" + body["properties"]["migrationId"])["databases"][0]
    assert [detail[key] for key in ("inserts", "updates", "deletes", "pendingBytes")] == [70, 30, 11, 0]
    cut_over(migration)
    assert differences(attached, name) == []


def test_writes_to_other_databases_do_not_stay_pending(attached, database, postgres_source):
    name, other = load_shop(postgres_source, database(), 10), load_shop(postgres_source, database(), 10)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(
        "INSERT INTO sales.customer (name) SELECT repeat('x', 100) FROM generate_series(1, 20000)", other
    )
    wait_for_nothing_pending(migration, name)
    assert details_of(migration.get(), name)["appliedChanges"] == 0
    cut_over(migration)
    assert differences(attached, name) == []


def test_commits_before_the_trigger_arrive(attached, database, postgres_source, postgres_target):
    name = load_shop(postgres_source, database(), rows=50)
    migration = put_online(attached, [name])
    reach_wait(migration)
    with Writer(postgres_source, name, pause=0.001) as writer:
        wait_until(lambda: writer.committed > 50, 20, "writes")
        committed = writer.committed
        migration.patch(triggerCutover="True")
        migration.succeed()
    found = postgres_target.value("SELECT count(*) FROM sales.customer WHERE name LIKE 'Writer %'", dbname=name)
    assert committed <= found <= writer.committed
    assert_nothing_is_left(attached, name)


def test_the_target_can_be_used_afterwards(pair, shop):
    name = shop(rows=300)
    migration = put_online(pair, [name])
    reach_wait(migration)
    pair.source.postgres.execute("INSERT INTO sales.customer (name) VALUES ('one more')", dbname=name)
    pair.source.postgres.value("SELECT nextval('sales.orders_id_seq')", dbname=name)
    cut_over(migration)
    target = pair.target.postgres
    assert target.value("INSERT INTO sales.customer (name) VALUES ('new') RETURNING id", dbname=name) == 302
    assert target.value("INSERT INTO sales.orders (customer, total) VALUES (1, 1) RETURNING id", dbname=name) == 602
    target.execute("UPDATE sales.customer SET name = 'x' WHERE id = 302", dbname=name)
    assert target.value("SELECT name FROM sales.customer WHERE id = 302", dbname=name) == "X", "the trigger is off"


def test_sequences_large_objects_and_unlogged_tables_are_brought_up_to_date(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=20)
    postgres_source.psql(
        "CREATE UNLOGGED TABLE fleeting (a int); CREATE SEQUENCE numbers;" "SELECT lo_from_bytea(4711, 'first')", name
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(
        "INSERT INTO fleeting SELECT generate_series(1, 50); SELECT setval('numbers', 777);"
        "SELECT lo_put(4711, 0, 'second'); SELECT lo_from_bytea(4712, 'new')",
        name,
    )
    cut_over(migration)
    assert differences(attached, name) == []
    assert_nothing_is_left(attached, name)


def test_a_trigger_during_the_base_copy_is_remembered(attached, database, postgres_source):
    name = load_slow(postgres_source, database(), 2)
    migration = put_online(attached, [name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    answer = migration.patch(triggerCutover="True")
    assert substate_of(answer) == "MigratingData"
    postgres_source.execute("INSERT INTO quick VALUES (-1)", dbname=name)
    migration.succeed()
    assert WAITS not in [substate for _, substate in migration.watch.pairs]
    assert differences(attached, name) == []


def test_a_trigger_in_the_put_cuts_over_by_itself(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=20)
    migration = put_online(attached, [name], triggerCutover="True")
    body = migration.succeed()
    assert body["properties"]["migrationMode"] == "Online"
    assert differences(attached, name) == []
    assert_nothing_is_left(attached, name)


@pytest.mark.parametrize("list_name", ["dbsToTriggerCutoverOn", "dBsToTiggerCutoverOn"])
def test_databases_can_be_cut_over_one_by_one(attached, database, postgres_source, list_name):
    names = [load_shop(postgres_source, database(), rows=20) for _ in range(3)]
    migration = put_online(attached, names)
    reach_wait(migration)
    done = []
    for name in names[:2]:
        migration.patch(triggerCutover="True", **{list_name: [name]})
        done.append(name)
        body = migration.wait(lambda body, name=name: details_of(body, name)["migrationState"] == "Succeeded", 30)
        assert (state_of(body), substate_of(body)) == ("WaitingForUserAction", WAITS)
        assert all(details_of(body, other)["migrationState"] == WAITS for other in names if other not in done)
        assert replication_of(postgres_source, name) == replication_of(attached.target.postgres, name) == []
        assert differences(attached, name) == []
    postgres_source.execute("INSERT INTO empty_table VALUES (1)", dbname=names[2])
    cut_over(migration, **{list_name: [names[2]]})
    assert differences(attached, names[2]) == []
    assert_nothing_is_left(attached, *names)


def test_the_rest_can_be_cut_over_at_once(attached, database, postgres_source):
    names = [load_shop(postgres_source, database(), rows=10) for _ in range(3)]
    migration = put_online(attached, names)
    reach_wait(migration)
    migration.patch(triggerCutover="True", dbsToTriggerCutoverOn=[names[1]])
    migration.wait(lambda body: details_of(body, names[1])["migrationState"] == "Succeeded", 30)
    cut_over(migration)
    for name in names:
        assert differences(attached, name) == []


def test_several_migrations_follow_at_once(attached, database, postgres_source):
    names = [load_shop(postgres_source, database(), rows=20) for _ in range(4)]
    migrations = [put_online(attached, [name]) for name in names]
    for migration in migrations:
        reach_wait(migration)
    writers = [Writer(postgres_source, name) for name in names]
    for writer in writers:
        writer.__enter__()
    time.sleep(1)
    for writer in writers:
        writer.stop()
    for migration in migrations:
        migration.patch(triggerCutover="True")
    for name, migration in zip(names, migrations):
        migration.succeed()
        assert differences(attached, name) == []
    assert_nothing_is_left(attached, *names)


# -- what is told -----------------------------------------------------------------------------------------------


def test_tables_that_cannot_be_followed_are_reported_before(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=5)
    postgres_source.psql("CREATE UNLOGGED TABLE fleeting (a int)", name)
    migration = put_online(attached, [name], migrationOption="ValidateAndMigrate")
    body = reach_wait(migration)
    [validated] = body["properties"]["currentStatus"]["currentSubStateDetails"]["validationDetails"][
        "dbLevelValidationDetails"
    ]
    [schema] = [rule for rule in validated["summary"] if rule["type"] == "SchemaValidation"]
    assert schema["state"] == "Warning"
    text = " ".join(message["message"] for message in schema["messages"])
    for word in ("public.empty_table", "public.fleeting", "large objects", "sales.customer_id_seq", "sales.totals"):
        assert word in text
    assert any("public.empty_table" in event for event in events_of(attached, body))
    cut_over(migration)


def test_validation_lists_what_the_source_lacks(malachite, attached, database, postgres_source, arm):
    postgres_source.psql("CREATE ROLE ungranted LOGIN PASSWORD 'test-superuser'")
    name = load_shop(postgres_source, database(), rows=5)
    body = attached.body([name], migrationMode="Online", migrationOption="Validate")
    body["properties"]["secretParameters"]["sourceServerUsername"] = "ungranted"
    migration = arm.put_migration(attached.source, attached.target, [name], body=body)
    ended = migration.wait()
    assert state_of(ended) == "ValidationFailed"
    assert "603104" in ended["properties"]["currentStatus"]["error"]
    postgres_source.psql("DROP ROLE ungranted")


def test_ddl_on_the_source_waits_until_it_is_repeated(attached, database, postgres_source, postgres_target):
    name = load_shop(postgres_source, database(), rows=5)
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql(
        "ALTER TABLE sales.customer ADD phone text;" "INSERT INTO sales.customer (name, phone) VALUES ('late', '555')",
        name,
    )
    body = migration.wait(
        lambda body: "phone" in details_of(body, name).get("migrationOperation", "")
        and details_of(body, name)["incomingChanges"] > 0,
        30,
    )
    assert substate_of(body) == WAITS
    postgres_target.psql("ALTER TABLE sales.customer ADD phone text", name)
    migration.wait(lambda body: "migrationOperation" not in details_of(body, name), 30)
    wait_for_nothing_pending(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []


# -- ends -------------------------------------------------------------------------------------------------------


def test_a_slot_that_was_dropped_fails_the_migration(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=5)
    with source_as_before(attached, name):
        migration = put_online(attached, [name])
        reach_wait(migration)
        [(slot,)] = postgres_source.query("SELECT slot_name FROM pg_replication_slots WHERE database = %s", (name,))
        postgres_source.execute(
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", (slot,)
        )

        def dropped():
            try:
                postgres_source.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
            except Exception:  # pylint: disable=broad-except
                postgres_source.execute(
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots" " WHERE slot_name = %s", (slot,)
                )
                return False
            return True

        wait_until(dropped, 20, "the end of the slot", 0)
        error = migration.fail(timeout=30)
        assert name in error
        assert_nothing_is_left(attached, name)


def test_one_database_that_cannot_be_copied_fails_all(attached, database, postgres_source, postgres_target):
    good, bad = load_shop(postgres_source, database(), rows=5), database()
    postgres_source.create_database(bad)
    postgres_source.psql(
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';"
        "CREATE TABLE t (a int CHECK (f(a))); INSERT INTO t VALUES (1);"
        "CREATE OR REPLACE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false'",
        bad,
    )
    migration = put_online(attached, [good, bad])
    error = migration.fail()
    assert bad in error
    body = migration.get()
    assert details_of(body, bad)["migrationState"] == "Failed"
    assert details_of(body, good)["migrationState"] == "Canceled"
    assert_nothing_is_left(attached, good, bad)
    assert has_database(postgres_target, good)
