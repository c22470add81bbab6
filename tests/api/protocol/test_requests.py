"""The request log at /_malachite/requests: what was called, and what of the bodies nobody understood."""

import pytest

from arm import unique
from malachite import Malachite


def requests_of(arm, **filters):
    return arm.request("GET", "/_malachite/requests", api_version="", params=filters, status=200).json()


def test_a_call_is_logged_with_route_version_status_and_duration(arm):
    name = unique()
    response = arm.request("GET", arm.group_id(name), status=404)
    log = requests_of(arm, path=name)
    [entry] = log["value"]
    assert log["count"] == 1 and log["capacity"] == 1000
    assert entry["operation"] == "ResourceGroups_Get" and entry["method"] == "GET" and entry["status"] == 404
    assert entry["apiVersion"] == "2022-12-01" and entry["path"] == arm.group_id(name)
    assert entry["requestId"] == response.headers["x-ms-request-id"] and entry["sent"] is True
    assert 0 <= entry["durationMs"] < 10000 and entry["notUnderstood"] == []


@pytest.mark.parametrize(
    "filters, count",
    [
        ({"status": "404"}, 1),
        ({"status": "4xx"}, 1),
        ({"status": "200"}, 0),
        ({"method": "get"}, 1),
        ({"method": "PUT"}, 0),
        ({"operation": "resourcegroups_get"}, 1),
        ({"operation": "Servers_Get"}, 0),
        ({"since": "2099-01-01T00:00:00Z"}, 0),
        ({"since": "2020-01-01T00:00:00Z"}, 1),
        ({"notUnderstood": "true"}, 0),
    ],
)
def test_filters_restrict_it(arm, filters, count):
    name = unique()
    arm.request("GET", arm.group_id(name), status=404)
    assert requests_of(arm, path=name, **filters)["count"] == count


def test_the_limit_cuts_the_list_and_not_the_count(arm):
    name = unique()
    for _ in range(3):
        arm.request("GET", arm.group_id(name), status=404)
    log = requests_of(arm, path=name, limit=2)
    assert log["count"] == 3 and len(log["value"]) == 2


@pytest.mark.parametrize("filters", [{"status": "x"}, {"limit": "0"}, {"since": "yesterday"}, {"method": "FETCH"}])
def test_a_filter_that_means_nothing_is_refused(arm, filters):
    arm.error("GET", "/_malachite/requests", 400, params=filters, api_version="")


def test_unknown_and_misplaced_properties_of_a_migration_are_logged(arm, attached):
    body = attached.body(None, sourceServerPassword="hunter2", colour="green")
    body["dbsToMigrate"] = []
    body["shape"] = 1
    migration = arm.put_migration(attached.source, attached.target, None, body=body)
    [entry] = requests_of(arm, path=migration.path, method="PUT")["value"]
    told = {note["path"]: (note["reason"], note.get("belongs")) for note in entry["notUnderstood"]}
    assert told == {
        "properties.sourceServerPassword": (
            "misplaced",
            "properties.secretParameters.adminCredentials.sourceServerPassword",
        ),
        "properties.colour": ("unknown", None),
        "dbsToMigrate": ("misplaced", "properties.dbsToMigrate"),
        "shape": ("unknown", None),
    }
    assert "hunter2" not in str(requests_of(arm))
    migration.cancel()


def test_unknown_properties_of_a_group_are_logged(arm):
    name = unique()
    arm.request("PUT", arm.group_id(name), {"location": "eastus", "flavour": 1, "properties": {"tags": {}}}, status=201)
    [entry] = requests_of(arm, path=name, notUnderstood="true")["value"]
    assert [note["path"] for note in entry["notUnderstood"]] == ["flavour", "properties.tags"]


def test_a_query_is_not_kept(arm):
    name = unique()
    arm.request("GET", arm.group_id(name), params={"secret": "hunter2"}, status=404)
    assert "hunter2" not in str(requests_of(arm, path=name))


def test_it_is_bounded_and_can_be_cleared():
    with Malachite("--request-log", "5") as malachite:
        arm = malachite.arm
        for _ in range(8):
            arm.get("/tenants")
        log = requests_of(arm)
        assert len(log["value"]) == log["capacity"] == 5 and log["evicted"] == log["total"] - 5 > 0
        arm.request("DELETE", "/_malachite/requests", api_version="", status=204)
        log = requests_of(arm)
        assert log["total"] == log["evicted"] == log["count"] == 0
