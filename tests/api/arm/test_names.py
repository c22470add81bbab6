"""The name of a migration: the check beforehand and PUT agree on every name."""

from urllib.parse import quote

import pytest

from arm import unique
from samples import load_marker

LONGEST = "x" * 63
FINE = ["a", "A1-b", "0-0", "e2c2bc23-0582-4bd7-b174-621067f6cda2", "CLIMigrationExample", "ends-", "a--b", LONGEST]
BAD = ["-a", "a_b", "a.b", "a b", "é", "a/b", "a%b", "x" * 64, "a\tb", "١", "-", "a:b", "日本"]


def check(target, arm, name, kind="Microsoft.DBforPostgreSQL/flexibleServers/migrations"):
    return arm.request(
        "POST", f"{target.id}/checkMigrationNameAvailability", {"name": name, "type": kind}, status=200
    ).json()


@pytest.fixture
def target(arm, malachite, postgres_target):
    """A target that has no migration yet."""
    server = malachite.attach(unique("names"), postgres_target)
    yield server
    for name in arm.migrations(server, "Active"):
        arm.request("PATCH", f"{server.id}/migrations/{name}", {"properties": {"cancel": "True"}})


@pytest.mark.parametrize("name", FINE)
def test_valid_names_are_accepted_by_the_check_and_by_put(arm, attached, target, name):
    answer = check(target, arm, name)
    assert answer == {
        "name": name,
        "type": "Microsoft.DBforPostgreSQL/flexibleServers/migrations",
        "nameAvailable": True,
    }
    migration = arm.put_migration(attached.source, target, None, name)
    assert migration.get()["name"] == name
    assert check(target, arm, name.swapcase())["reason"] == "AlreadyExists"


@pytest.mark.parametrize("name", BAD)
def test_invalid_names_are_rejected_by_the_check_and_by_put(arm, attached, target, name):
    answer = check(target, arm, name)
    assert (answer["nameAvailable"], answer["reason"]) == (False, "Invalid") and answer["message"]
    path = f"{target.id}/migrations/{quote(name, safe='')}"
    arm.error("PUT", path, 400, json=arm.migration_body(attached.source, target, ["postgres"]))
    assert arm.migrations(target) == []


def test_the_empty_name_is_invalid(arm, target):
    assert check(target, arm, "")["reason"] == "Invalid"


def test_the_type_compares_without_case(arm, target):
    answer = check(target, arm, "free", "microsoft.dbforpostgresql/FLEXIBLESERVERS/migrations")
    assert answer["nameAvailable"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"type": "x"},
        {"name": 5, "type": "x"},
        {"name": "a", "type": 5},
        {"name": "a", "type": "Microsoft.Web/sites"},
        {"name": None, "type": None},
    ],
)
def test_a_check_without_name_or_type_is_refused(arm, target, body):
    arm.error("POST", f"{target.id}/checkMigrationNameAvailability", 400, json=body)


def test_a_name_is_unique_per_target_only(arm, attached, target, malachite, postgres_target):
    other = malachite.attach(unique("names"), postgres_target)
    for server in (target, other):
        arm.put_migration(attached.source, server, None, "the-same").cancel()
    assert arm.migrations(target) == arm.migrations(other) == ["the-same"]


@pytest.mark.parametrize("end", ["Canceled", "Failed"])
def test_a_name_stays_taken_after_the_end(arm, attached, target, database, postgres_source, end):
    databases = ["no-such-database"] if end == "Failed" else None
    migration = arm.put_migration(attached.source, target, databases, "Once")
    if end != "Failed":
        migration.cancel()
    migration.wait()
    assert check(target, arm, "once")["reason"] == "AlreadyExists"
    name = load_marker(postgres_source, database())
    arm.error("PUT", f"{target.id}/migrations/once", 409, json=arm.migration_body(attached.source, target, [name]))
