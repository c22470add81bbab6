"""Server parameters: those of the live PostgreSQL, changed there."""

import pytest
from arm import unique


@pytest.fixture(scope="module")
def server(malachite):
    return malachite.provision(unique("conf"))


@pytest.fixture(scope="module")
def single(malachite):
    return malachite.provision(unique("confs"), kind="servers")


def path(server, name):
    return f"{server.id}/configurations/{name}"


def properties(arm, server, name):
    return arm.get(path(server, name))["properties"]


def change(arm, server, name, value, method="PATCH", **more):
    body = {"properties": {"value": value, "source": "user-override", **more}}
    response = arm.request(method, path(server, name), body, status=202)
    arm.wait_operation(response)
    after = arm.get(path(server, name))
    assert arm.get(response.headers["Location"]) == after
    return after["properties"]


def test_the_list_is_that_of_the_server(arm, server):
    items = arm.list(f"{server.id}/configurations")
    names = [item["name"] for item in items]
    assert names == sorted(names)
    live = server.postgres.query("SELECT name FROM pg_settings WHERE name <> 'primary_conninfo'")
    assert {name for [name] in live} <= set(names) and "azure.extensions" in names
    for item in items:
        assert item["id"] == path(server, item["name"])
        assert item["type"] == "Microsoft.DBforPostgreSQL/flexibleServers/configurations"
        assert set(item["properties"]) >= {
            "value",
            "description",
            "defaultValue",
            "dataType",
            "allowedValues",
            "source",
            "isDynamicConfig",
            "isReadOnly",
            "isConfigPendingRestart",
        }


@pytest.mark.parametrize(
    "name, expected",
    [
        ("array_nulls", {"value": "on", "defaultValue": "on", "dataType": "Boolean", "allowedValues": "on,off"}),
        ("bytea_output", {"value": "hex", "dataType": "Enumeration", "allowedValues": "escape,hex"}),
        ("max_connections", {"value": "100", "dataType": "Integer", "isDynamicConfig": False, "isReadOnly": False}),
        ("work_mem", {"dataType": "Integer", "unit": "kB", "isDynamicConfig": True}),
        ("random_page_cost", {"value": "4", "dataType": "Numeric"}),
        ("listen_addresses", {"isReadOnly": True}),
        ("block_size", {"isReadOnly": True, "value": "8192"}),
        ("statement_timeout", {"value": "0", "source": "system-default"}),
        ("TimeZone", {"value": "UTC"}),
    ],
)
def test_the_members_of_a_parameter(arm, server, name, expected):
    shown = properties(arm, server, name)
    assert {key: shown[key] for key in expected} == expected


def test_a_dynamic_parameter_changes_at_once(arm, server):
    after = change(arm, server, "work_mem", "8192")
    assert (after["value"], after["source"], after["isConfigPendingRestart"]) == ("8192", "user-override", False)
    assert server.postgres.value("SHOW work_mem") == "8MB"
    after = change(arm, server, "work_mem", None, source="system-default")
    assert after["source"] == "system-default"
    assert server.postgres.value("SHOW work_mem") == "4MB"


def test_put_does_what_patch_does(arm, server):
    assert change(arm, server, "array_nulls", "OFF", method="PUT")["value"] == "OFF"
    change(arm, server, "array_nulls", "on")


def test_a_static_parameter_waits_for_a_restart(arm, server):
    after = change(arm, server, "max_connections", "90")
    assert (after["value"], after["isConfigPendingRestart"]) == ("90", True)
    assert server.postgres.value("SHOW max_connections") == "100"
    arm.wait_operation(arm.request("POST", f"{server.id}/restart", status=202))
    after = properties(arm, server, "max_connections")
    assert (after["value"], after["isConfigPendingRestart"]) == ("90", False)
    assert server.postgres.value("SHOW max_connections") == "90"


def test_a_parameter_that_keeps_the_server_from_starting_is_taken_back(arm, server):
    change(arm, server, "max_connections", "2")
    status = arm.wait_operation(arm.request("POST", f"{server.id}/restart", status=202), expect="Failed")
    assert "runs again with the previous ones" in status["error"]["message"]
    assert arm.get(server.id)["properties"]["state"] == "Ready"
    assert server.postgres.value("SHOW max_connections") != "2"


def test_a_list_of_libraries(arm, server):
    change(arm, server, "shared_preload_libraries", "pg_stat_statements, auto_explain")
    arm.wait_operation(arm.request("POST", f"{server.id}/restart", status=202))
    assert server.postgres.value("SHOW shared_preload_libraries") == "pg_stat_statements, auto_explain"


@pytest.mark.parametrize(
    "name, value",
    [
        ("work_mem", "8MB"),
        ("work_mem", "1"),
        ("work_mem", "99999999999999999999"),
        ("array_nulls", "perhaps"),
        ("bytea_output", "octal"),
        ("random_page_cost", "nan"),
        ("random_page_cost", "-1"),
        ("work_mem", ""),
        ("azure.extensions", "no_such_extension"),
        ("TimeZone", "Mars\nPhobos"),
    ],
)
def test_a_value_out_of_range(arm, server, name, value):
    body = {"properties": {"value": value, "source": "user-override"}}
    arm.error("PATCH", path(server, name), 400, "InvalidParameterValue", json=body)


def test_values_that_postgresql_rejects(arm, server):
    body = {"properties": {"value": "Mars/Phobos", "source": "user-override"}}
    response = arm.request("PATCH", path(server, "TimeZone"), body, status=202)
    status = arm.wait_operation(response, expect="Failed")
    assert "TimeZone" in status["error"]["message"] and "Mars/Phobos" in status["error"]["message"]


def test_read_only_and_unknown_parameters(arm, server):
    body = {"properties": {"value": "x"}}
    arm.error("PATCH", path(server, "archive_command"), 409, "OperationNotAllowed", json=body)
    arm.error("PATCH", path(server, "port"), 409, "OperationNotAllowed", json=body)
    arm.error("PATCH", path(server, "no_such"), 404, "ResourceNotFound", json=body)
    arm.error("GET", path(server, "no_such"), 404, "ResourceNotFound")
    arm.error("GET", path(server, "primary_conninfo"), 404, "ResourceNotFound")
    arm.error("PATCH", path(server, "work_mem"), 400, "InvalidParameterValue", json={"properties": {}})
    arm.error("PATCH", path(server, "work_mem"), 400, "InvalidRequestContent", json={"properties": {"value": 5}})


def test_extensions_are_kept(arm, server):
    shown = properties(arm, server, "azure.extensions")
    assert shown["dataType"] == "Set" and "plpgsql" in shown["allowedValues"].split(",")
    assert change(arm, server, "azure.extensions", "hstore,pgcrypto")["value"] == "hstore,pgcrypto"
    assert change(arm, server, "azure.extensions", None, source="system-default")["value"] == ""


def test_replication_support_of_a_single_server(arm, single):
    shown = properties(arm, single, "azure.replication_support")
    assert (shown["value"], shown["allowedValues"]) == ("LOGICAL", "OFF,REPLICA,LOGICAL")
    assert "azure.replication_support" in [item["name"] for item in arm.list(f"{single.id}/configurations")]
    for value, level in (("off", "minimal"), ("replica", "replica"), ("LOGICAL", "logical")):
        after = change(arm, single, "azure.replication_support", value, method="PUT")
        assert (after["value"], after["isConfigPendingRestart"]) == (value, True)
        arm.wait_operation(arm.request("POST", f"{single.id}/restart", status=202))
        assert single.postgres.value("SHOW wal_level") == level
        assert not properties(arm, single, "azure.replication_support")["isConfigPendingRestart"]


def test_several_parameters_of_a_single_server(arm, single):
    body = {
        "value": [
            {"name": "work_mem", "properties": {"value": "5000"}},
            {"name": "array_nulls", "properties": {"value": "off"}},
        ]
    }
    response = arm.request("POST", f"{single.id}/updateConfigurations", body, status=202)
    arm.wait_operation(response)
    result = arm.get(response.headers["Location"])["value"]
    assert [(item["name"], item["properties"]["value"]) for item in result] == [
        ("work_mem", "5000"),
        ("array_nulls", "off"),
    ]
    for bad in ({}, {"value": 1}, {"value": [1]}, {"value": [{"properties": {"value": "1"}}]}):
        arm.request("POST", f"{single.id}/updateConfigurations", bad, status=400)


def test_an_attached_server_is_changed_with_its_credentials(arm, attached):
    after = change(arm, attached.target, "work_mem", "9000")
    assert (after["value"], after["source"]) == ("9000", "user-override")
    assert attached.target.postgres.value("SHOW work_mem") == "9000kB"
    change(arm, attached.target, "work_mem", None, source="system-default")
