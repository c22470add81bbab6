"""Server parameters that are the service's own: listed, checked, kept, and honoured where Malachite can."""

import psycopg2
import pytest
from arm import unique


@pytest.fixture(scope="module")
def server(malachite):
    return malachite.provision(unique("own"))


@pytest.fixture(scope="module")
def single(malachite):
    return malachite.provision(unique("owns"), kind="servers")


def path(server, name):
    return f"{server.id}/configurations/{name}"


def properties(arm, server, name):
    return arm.get(path(server, name))["properties"]


def change(arm, server, name, value, method="PATCH", source="user-override"):
    body = {"properties": {"value": value, "source": source}}
    arm.wait_operation(arm.request(method, path(server, name), body, status=202))
    return properties(arm, server, name)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("require_secure_transport", {"defaultValue": "on", "dataType": "Boolean", "value": "off"}),
        ("pgbouncer.enabled", {"value": "false", "dataType": "Boolean", "allowedValues": "true, false"}),
        ("pgbouncer.default_pool_size", {"value": "50", "dataType": "Integer", "allowedValues": "1-4950"}),
        ("connection_throttle.enable", {"value": "off", "source": "system-default"}),
        ("connection_throttle.factor_bias", {"value": "0.8", "dataType": "Numeric"}),
        ("pg_qs.interval_length_minutes", {"value": "15", "isDynamicConfig": False}),
        ("pgms_wait_sampling.query_capture_mode", {"value": "none", "dataType": "Enumeration"}),
        ("index_tuning.mode", {"value": "off", "allowedValues": "off,report"}),
        ("pgaudit.log", {"value": "none", "dataType": "Set"}),
        ("cron.database_name", {"value": "postgres", "isDynamicConfig": False}),
        ("azure.migration_table_split_size", {"value": "20480", "allowedValues": "1-204800"}),
        ("azure.migration_skip_role_user", {"value": "on", "isReadOnly": True}),
    ],
)
def test_a_parameter_of_the_service_is_described(arm, server, name, expected):
    shown = properties(arm, server, name)
    assert {key: shown[key] for key in expected} == expected and shown["description"]


def test_the_service_s_parameters_are_listed_once_and_in_order(arm, server, single):
    for one, has, lacks in (
        (server, "require_secure_transport", "connection_throttling"),
        (single, "connection_throttling", "pgbouncer.enabled"),
    ):
        names = [item["name"] for item in arm.list(f"{one.id}/configurations")]
        assert names == sorted(set(names)) and has in names and lacks not in names
        arm.error("GET", path(one, lacks), 404, "ResourceNotFound")
    assert {"pg_qs.query_capture_mode", "log_retention_days"} <= set(names)


@pytest.mark.parametrize(
    "name, value",
    [
        ("pgbouncer.enabled", "True"),
        ("pgbouncer.default_pool_size", "100"),
        ("index_tuning.mode", "REPORT"),
        ("pgaudit.log", "read,WRITE"),
        ("cron.database_name", "my_db"),
        ("pgbouncer.stats_users", "a,b@c"),
        ("connection_throttle.factor_bias", "0.50"),
    ],
)
def test_a_value_is_kept_as_it_was_given(arm, server, name, value):
    before = properties(arm, server, name)
    after = change(arm, server, name, value, method="PUT")
    assert (after["value"], after["source"]) == (value, "user-override")
    assert change(arm, server, name, None, source="system-default") == before


@pytest.mark.parametrize(
    "name, value, code",
    [
        ("pgbouncer.enabled", "perhaps", "InvalidParameterValue"),
        ("pgbouncer.default_pool_size", "0", "InvalidParameterValue"),
        ("pgbouncer.default_pool_size", "4951", "InvalidParameterValue"),
        ("connection_throttle.factor_bias", "1", "InvalidParameterValue"),
        ("index_tuning.mode", "tune", "InvalidParameterValue"),
        ("pgaudit.log", "read,everything", "InvalidParameterValue"),
        ("cron.database_name", "my db", "InvalidParameterValue"),
        ("cron.database_name", "", "InvalidParameterValue"),
        ("require_secure_transport", "maybe", "InvalidParameterValue"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(arm, server, name, value, code):
    before = properties(arm, server, name)
    body = {"properties": {"value": value, "source": "user-override"}}
    error = arm.error("PATCH", path(server, name), 400, code, json=body)
    assert error["target"] == "properties.value"
    assert properties(arm, server, name) == before


def test_a_read_only_parameter_is_refused(arm, server):
    body = {"properties": {"value": "off", "source": "user-override"}}
    arm.error("PATCH", path(server, "azure.migration_skip_role_user"), 409, "OperationNotAllowed", json=body)


def login(server, sslmode):
    dsn = server.postgres.dsn(user=server.login, password=server.password, tcp=True)
    with psycopg2.connect(f"{dsn} sslmode={sslmode}") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        return cursor.fetchone()[0]


def test_require_secure_transport_lets_in_nobody_without_tls(arm, server):
    assert not login(server, "disable")
    assert change(arm, server, "require_secure_transport", "ON")["value"] == "ON"
    assert login(server, "require")
    with pytest.raises(psycopg2.OperationalError):
        login(server, "disable")
    arm.wait_operation(arm.request("POST", f"{server.id}/restart", status=202))
    with pytest.raises(psycopg2.OperationalError):
        login(server, "disable")
    assert arm.list(f"{server.id}/databases"), "Malachite itself is let in"
    assert change(arm, server, "require_secure_transport", "off")["value"] == "off"
    assert not login(server, "disable")


def test_a_static_parameter_waits_for_a_restart(arm, server):
    after = change(arm, server, "pg_qs.interval_length_minutes", "10")
    assert (after["value"], after["isConfigPendingRestart"]) == ("10", True)
    assert not change(arm, server, "pg_qs.max_plan_size", "200")["isConfigPendingRestart"]
    arm.wait_operation(arm.request("POST", f"{server.id}/restart", status=202))
    after = properties(arm, server, "pg_qs.interval_length_minutes")
    assert (after["value"], after["isConfigPendingRestart"]) == ("10", False)


def test_several_parameters_of_both_kinds_change_together(arm, single):
    names = {"work_mem": "5000", "pg_qs.query_capture_mode": "ALL", "connection_throttling": "off"}
    body = {"value": [{"name": name, "properties": {"value": value}} for name, value in names.items()]}
    arm.wait_operation(arm.request("POST", f"{single.id}/updateConfigurations", body, status=202))
    assert {name: properties(arm, single, name)["value"] for name in names} == names
    body["value"][2]["properties"]["value"] = "perhaps"
    error = arm.error("POST", f"{single.id}/updateConfigurations", 400, "InvalidParameterValue", json=body)
    assert error["target"] == "value[2].properties.value"


def test_an_attached_server_keeps_malachites_own_settings(arm, attached):
    target = attached.target
    assert change(arm, target, "require_secure_transport", "on")["value"] == "on"
    assert target.postgres.value("SELECT 1") in (1, "1")
    assert change(arm, target, "require_secure_transport", "off")["value"] == "off"
