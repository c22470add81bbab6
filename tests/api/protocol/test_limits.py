"""What a migration may be asked for, and what two migrations may do at the same time."""

from datetime import datetime, timedelta, timezone

import pytest

from arm import details_of, state_of, unique, wait_until
from compare import compare_databases
from samples import load_shop, load_slow

UNKNOWN_SUBSCRIPTION = "/subscriptions/11111111-1111-4111-8111-111111111111"


def put_error(pair, body, status=400, code=None, name=None):
    path = f"{pair.target.id}/migrations/{name or unique('m')}"
    error = pair.arm.error("PUT", path, status, code, json=body)
    if name is None:
        pair.arm.error("GET", path, 404)
    return error


@pytest.mark.parametrize("count, fine", [(1, True), (8, True), (9, False), (50, False)])
def test_one_to_eight_databases_are_allowed(attached, count, fine):
    names = [f"no_such_{number}" for number in range(count)]
    if fine:
        attached.put(names).fail()
    else:
        assert "8" in put_error(attached, attached.body(names))["message"]


@pytest.mark.parametrize(
    "names, word",
    [
        (["twice", "other", "twice"], "twice"),
        ([""], ""),
        (["x" * 64], "63"),
        (["template0"], "template0"),
        (["template1"], "template1"),
        (["azure_sys"], "azure_sys"),
        (["azure_maintenance"], "azure_maintenance"),
        (["a\0b"], ""),
    ],
)
def test_bad_names_of_databases_are_refused(attached, names, word):
    assert word in put_error(attached, attached.body(names))["message"]


def test_names_that_differ_in_case_are_different_databases(attached, database, postgres_source):
    name = load_shop(postgres_source, database("t"), rows=1)
    error = attached.put([name, name.upper()]).fail()
    assert name.upper() in error


def test_an_empty_list_of_databases_is_refused(attached):
    put_error(attached, attached.body([]))


def test_without_a_list_of_databases_it_waits_for_them(attached, database, postgres_source, postgres_target):
    name = load_shop(postgres_source, database(), rows=5)
    migration = attached.put(None)
    body = migration.wait("WaitingForDBsToMigrateSpecification")
    assert state_of(body) == "WaitingForUserAction"
    for bad in ([], ["a"] * 2, [str(number) for number in range(9)], "text", [5]):
        migration.patch(400, dbsToMigrate=bad)
    migration.patch(dbsToMigrate=[name])
    body = migration.succeed()
    assert body["properties"]["dbsToMigrate"] == [name]
    assert compare_databases(postgres_source.dsn(name), postgres_target.dsn(name)) == []


def test_chosen_databases_cannot_be_changed(attached, database, postgres_source):
    name = load_shop(postgres_source, database(), rows=1)
    migration = attached.put([name], startDataMigration="False")
    migration.wait("WaitingForUserAction")
    migration.patch((400, 409), dbsToMigrate=["another"])
    migration.cancel()
    migration.wait("Canceled")


WRONG = {
    "no properties": lambda body: body.pop("properties"),
    "properties of text": lambda body: body.update(properties="x"),
    "properties of a list": lambda body: body.update(properties=[]),
    "no location": lambda body: body.pop("location"),
    "location of a number": lambda body: body.update(location=1),
    "tags of a list": lambda body: body.update(tags=[]),
    "a tag of a number": lambda body: body.update(tags={"a": 1}),
    "no source": lambda body: body["properties"].pop("sourceDbServerResourceId"),
    "source of a number": lambda body: body["properties"].update(sourceDbServerResourceId=7),
    "source of nonsense": lambda body: body["properties"].update(sourceDbServerResourceId="nonsense"),
    "source without port": lambda body: body["properties"].update(sourceDbServerResourceId="host@user"),
    "source with a port of 0": lambda body: body["properties"].update(sourceDbServerResourceId="host:0@user"),
    "source with too large a port": lambda body: body["properties"].update(sourceDbServerResourceId="host:65536@user"),
    "source without user": lambda body: body["properties"].update(sourceDbServerResourceId="host:5432@"),
    "source of another type": lambda body: body["properties"].update(
        sourceDbServerResourceId=body["properties"]["sourceDbServerResourceId"].replace("/servers/", "/elephants/")
    ),
    "secrets of text": lambda body: body["properties"].update(secretParameters="x"),
    "no credentials": lambda body: body["properties"]["secretParameters"].pop("adminCredentials"),
    "no source password": lambda body: credentials(body).pop("sourceServerPassword"),
    "no target password": lambda body: credentials(body).pop("targetServerPassword"),
    "password of a number": lambda body: credentials(body).update(sourceServerPassword=5),
    "databases of text": lambda body: body["properties"].update(dbsToMigrate="shop"),
    "databases of numbers": lambda body: body["properties"].update(dbsToMigrate=[1]),
    "databases of null": lambda body: body["properties"].update(dbsToMigrate=[None]),
    "databases of an object": lambda body: body["properties"].update(dbsToMigrate={"a": "b"}),
    "an unknown mode": lambda body: body["properties"].update(migrationMode="Sideways"),
    "a mode of a list": lambda body: body["properties"].update(migrationMode=["Offline"]),
    "an unknown option": lambda body: body["properties"].update(migrationOption="Maybe"),
    "an unknown source type": lambda body: body["properties"].update(sourceType="Abacus"),
    "an unknown ssl mode": lambda body: body["properties"].update(sslMode="Never"),
    "a flag of a number": lambda body: body["properties"].update(overwriteDbsInTarget=1),
    "a flag of maybe": lambda body: body["properties"].update(overwriteDbsInTarget="Maybe"),
    "a flag of a list": lambda body: body["properties"].update(migrateRoles=["True"]),
    "a window of nonsense": lambda body: body["properties"].update(migrationWindowStartTimeInUtc="tomorrow"),
    "a window of a number": lambda body: body["properties"].update(migrationWindowStartTimeInUtc=5),
    "a window on the 30th of February": lambda body: body["properties"].update(
        migrationWindowStartTimeInUtc="2026-02-30T00:00:00Z"
    ),
}


def credentials(body):
    return body["properties"]["secretParameters"]["adminCredentials"]


@pytest.mark.parametrize("what", WRONG)
def test_wrong_bodies_are_refused_and_leave_nothing(attached, what):
    body = attached.body(["x"])
    WRONG[what](body)
    put_error(attached, body)


@pytest.mark.parametrize(
    "replace",
    [
        lambda pair: pair.source.id.replace("attached-source", "no-server"),
        lambda pair: pair.source.id.replace("/rg/", "/no-group/"),
        lambda pair: pair.source.id.replace(pair.arm.subscription, UNKNOWN_SUBSCRIPTION),
    ],
    ids=["server", "group", "subscription"],
)
def test_an_unknown_source_is_reported(attached, replace):
    source = replace(attached)
    path = f"{attached.target.id}/migrations/{unique('m')}"
    body = attached.body(["x"], sourceDbServerResourceId=source)
    error = attached.arm.request("PUT", path, body, status=(400, 404)).json()["error"]
    assert any(
        word in error["message"] for word in ("no-server", "no-group", UNKNOWN_SUBSCRIPTION.split("/")[-1])
    ), error
    attached.arm.error("GET", path, 404)


def test_unknown_targets_and_groups_are_reported(attached):
    arm, body = attached.arm, attached.body(["x"])
    arm.error("PUT", arm.server_id("no-server") + "/migrations/m", 404, "ParentResourceNotFound", json=body)
    arm.error("PUT", arm.server_id("x", group="no-group") + "/migrations/m", 404, "ResourceGroupNotFound", json=body)
    arm.error("PUT", attached.source.id.replace("/servers/", "/flexibleServers/") + "/migrations/m", 404, json=body)


def test_a_server_is_not_migrated_to_itself(attached):
    body = attached.body(["x"], sourceDbServerResourceId=attached.target.id)
    assert attached.target.name in put_error(attached, body)["message"]


@pytest.mark.parametrize(
    "spelling",
    [
        {"SOURCEDBSERVERRESOURCEID": None},
        {"DBsToMigrate": None},
        {"unknownProperty": {"deep": [1, 2]}},
        {"migrationMode": "offline"},
        {"OverwriteDBsinTarget": "true"},
        {"currentStatus": {"state": "Failed"}},
        {"migrationId": "mine"},
        {"overwriteDbsInTarget": None},
    ],
    ids=str,
)
def test_bodies_are_read_leniently(attached, database, postgres_source, spelling):
    name = load_shop(postgres_source, database(), rows=1)
    body = attached.body([name])
    for key, value in spelling.items():
        same = next((known for known in body["properties"] if known.lower() == key.lower()), None)
        moved = body["properties"].pop(same, None) if same else None
        body["properties"][key] = moved if value is None else value
    migration = attached.arm.put_migration(attached.source, attached.target, [name], body=body)
    properties = migration.succeed()["properties"]
    assert properties["migrationMode"] == "Offline" and properties["dbsToMigrate"] == [name]


def test_a_repeated_put_is_200_and_creates_no_second_one(attached, database, postgres_source, arm):
    name = load_shop(postgres_source, database(), rows=1)
    migration = attached.put([name])
    body = attached.body([name])
    again = arm.request("PUT", migration.path, body, status=200).json()
    assert again["properties"]["migrationId"] == migration.created["properties"]["migrationId"]
    credentials(body)["sourceServerPassword"] = "another"
    body["properties"]["sourceDbServerResourceId"] = body["properties"]["sourceDbServerResourceId"].upper()
    arm.request("PUT", migration.path.replace(migration.name, migration.name.upper()), body, status=200)
    assert arm.migrations(attached.target).count(migration.name) == 1
    migration.succeed()
    arm.request("PUT", migration.path, attached.body([name]), status=200)


@pytest.mark.parametrize(
    "other",
    [
        {"dbsToMigrate": ["other"]},
        {"overwriteDbsInTarget": "True"},
        {"migrationOption": "ValidateAndMigrate"},
        {"sslMode": "Require"},
    ],
    ids=str,
)
def test_put_of_something_else_on_the_same_name_is_409(attached, database, postgres_source, other):
    name = load_shop(postgres_source, database(), rows=1)
    migration = attached.put([name])
    error = put_error(attached, attached.body([name], **other), 409, name=migration.name)
    assert migration.name in error["message"]
    assert migration.get()["properties"]["dbsToMigrate"] == [name]
    migration.succeed()


def test_two_migrations_of_different_databases_run_at_once(attached, database, postgres_source, postgres_target):
    names = [load_slow(postgres_source, database(), 3) for _ in range(2)]
    migrations = [attached.put([name]) for name in names]
    wait_until(
        lambda: all(
            details_of(migration.get(), name).get("fullLoadLoadingTables") for migration, name in zip(migrations, names)
        ),
        20,
        "both to copy at once",
    )
    for migration, name in zip(migrations, names):
        migration.succeed()
        assert compare_databases(postgres_source.dsn(name), postgres_target.dsn(name)) == []


def test_two_migrations_do_not_write_the_same_database(attached, database, postgres_source, arm):
    name = load_slow(postgres_source, database(), 20)
    migration = attached.put([name])
    error = put_error(attached, attached.body(["other", name]), 409)
    assert name in error["message"] and migration.name in error["message"]
    waiting = attached.put(None)
    waiting.wait("WaitingForUserAction")
    waiting.patch(409, dbsToMigrate=[name])
    migration.cancel()
    migration.wait("Canceled")
    waiting.patch(dbsToMigrate=[name])
    waiting.cancel()
    waiting.wait("Canceled")


def test_a_limit_of_active_migrations_can_be_set(own_pair, database, postgres_source):
    pair = own_pair("--max-active-per-target", 2)
    waiting = [pair.put(None), pair.put(None)]
    error = put_error(pair, pair.body(["x"]), 409)
    assert "2" in error["message"] and pair.target.name in error["message"]
    waiting[0].cancel()
    waiting[0].wait("Canceled")
    pair.put([load_shop(postgres_source, database(), rows=1)]).succeed()


def test_more_migrations_than_workers_wait_their_turn(own_pair, database, postgres_source):
    pair = own_pair("--workers", 1)
    names = [load_shop(postgres_source, database(), rows=5) for _ in range(3)]
    for migration in [pair.put([name]) for name in names]:
        migration.succeed()


def test_a_window_in_the_near_future_is_waited_for(attached, database, postgres_source):
    start = datetime.now(timezone.utc) + timedelta(seconds=3)
    migration = attached.put(
        [load_shop(postgres_source, database(), rows=1)], migrationWindowStartTimeInUtc=start.isoformat()
    )
    migration.wait("WaitingForDataMigrationWindow")
    migration.succeed()
    assert datetime.now(timezone.utc) >= start


def test_a_window_can_be_begun_early(attached, database, postgres_source):
    start = (datetime.now(timezone.utc) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    migration = attached.put([load_shop(postgres_source, database(), rows=1)], migrationWindowStartTimeInUtc=start)
    migration.wait("WaitingForDataMigrationWindow")
    migration.patch(startDataMigration="True")
    migration.succeed()


PATCHES = {
    "a flag of maybe": {"cancel": "Maybe"},
    "a flag of a number": {"overwriteDbsInTarget": 3},
    "databases of text": {"dbsToMigrate": "x"},
}


@pytest.mark.parametrize("what", PATCHES)
def test_wrong_patches_are_refused_and_change_nothing(attached, what):
    migration = attached.put(None)
    before = migration.wait("WaitingForUserAction")
    migration.patch(400, **PATCHES[what])
    for body in ({"properties": []}, {"properties": "x"}, {"tags": 5}):
        attached.arm.error("PATCH", migration.path, 400, json=body)
    assert migration.get() == before
    migration.cancel()


def test_tags_can_be_changed_at_any_time(attached, arm):
    migration = attached.put(None)
    for tags in ({"a": "b"}, {"c": "d"}):
        body = arm.request("PATCH", migration.path, {"tags": tags}, status=200).json()
        assert body["tags"] == tags == migration.get()["tags"]
    migration.cancel()
    migration.wait("Canceled")
    arm.request("PATCH", migration.path, {"tags": {"e": "f"}}, status=200)
    assert migration.get()["tags"] == {"e": "f"}


def test_a_cutover_of_an_offline_migration_is_refused(attached, arm):
    migration = attached.put(None)
    response = arm.request("PATCH", migration.path, {"properties": {"triggerCutover": "True"}}, status=(400, 409))
    assert "603114" in response.json()["error"]["message"]
    migration.cancel()


def test_a_patch_of_a_missing_migration_is_404(attached, arm):
    arm.error(
        "PATCH",
        f"{attached.target.id}/migrations/none",
        404,
        "ResourceNotFound",
        json={"properties": {"cancel": "True"}},
    )
