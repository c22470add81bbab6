"""One offline migration, end to end."""

import pytest

from arm import details_of, unique
from compare import compare_databases
from invariants import MOMENT
from samples import PLPGSQL, SHOP_TABLES, assert_nothing_runs, drop, inventory, load_big, load_shop, load_slow

ODD_NAMES = ['Ünï "quoted" ', "select", "has space ", "a'b;--", "x" * 50, "$1", "back\\slash"]


def differences(pair, name):
    return compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name))


@pytest.fixture(params=["attached", "provisioned"])
def pair(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def made(pair):
    """Names for databases of whichever pair, dropped afterwards."""
    names = []

    def name(prefix="t"):
        names.append(unique(prefix))
        return names[-1]

    yield name
    for server in (pair.source, pair.target):
        drop(server.postgres, *names)


def test_everything_arrives(pair, made):
    name = load_shop(pair.source.postgres, made())
    before = inventory(pair.source.postgres, name), inventory(pair.source.postgres)
    migration = pair.put([name])
    body = migration.succeed()
    assert differences(pair, name) == []
    assert (inventory(pair.source.postgres, name), inventory(pair.source.postgres)) == before
    database = details_of(body, name)
    assert database["migrationState"] == "Succeeded"
    assert database["fullLoadCompletedTables"] == SHOP_TABLES
    assert (
        database["fullLoadQueuedTables"] == database["fullLoadLoadingTables"] == database["fullLoadErroredTables"] == 0
    )
    assert MOMENT.fullmatch(database["startedOn"]) and MOMENT.fullmatch(database["endedOn"])
    assert "error" not in body["properties"]["currentStatus"]
    assert_nothing_runs(pair.malachite, [name], pair.source, pair.target)


def test_the_database_can_be_used_afterwards(pair, made):
    name = load_shop(pair.source.postgres, made())
    pair.put([name]).succeed()
    target = pair.target.postgres
    assert target.value("INSERT INTO sales.customer (name) VALUES ('new') RETURNING id", dbname=name) == 301
    target.execute("UPDATE sales.customer SET name = 'x' WHERE id = 301", dbname=name)
    assert target.value("SELECT name FROM sales.customer WHERE id = 301", dbname=name) == "X"
    assert target.value("SELECT count(*) FROM pg_stats WHERE schemaname = 'sales'", dbname=name) > 0, "not analyzed"


def test_the_answer_to_put_is_the_resource(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=1)
    migration = attached.put([name])
    body = migration.created
    properties = body["properties"]
    assert body["id"] == migration.path and body["name"] == migration.name
    assert properties["currentStatus"] == {"state": "InProgress"}
    assert properties["sourceDbServerResourceId"] == attached.source.id
    assert properties["targetDbServerResourceId"] == attached.target.id
    assert properties["dbsToMigrate"] == [name]
    assert properties["migrationMode"] == "Offline" and properties["migrationOption"] == "Migrate"
    assert "migrationWindowStartTimeInUtc" in properties and "migrationWindowEndTimeInUtc" not in properties
    migration.succeed()


def test_get_shows_the_servers_and_the_end(attached, database, postgres_source):
    migration = attached.put([load_shop(postgres_source, database(), rows=1)])
    properties = migration.succeed()["properties"]
    for side in ("sourceDbServerMetadata", "targetDbServerMetadata"):
        assert properties[side]["version"] == str(postgres_source.major)
        assert properties[side]["storageMb"] > 0
    assert properties["migrationWindowEndTimeInUtc"] > properties["migrationWindowStartTimeInUtc"]
    assert properties["triggerCutover"] == "True"


def test_the_substates_pass_in_order(attached, database, postgres_source):
    migration = attached.put([load_slow(postgres_source, database(), 2)])
    migration.succeed()
    order = [
        ("InProgress", None),
        ("InProgress", "PerformingPreRequisiteSteps"),
        ("InProgress", "MigratingData"),
        ("InProgress", "CompletingMigration"),
        ("Succeeded", "Completed"),
    ]
    passed = migration.watch.pairs
    assert passed == [pair for pair in order if pair in passed]
    assert passed[0] == order[0] and order[2] in passed and passed[-1] == order[-1]


def test_transitions_are_logged_with_the_migration_s_id(attached, database, postgres_source, malachite):
    migration = attached.put([load_shop(postgres_source, database(), rows=1)])
    migration_id = migration.succeed()["properties"]["migrationId"]
    lines = [line for line in malachite.log_text().splitlines() if migration_id in line]
    for word in ("MigratingData", "CompletingMigration", "Succeeded"):
        assert any(word in line for line in lines), lines


def test_eight_databases_with_odd_names_move_in_one_migration(pair, made):
    names = [load_shop(pair.source.postgres, made(prefix), rows=5) for prefix in [*ODD_NAMES, "plain"]]
    body = pair.put(names).succeed(timeout=90)
    for name in names:
        assert details_of(body, name)["migrationState"] == "Succeeded"
        assert differences(pair, name) == [], name


def test_counters_grow_while_copying(attached, database, postgres_source):
    name = load_slow(postgres_source, database(), 3)
    migration = attached.put([name])
    body = migration.wait(
        lambda body: details_of(body, name).get("fullLoadLoadingTables") == 1
        and details_of(body, name).get("fullLoadCompletedTables") == 1
    )
    assert details_of(body, name)["migrationState"] == "InProgress"
    assert details_of(body, name)["fullLoadQueuedTables"] == 0
    assert "endedOn" not in details_of(body, name)
    assert details_of(migration.succeed(), name)["fullLoadCompletedTables"] == 2


def test_an_empty_database_moves(attached, database, postgres_source):
    name = database()
    postgres_source.create_database(name)
    body = attached.put([name]).succeed()
    assert differences(attached, name) == []
    assert details_of(body, name).get("fullLoadCompletedTables", 0) == 0


def test_an_empty_database_on_the_target_is_no_obstacle(attached, database, postgres_source, postgres_target):
    name = load_shop(postgres_source, database(), rows=5)
    postgres_target.create_database(name)
    attached.put([name]).succeed()
    assert differences(attached, name) == []


def test_the_source_may_be_given_as_host_port_and_user(attached, database, postgres_source, arm):
    name = load_shop(postgres_source, database(), rows=5)
    source = f"{postgres_source.host}:{postgres_source.port}@{postgres_source.superuser}"
    body = arm.migration_body(source, attached.target, [name], sourceType="OnPremises")
    body["properties"]["secretParameters"]["adminCredentials"]["sourceServerPassword"] = postgres_source.password
    arm.put_migration(source, attached.target, [name], body=body).succeed()
    assert differences(attached, name) == []


def test_the_source_s_id_may_lack_its_first_slash_and_have_other_case(attached, database, postgres_source, arm):
    name = load_shop(postgres_source, database(), rows=5)
    attached.put([name], sourceDbServerResourceId=attached.source.id[1:].upper()).succeed()
    assert differences(attached, name) == []


def test_the_user_of_a_single_server_may_carry_its_name(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=5)
    body = attached.body([name])
    body["properties"]["secretParameters"][
        "sourceServerUsername"
    ] = f"{postgres_source.superuser}@{attached.source.name}"
    attached.arm.put_migration(attached.source, attached.target, [name], body=body).succeed()
    assert differences(attached, name) == []


def test_rows_committed_after_the_start_do_not_tear_the_copy(attached, database, postgres_source):
    name = load_slow(postgres_source, database(), 2)
    migration = attached.put([name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    before = postgres_source.value("SELECT count(*) FROM quick", dbname=name)
    postgres_source.psql(
        "SET test.fast = 'yes'; BEGIN; INSERT INTO quick VALUES (-1); INSERT INTO slow VALUES (-1, '');" "COMMIT", name
    )
    migration.succeed()
    rows = [attached.target.postgres.value(f"SELECT count(*) FROM {table}", dbname=name) for table in ("quick", "slow")]
    assert rows == [before, postgres_source.value("SELECT count(*) FROM slow", dbname=name) - 1]


def test_a_lock_on_the_source_delays_and_does_not_fail(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=5)
    blocker = postgres_source.connect(name)
    blocker.cursor().execute("BEGIN; LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
    migration = attached.put([name])
    migration.wait("MigratingData")
    blocker.close()
    migration.succeed()
    assert differences(attached, name) == []


@pytest.mark.slow
def test_a_table_of_200_megabytes_moves(attached, database, postgres_source):
    name = load_big(postgres_source, database(), 200)
    attached.put([name]).succeed(timeout=120)
    assert differences(attached, name) == []


def test_flexible_servers_can_be_sources(malachite, attached, database, postgres_source, arm):
    name = load_shop(postgres_source, database(), rows=5)
    source = malachite.attach(unique("flex"), postgres_source)
    arm.put_migration(source, attached.target, [name]).succeed()
    assert differences(attached, name) == []


def test_provisioned_and_attached_servers_mix(attached, provisioned, arm):
    for source, target in ((attached.source, provisioned.target), (provisioned.source, attached.target)):
        name = load_shop(source.postgres, unique("mix"), rows=5)
        arm.put_migration(source, target, [name]).succeed()
        found = compare_databases(
            source.postgres.dsn(name),
            target.postgres.dsn(name),
            roles={source.postgres.superuser: target.login},
            ignore=PLPGSQL,
        )
        assert found == []
        for server in (source, target):
            server.postgres.drop_database(name)
