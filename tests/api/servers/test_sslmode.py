"""How Malachite connects to an attached server: the tag malachite.sslmode, against a PostgreSQL without TLS."""

import pytest
from arm import unique


def body_of(arm, postgres, sslmode):
    body = arm.server_body(postgres.superuser, postgres.password, attach=(postgres.host, postgres.port))
    body["tags"]["malachite.sslmode"] = sslmode
    return body


@pytest.mark.parametrize("kind", ["flexibleServers", "servers"])
def test_a_server_without_tls_is_refused_where_tls_is_required(arm, postgres_source, kind):
    for sslmode, works in (("prefer", True), ("require", False), ("verify-full", False)):
        path = arm.server_id(unique("tls"), kind)
        body = body_of(arm, postgres_source, sslmode)
        body["properties"].update({"createMode": "Default"} if kind == "servers" else {})
        response = arm.request("PUT", path, body, status=(201, 202))
        operation = arm.wait_operation(response, expect="Succeeded" if works else "Failed")
        if not works:
            assert "SSL" in operation["error"]["message"] or "certificate" in operation["error"]["message"]


def test_an_unknown_mode_is_refused(arm, postgres_source):
    for sslmode in ("disable", "Require", "x", ""):
        error = arm.error("PUT", arm.server_id(unique("tls")), 400, json=body_of(arm, postgres_source, sslmode))
        assert error["target"] == "tags.malachite.sslmode"


def test_the_connection_test_takes_the_mode_of_a_migration(arm, postgres_source):
    body = {
        "server": f"{postgres_source.host}:{postgres_source.port}@{postgres_source.superuser}",
        "password": postgres_source.password,
    }
    path = "/_malachite/connection"
    arm.request("POST", path, {**body, "sslMode": "Prefer"}, api_version="", status=200)
    error = arm.request("POST", path, {**body, "sslMode": "VerifyFull"}, api_version="").json()["error"]
    assert "certificate" in error["message"] or "SSL" in error["message"], error
    error = arm.request("POST", path, {**body, "sslMode": "never"}, api_version="", status=400).json()["error"]
    assert error["target"] == "sslMode"
