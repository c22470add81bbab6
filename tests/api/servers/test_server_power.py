"""Start, stop, restart and PATCH of servers: on real PostgreSQL where Malachite runs it."""

import os
import signal

import psycopg2
import pytest
from arm import new_secret, unique, wait_until


def connect(server, password=None):
    return psycopg2.connect(
        host=server.postgres.host,
        port=server.postgres.port,
        user=server.login,
        dbname="postgres",
        password=password or server.password,
        connect_timeout=5,
    )


def post(arm, server, verb, body=None, **options):
    return arm.request("POST", f"{server.id}/{verb}", body, **options)


def state(arm, server):
    return arm.get(server.id)["properties"]["state"]


@pytest.fixture(scope="module")
def server(malachite):
    return malachite.provision(unique("power"))


def started_at(server):
    return server.postgres.value("SELECT pg_postmaster_start_time()::text")


def test_a_server_stops_and_starts(arm, server):
    arm.wait_operation(post(arm, server, "stop", status=202))
    assert state(arm, server) == "Stopped"
    with pytest.raises(psycopg2.OperationalError):
        connect(server)
    error = arm.error("POST", f"{server.id}/stop", 409, "ServerIsNotReady")
    assert error["message"].endswith(f"Sever Name = {server.name}, Current Server State = Stopped")
    arm.error("POST", f"{server.id}/restart", 409, "ServerIsNotReady")
    arm.error("GET", f"{server.id}/databases", 409, "ServerIsNotReady")
    arm.error("GET", f"{server.id}/configurations", 409, "ServerIsNotReady")
    arm.wait_operation(post(arm, server, "start", status=202))
    assert state(arm, server) == "Ready"
    connect(server).close()
    arm.error("POST", f"{server.id}/start", 409, "ServerIsNotReady")


def test_a_restart_is_real(arm, server):
    before = started_at(server)
    arm.wait_operation(post(arm, server, "restart", {"restartWithFailover": False}, status=202))
    assert started_at(server) != before
    assert state(arm, server) == "Ready"


def test_there_is_no_standby_to_fail_over_to(arm, server):
    arm.error("POST", f"{server.id}/restart", 409, "OperationNotAllowed", json={"restartWithFailover": True})


def test_a_stopped_server_stays_stopped_over_a_restart_of_malachite(own):
    malachite = own()
    server = malachite.provision("sleeper")
    malachite.arm.wait_operation(post(malachite.arm, server, "stop", status=202))
    malachite.restart()
    assert state(malachite.arm, server) == "Stopped"
    assert malachite.postmasters() == {}
    malachite.arm.wait_operation(post(malachite.arm, server, "start", status=202))
    connect(server).close()


def test_attached_servers_are_never_restarted(arm, attached):
    for verb in ("start", "stop", "restart"):
        error = arm.error("POST", f"{attached.target.id}/{verb}", 409, "OperationNotAllowed")
        assert "attached" in error["message"]
    arm.error("POST", f"{attached.source.id}/restart", 409, "OperationNotAllowed")


def test_a_single_server_restarts(malachite, arm):
    server = malachite.provision(unique("single"), kind="servers")
    before = started_at(server)
    arm.wait_operation(post(arm, server, "restart", status=202))
    assert started_at(server) != before


def test_power_of_a_missing_server(arm):
    for verb in ("start", "stop", "restart"):
        arm.error("POST", f"{arm.server_id('missing')}/{verb}", 404, "ResourceNotFound")


def patch(arm, server, body, **options):
    return arm.request("PATCH", server.id, body, **options)


def test_patch_changes_tags_sku_and_settings(arm, server):
    body = {
        "tags": {"owner": "x"},
        "sku": {"name": "Standard_E4ds_v5", "tier": "MemoryOptimized"},
        "properties": {
            "storage": {"storageSizeGB": 256},
            "backup": {"backupRetentionDays": 14},
            "maintenanceWindow": {"customWindow": "Enabled", "dayOfWeek": 3},
        },
    }
    response = patch(arm, server, body, status=202)
    arm.wait_operation(response)
    after = arm.get(server.id)
    assert after["tags"] == {"owner": "x"}
    assert after["sku"]["name"] == "Standard_E4ds_v5"
    assert after["properties"]["storage"]["storageSizeGB"] == 256
    assert after["properties"]["storage"]["autoGrow"] == "Disabled"
    assert after["properties"]["backup"]["backupRetentionDays"] == 14
    assert after["properties"]["maintenanceWindow"]["dayOfWeek"] == 3
    assert arm.get(response.headers["Location"]) == after
    patch(arm, server, {"properties": {"storage": {"autoGrow": "Enabled"}}}, status=202)
    assert arm.get(server.id)["properties"]["storage"]["storageSizeGB"] == 256


def test_patch_changes_the_password_for_real(arm, server):
    password = new_secret()
    arm.secrets.add(password)
    arm.wait_operation(patch(arm, server, {"properties": {"administratorLoginPassword": password}}, status=202))
    connect(server, password).close()
    with pytest.raises(psycopg2.OperationalError):
        connect(server)
    server.password = password
    assert arm.list(f"{server.id}/databases")


@pytest.mark.parametrize(
    "body, code",
    [
        ({"properties": {"version": "12"}}, "Conflict"),
        ({"properties": {"administratorLogin": "other"}}, "Conflict"),
        ({"properties": {"storage": 5}}, "InvalidRequestContent"),
        ({"tags": "x"}, "InvalidRequestContent"),
        ({"properties": {"administratorLoginPassword": ""}}, "InvalidParameterValue"),
    ],
)
def test_patch_rejects_impossible_changes(arm, server, body, code):
    before = arm.get(server.id)
    error = patch(arm, server, body, status=(400, 409)).json()["error"]
    assert error["code"] == code
    assert arm.get(server.id) == before


def test_patch_of_a_missing_server(arm):
    arm.error("PATCH", arm.server_id("missing"), 404, "ResourceNotFound", json={})


def test_patch_of_a_single_server(malachite, arm):
    server = malachite.provision(unique("single"), kind="servers")
    arm.wait_operation(patch(arm, server, {"properties": {"sslEnforcement": "Enabled"}}, status=202))
    assert arm.get(server.id)["properties"]["sslEnforcement"] == "Enabled"


def test_head_reports_existence(arm, server):
    for path, status in ((server.id, 204), (arm.server_id("missing"), 404), (f"{server.id}/migrations/none", 404)):
        response = arm.request("HEAD", path, status=status)
        assert response.content == b""


def kill_postmaster(malachite, server):
    os.kill(malachite.postmasters()[server.name], signal.SIGKILL)


def test_a_killed_server_is_restarted(malachite, arm):
    server = malachite.provision(unique("killed"))
    before = malachite.postmasters()[server.name]
    kill_postmaster(malachite, server)
    wait_until(lambda: malachite.postmasters().get(server.name, before) != before, 30, "another postmaster")
    wait_until(lambda: state(arm, server) == "Ready", 30, "Ready")
    connect(server).close()
    arm.wait_operation(post(arm, server, "stop", status=202))
    assert state(arm, server) == "Stopped" and server.name not in malachite.postmasters()


def test_a_server_that_cannot_start_reports_the_reason(own):
    malachite = own()
    server = malachite.provision("broken")
    auto = os.path.join(malachite.instance_dir("broken"), "data", "postgresql.auto.conf")
    with open(auto, "a") as file:
        file.write("no_such_setting = on\n")
    kill_postmaster(malachite, server)
    wait_until(lambda: malachite.log_text().count("restarting it") >= 2, 30, "another attempt")
    wait_until(lambda: state(malachite.arm, server) == "Inaccessible", 30, "Inaccessible")
    with open(auto, "w"):
        pass
    wait_until(lambda: state(malachite.arm, server) == "Ready", 60, "Ready")
    connect(server).close()
