"""Databases of a live server, seen and changed through REST."""

from urllib.parse import quote

import psycopg2
import pytest

from arm import new_secret, unique, wait_until
from postgres import Postgres

ODD_NAMES = ["Ünï cödé", 'quo"ted', "semi;colon", "per%cent", "select", "x" * 63, "plus+sign", "a'b"]


@pytest.fixture
def server(provisioned):
    return provisioned.target


@pytest.fixture
def dbs(server):
    return f"{server.id}/databases"


def names(arm, dbs):
    return [item["name"] for item in arm.list(dbs)]


def test_the_list_is_that_of_the_server(arm, dbs, server):
    name = unique("Made By Hand ")
    server.postgres.create_database(name)
    listed = names(arm, dbs)
    real = {row[0] for row in server.postgres.query("SELECT datname FROM pg_database WHERE datname !~ '^template'")}
    assert set(listed) == real - {"azure_sys", "azure_maintenance"} and "postgres" in listed
    server.postgres.drop_database(name)
    assert name not in names(arm, dbs)


def test_both_kinds_of_server_have_databases(arm, attached):
    for server in (attached.source, attached.target):
        items = arm.list(f"{server.id}/databases")
        [item] = [item for item in items if item["name"] == "postgres"]
        assert item["type"] == f"Microsoft.DBforPostgreSQL/{server.kind}/databases"
        assert item["properties"] == {"charset": "UTF8", "collation": "C.UTF-8"}
        assert arm.get(item["id"]) == item


@pytest.mark.parametrize(
    "properties",
    [{}, {"charset": "UTF8", "collation": "C.UTF-8"}, {"charset": "utf8"}, {"charset": "LATIN1", "collation": "C"}],
)
def test_put_makes_a_database(arm, dbs, server, properties):
    path = f"{dbs}/{unique('made')}"
    arm.put_and_wait(path, {"properties": properties})
    body = arm.get(path)
    [(encoding, owner)] = server.postgres.query(
        "SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
        (body["name"],),
    )
    assert encoding == properties.get("charset", "UTF8").upper()
    assert body["properties"]["charset"] == properties.get("charset", "UTF8")
    assert body["properties"]["collation"] == properties.get("collation", body["properties"]["collation"])
    assert owner == server.login
    arm.put_and_wait(path, {"properties": properties})
    arm.delete_and_wait(path)
    arm.error("GET", path, 404, "ResourceNotFound")
    arm.request("DELETE", path, status=(202, 204))


@pytest.mark.parametrize(
    "charset, collation",
    [("UTF8", "en_US.utf8"), ("utf8", "en_US.UTF-8"), ("UTF-8", "POSIX"), ("Unicode", "C.utf8"), ("SQL_ASCII", "C")],
)
def test_a_database_reads_back_as_it_was_asked_for(arm, dbs, charset, collation):
    path = f"{dbs}/{unique('asked')}"
    asked = {"charset": charset, "collation": collation}
    for _ in range(2):
        response = arm.request("PUT", path, {"properties": asked}, status=202)
        arm.wait_operation(response)
        assert arm.get(response.headers["Location"])["properties"] == asked
        assert arm.get(path)["properties"] == asked
    [listed] = [item for item in arm.list(dbs) if item["id"] == path]
    assert listed["properties"] == asked
    arm.delete_and_wait(path)


def test_a_locale_that_the_machine_lacks_is_reported(arm, dbs, server):
    path = f"{dbs}/{unique('lacks')}"
    arm.put_and_wait(path, {"properties": {"charset": "UTF8", "collation": "en_US.utf8"}})
    used = server.postgres.value("SELECT datcollate FROM pg_database WHERE datname = %s", (path.split("/")[-1],))
    warning = arm.request("GET", path, status=200).headers.get("Warning", "")
    assert (used in warning) == (used.lower().replace("-", "") != "en_us.utf8")
    arm.delete_and_wait(path)


def test_an_existing_database_keeps_its_collation(arm, dbs, server):
    name = unique("kept")
    server.postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    response = arm.request("PUT", f"{dbs}/{name}", {"properties": {"collation": "C.UTF-8"}}, status=202)
    status = arm.wait_operation(response, expect="Failed")
    assert "collation 'C'" in status["error"]["message"]
    assert arm.get(f"{dbs}/{name}")["properties"] == {"charset": "UTF8", "collation": "C"}
    server.postgres.drop_database(name)
    # Somebody else's database of the same name has a spelling of its own.
    arm.put_and_wait(f"{dbs}/{name}", {"properties": {"collation": "POSIX"}})
    server.postgres.drop_database(name)
    server.postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
    assert arm.get(f"{dbs}/{name}")["properties"]["collation"] == "C.UTF-8"
    server.postgres.drop_database(name)


def test_delete_ends_open_sessions(arm, dbs, server):
    name = unique("busy")
    arm.put_and_wait(f"{dbs}/{name}", {"properties": {}})
    role, password = unique("app"), new_secret()
    server.postgres.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    connections = [
        psycopg2.connect(server.postgres.dsn(name, *login, tcp=True))
        for login in ((server.login, server.password), (role, password))
    ]
    arm.delete_and_wait(f"{dbs}/{name}")
    assert name not in names(arm, dbs)
    for connection in connections:
        connection.close()
    server.postgres.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_can_be_read(arm, dbs, server, name):
    server.postgres.create_database(name)
    try:
        assert name in names(arm, dbs)
        assert arm.get(f"{dbs}/{quote(name, safe='')}")["name"] == name
    finally:
        server.postgres.drop_database(name)


@pytest.mark.parametrize("name", ["with-hyphen", "_under", "Capital"])
def test_names_of_the_specification_can_be_made(arm, dbs, server, name):
    name = unique(name)
    arm.put_and_wait(f"{dbs}/{name}", {"properties": {}})
    assert server.postgres.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    arm.delete_and_wait(f"{dbs}/{name}")


@pytest.mark.parametrize(
    "body", [{"properties": {"charset": 5}}, {"properties": []}, {"properties": {"collation": ["C"]}}]
)
def test_bad_bodies_are_refused(arm, dbs, body):
    arm.error("PUT", f"{dbs}/{unique('bad')}", 400, json=body)


@pytest.mark.parametrize(
    "properties",
    [
        {"charset": "KLINGON"},
        {"collation": "xx_YY"},
        {"charset": "LATIN1", "collation": "C.UTF-8"},
        {"charset": "x'; DROP DATABASE postgres"},
    ],
)
def test_statements_rejected_by_the_server_are_reported(arm, dbs, properties):
    path = f"{dbs}/{unique('bad')}"
    response = arm.request("PUT", path, {"properties": properties}, status=(202, 400))
    if response.status_code == 202:
        status = arm.wait_operation(response, expect="Failed")
        assert status["error"]["message"]
    arm.error("GET", path, 404)


@pytest.mark.parametrize("name", ["template0", "template1"])
def test_templates_are_not_to_be_dropped(arm, dbs, server, name):
    response = arm.request("DELETE", f"{dbs}/{name}")
    assert response.status_code in (202, 204, 400, 404, 409)
    if response.status_code == 202:
        wait_until(lambda: arm.get(response.headers["Azure-AsyncOperation"])["status"] != "InProgress", 10)
    assert server.postgres.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,))


def test_missing_servers_are_reported(arm):
    arm.error("GET", arm.server_id("no-server") + "/databases", 404, "ParentResourceNotFound")
    arm.error(
        "PUT", arm.server_id("no-server") + "/databases/d", 404, "ParentResourceNotFound", json={"properties": {}}
    )


def test_a_server_that_is_down_is_a_conflict_not_a_crash(arm, malachite):
    with Postgres(name="down") as postgres:
        server = malachite.attach(unique("down"), postgres)
        postgres.stop()
        for path in (f"{server.id}/databases", f"{server.id}/databases/postgres"):
            error = arm.error("GET", path, 409)
            assert str(postgres.port) in error["message"]
        postgres.start()
        arm.get(f"{server.id}/databases/postgres")


@pytest.mark.parametrize("kind", ["source", "target"])
def test_delete_of_a_missing_database_answers_204(attached, arm, kind):
    server = getattr(attached, kind)
    arm.request("DELETE", f"{server.id}/databases/{unique()}", status=204)
