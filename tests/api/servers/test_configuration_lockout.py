"""Parameters that could lock everybody out of a server, and values that come back as they were given."""

import pytest
from arm import unique
from binaries import binaries

LIBRARIES = ("session_preload_libraries", "local_preload_libraries", "shared_preload_libraries")


@pytest.fixture(scope="module")
def server(malachite):
    return malachite.provision(unique("lock"))


def path(server, name):
    return f"{server.id}/configurations/{name}"


def change(arm, server, name, value, expect="Succeeded"):
    body = {"properties": {"value": value, "source": "user-override"}}
    return arm.wait_operation(arm.request("PATCH", path(server, name), body, status=202), expect=expect)


def value_of(arm, server, name):
    return arm.get(path(server, name))["properties"]["value"]


@pytest.mark.parametrize("name", [*LIBRARIES, "temp_tablespaces"])
def test_an_empty_list_is_a_reset(arm, server, name):
    assert value_of(arm, server, name) == ""
    change(arm, server, name, "")
    assert value_of(arm, server, name) == ""
    assert server.postgres.value(f"SELECT count(*) FROM pg_file_settings WHERE name = '{name}'") in (0, "0")
    assert server.postgres.value("SELECT 1") in (1, "1")


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_does_not_exist_is_refused(arm, server, name):
    status = change(arm, server, name, "auto_explian", expect="Failed")
    assert "no library 'auto_explian'" in status["error"]["message"], status
    assert value_of(arm, server, name) == ""


@pytest.mark.parametrize("name", [*LIBRARIES, "search_path"])
@pytest.mark.parametrize("value", ["auto_explain,", ",auto_explain", 'a, "b'])
def test_a_list_that_does_not_parse_is_refused(arm, server, name, value):
    body = {"properties": {"value": value, "source": "user-override"}}
    arm.error("PATCH", path(server, name), 400, "InvalidParameterValue", json=body)


def test_a_timeout_that_ends_every_session_is_taken_back(arm, server):
    change(arm, server, "work_mem", "5000")
    status = change(arm, server, "idle_session_timeout", "1", expect="Failed")
    assert "nobody could log in" in status["error"]["message"], status
    assert value_of(arm, server, "idle_session_timeout") == "0"
    assert value_of(arm, server, "work_mem") == "5000"


def test_a_server_that_locks_everybody_out_already_can_be_mended(arm, server):
    for name, value in (("session_preload_libraries", "no_such_library"), ("idle_session_timeout", "1")):
        server.postgres.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.postgres.execute("SELECT pg_reload_conf()")
    assert value_of(arm, server, "session_preload_libraries") == "no_such_library"
    change(arm, server, "session_preload_libraries", "")
    change(arm, server, "idle_session_timeout", "0")
    assert server.postgres.value("SELECT 1") in (1, "1")


@pytest.mark.parametrize(
    "name, value",
    [
        ("array_nulls", "ON"),
        ("array_nulls", "false"),
        ("log_file_mode", "0640"),
        ("bytea_output", "HEX"),
        ("search_path", '"$user",public'),
        ("search_path", 'Sales, "Mixed Case"'),
        ("session_preload_libraries", "auto_explain,pg_stat_statements"),
        ("random_page_cost", "1.10"),
        ("DateStyle", "iso, dmy"),
        ("work_mem", "0x2000"),
    ],
)
def test_a_value_comes_back_as_it_was_given(arm, server, name, value):
    change(arm, server, name, value)
    assert value_of(arm, server, name) == value
    listed = {item["name"]: item["properties"]["value"] for item in arm.list(f"{server.id}/configurations")}
    assert listed[name] == value
    arm.wait_operation(
        arm.request("PATCH", path(server, name), {"properties": {"source": "system-default"}}, status=202)
    )


def test_a_folded_name_means_what_postgresql_means(arm, server):
    change(arm, server, "search_path", 'Sales, "Mixed Case"')
    assert server.postgres.value("SHOW search_path") == 'sales, "Mixed Case"'
    change(arm, server, "search_path", '"$user", public')


@pytest.mark.parametrize("major", sorted(binaries()))
def test_every_parameter_takes_its_own_value_and_default(arm, malachite, major):
    server = malachite.provision(unique(f"all{major}"), kind="servers", version=str(major))
    all_of_them = arm.list(f"{server.id}/configurations")
    writable = [item for item in all_of_them if not item["properties"]["isReadOnly"]]
    for key in ("value", "defaultValue"):
        wanted = {item["name"]: item["properties"][key] for item in writable if item["name"] != "max_connections"}
        body = {"value": [{"name": name, "properties": {"value": value}} for name, value in wanted.items()]}
        arm.wait_operation(arm.request("POST", f"{server.id}/updateConfigurations", body, status=202))
        shown = {item["name"]: item["properties"]["value"] for item in arm.list(f"{server.id}/configurations")}
        assert {name: shown[name] for name in wanted} == wanted
