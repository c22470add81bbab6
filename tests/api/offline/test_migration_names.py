"""DELETE and PUT of a migration by clients that declare resources: the name is free again, a PUT repeats and decides."""

import pytest

from arm import details_of, state_of, substate_of, unique
from online import put_online, reach_wait
from samples import has_database, load_shop, load_slow

NO_DATABASES = "WaitingForDBsToMigrateSpecification"
SCHEDULING = "WaitingForDataMigrationScheduling"


@pytest.fixture
def shop(attached, database, postgres_source):
    return load_shop(postgres_source, database(), rows=5)


def put_again(arm, migration, status=200, **properties):
    """The PUT that made the migration, with more or other properties."""
    body = {"location": migration.sent["location"], "properties": {**migration.sent["properties"], **properties}}
    return arm.request("PUT", migration.path, body, status=status)


def put(pair, databases, name=None, **properties):
    body = pair.body(databases, **properties)
    migration = pair.arm.put_migration(pair.source, pair.target, databases, body=body, name=name)
    migration.sent = body
    return migration


def test_delete_of_an_ended_migration_frees_its_name(attached, arm, shop):
    first = put(attached, [shop])
    first.succeed()
    first.delete(status=204)
    available = {"name": first.name, "type": "Microsoft.DBforPostgreSQL/flexibleServers/migrations"}
    answer = arm.request("POST", f"{attached.target.id}/checkMigrationNameAvailability", available, status=200).json()
    assert answer["nameAvailable"] is True
    second = put(attached, [shop], name=first.name.upper(), overwriteDbsInTarget="True")
    assert second.created["properties"]["migrationId"] != first.created["properties"]["migrationId"]
    assert second.succeed()["name"] == first.name.upper()
    assert arm.migrations(attached.target).count(second.name) == 1
    second.delete(status=204)
    arm.request("HEAD", second.path, status=404)


def test_delete_of_an_active_migration_cancels_it_and_a_put_replaces_it_at_once(
    attached, arm, database, postgres_source
):
    name = load_slow(postgres_source, database(), 20)
    first = put(attached, [name])
    first.wait("MigratingData")
    first.delete()
    # Terraform deletes and creates without a pause; the old run may still be ending.
    second = put(attached, [name], name=first.name, startDataMigration="False", overwriteDbsInTarget="True")
    assert second.created["properties"]["migrationId"] != first.created["properties"]["migrationId"]
    second.wait(SCHEDULING)
    second.delete()
    assert state_of(second.wait("Canceled")) == "Canceled"
    second.delete(status=204)
    arm.error("GET", second.path, 404, "ResourceNotFound")


def test_a_database_and_a_server_can_be_deleted_right_after_the_migration(own_pair, database, postgres_source):
    """What `terraform destroy` sends."""
    pair = own_pair()
    name = load_slow(postgres_source, database(), 20)
    migration = put(pair, [name])
    migration.wait("MigratingData")
    migration.delete()
    answer = pair.arm.request("DELETE", f"{pair.target.id}/databases/{name}", status=(202, 204))
    if answer.status_code == 202:  # 204: the migration was canceled before it had created the database
        pair.arm.wait_operation(answer)
    assert not has_database(pair.target.postgres, name)
    other = put(pair, None)
    other.wait(NO_DATABASES)
    other.delete()
    pair.arm.delete_and_wait(pair.target.id)
    pair.arm.delete_and_wait(pair.source.id)


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_a_validation_blocks_nobody_and_is_blocked_by_nobody(attached, database, postgres_source, mode):
    name = load_slow(postgres_source, database(), 20)
    running = put(attached, [name])
    running.wait("MigratingData")
    validation = put(attached, [name], migrationOption="Validate", migrationMode=mode)
    body = validation.succeed()
    assert details_of(body, name) == {}
    details = body["properties"]["currentStatus"]["currentSubStateDetails"]
    assert details["validationDetails"]["status"] != "Failed"
    rows = attached.arm.get(f"/_malachite/migrations/{body['properties']['migrationId']}")["databases"]
    assert [row["state"] for row in rows] == ["Succeeded"]
    running.cancel()
    running.wait("Canceled")
    # The other way round: one that has not even begun to validate.
    waiting = put(attached, None, migrationOption="Validate", migrationMode=mode)
    waiting.wait(NO_DATABASES)
    waiting.patch(dbsToMigrate=[name])
    migration = put(attached, [name], startDataMigration="False", overwriteDbsInTarget="True")
    migration.wait(SCHEDULING)
    migration.cancel()
    waiting.succeed()
    migration.wait("Canceled")


def test_put_adds_the_cutover(attached, shop, arm):
    migration = put_online(attached, [shop])
    migration.sent = attached.body([shop], migrationMode="Online", migrationOption="Migrate")
    reach_wait(migration)
    assert substate_of(put_again(arm, migration).json()) == "WaitingForCutoverTrigger"
    assert put_again(arm, migration, triggerCutover="True").json()["properties"]["triggerCutover"] == "True"
    migration.succeed()
    again = put_again(arm, migration, triggerCutover="True")
    assert state_of(again.json()) == "Succeeded"
    error = put_again(arm, migration, status=409, cancel="True").json()["error"]
    assert error["code"] == "MigrationAlreadyExists" and error["target"] == "properties.cancel"


def test_put_cancels_and_keeps_what_it_repeats(attached, arm):
    migration = put(attached, None, startDataMigration="False")
    migration.wait(NO_DATABASES)
    body = put_again(arm, migration, cancel=True, triggerCutover=True, tags={"a": "b"}).json()
    assert body["properties"]["cancel"] == "True"
    migration.wait("Canceled")
    assert state_of(put_again(arm, migration, cancel=True).json()) == "Canceled"


def test_put_chooses_the_databases_and_the_start(attached, shop, arm):
    migration = put(attached, None, startDataMigration="False")
    migration.wait(NO_DATABASES)
    put_again(arm, migration, dbsToMigrate=[shop])
    migration.sent["properties"]["dbsToMigrate"] = [shop]
    migration.wait(SCHEDULING)
    error = put_again(arm, migration, status=409, dbsToMigrate=[unique()]).json()["error"]
    assert error["target"] == "properties.dbsToMigrate", error
    error = put_again(arm, migration, status=409, sourceDbServerResourceId="localhost:1@me").json()["error"]
    assert error["code"] == "MigrationAlreadyExists" and error["target"] == "properties.sourceDbServerResourceId"
    put_again(arm, migration, startDataMigration="True")
    migration.succeed()


def test_patch_changes_source_and_mode_while_nothing_has_begun(attached, shop):
    migration = put(attached, None, startDataMigration="False")
    migration.wait(NO_DATABASES)
    assert migration.patch(migrationMode="Online")["properties"]["migrationMode"] == "Online"
    assert migration.patch(migrationMode="Offline")["properties"]["triggerCutover"] == "True"
    assert "triggerCutover" not in migration.patch(migrationMode="Online")["properties"]
    error = migration.patch(status=400, sourceDbServerResourceId=attached.target.id)["error"]
    assert error["target"] == "properties.sourceDbServerResourceId"
    address = f"127.0.0.1:{attached.source.postgres.port}@{attached.source.login}"
    migration.patch(sourceDbServerResourceId=address)
    migration.patch(dbsToMigrate=[shop], startDataMigration="True")
    reach_wait(migration)
    error = migration.patch(status=409, migrationMode="Offline")["error"]
    assert error["target"] == "properties.migrationMode"
    migration.patch(triggerCutover="True")
    migration.succeed()


def test_the_runtime_server_has_to_exist(attached, arm):
    name = "properties.migrationInstanceResourceId"
    for wrong in (f"{attached.target.id}x", attached.source.id, "nonsense", arm.group_id("rg")):
        body = attached.body(None, migrationInstanceResourceId=wrong)
        path = f"{attached.target.id}/migrations/{unique('m')}"
        error = arm.error("PUT", path, 400, json=body)
        assert error["target"] == name, error
        arm.error("GET", path, 404)
    migration = put(attached, None, migrationInstanceResourceId=attached.target.id, startDataMigration="False")
    assert migration.get()["properties"]["migrationInstanceResourceId"] == attached.target.id
    migration.cancel()
    migration.wait("Canceled")


def test_patch_names_other_addresses_of_both_servers(attached, shop):
    migration = put(attached, None, startDataMigration="False")
    migration.wait(NO_DATABASES)
    addresses = {
        "sourceDbServerFullyQualifiedDomainName": "localhost",
        "targetDbServerFullyQualifiedDomainName": "localhost",
    }
    shown = migration.patch(**addresses)["properties"]
    assert {name: shown[name] for name in addresses} == addresses
    for name in addresses:
        error = migration.patch(status=400, **{name: -1})["error"]
        assert error["target"] == f"properties.{name}", error
    migration.patch(dbsToMigrate=[shop], startDataMigration="True")
    migration.succeed()
    assert has_database(attached.target.postgres, shop)
