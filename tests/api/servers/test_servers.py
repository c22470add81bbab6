"""Servers: provisioned and attached, flexible and single."""

import os
import time

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from arm import LOCATION, new_secret, patience, unique, wait_until
from malachite import majors
from postgres import Postgres, free_port
from processes import alive

FLEXIBLE, SINGLE = "flexibleServers", "servers"


def sign_in(server, dbname="postgres", password=None):
    return psycopg2.connect(
        make_dsn(
            host=server.postgres.host,
            port=server.postgres.port,
            user=server.login,
            password=password or server.password,
            dbname=dbname,
        )
    )


@pytest.mark.parametrize("major", majors())
def test_every_major_on_this_machine_can_be_provisioned(malachite, major):
    began = time.monotonic()
    server = malachite.provision(unique("pg"), version=major)
    took = time.monotonic() - began
    assert server.postgres.value("SHOW server_version_num")[:-4] == str(major)
    with sign_in(server) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles" " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, True, True, True)
        cursor.execute("SELECT pg_has_role('azure_pg_admin', 'member')")
        assert cursor.fetchone() == (True,)
    connection.close()
    malachite.arm.delete_and_wait(server.id)
    assert took < patience(15), f"took {took:.1f} s"


def test_a_second_server_of_a_major_takes_about_a_second(malachite, provisioned):
    began = time.monotonic()
    server = malachite.provision(unique("pg"), version=15)
    assert time.monotonic() - began < patience(4)
    malachite.arm.delete_and_wait(server.id)


def test_get_shows_the_put_values_and_the_servers_own(arm, provisioned):
    body = arm.get(provisioned.target.id)
    properties = body["properties"]
    assert body["type"] == "Microsoft.DBforPostgreSQL/flexibleServers" and body["name"] == "provisioned-target"
    assert body["location"] in (LOCATION, "East US") and body["sku"]["tier"] == "GeneralPurpose"
    assert properties["state"] == "Ready" and properties["version"] == "15"
    assert properties["administratorLogin"] == provisioned.target.login
    assert "administratorLoginPassword" not in properties and "provisioningState" not in properties


def test_an_attached_server_shows_the_real_version(arm, attached):
    assert arm.get(attached.target.id)["properties"]["version"] == str(attached.target.postgres.major)
    single = arm.get(attached.source.id)
    assert single["type"] == "Microsoft.DBforPostgreSQL/servers"
    assert single["properties"]["userVisibleState"] == "Ready"
    assert single["properties"]["version"].split(".")[0] == str(attached.source.postgres.major)


def test_only_the_right_password_opens_a_provisioned_server(provisioned):
    sign_in(provisioned.target).close()
    for password in ("wrong", "postgres", provisioned.source.password):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            sign_in(provisioned.target, password=password)


def test_passwords_may_hold_anything_printable(malachite):
    password = "a'b\"c\\d $1 %s; -- {é} =" + new_secret()
    server = malachite.provision(unique("pg"), password=password)
    sign_in(server).close()
    malachite.arm.delete_and_wait(server.id)


def test_lists_are_per_kind_group_and_subscription(arm, attached):
    def names(scope, kind):
        return {item["name"] for item in arm.list(f"{scope}/providers/Microsoft.DBforPostgreSQL/{kind}")}

    empty = arm.group_id(arm.put_group(unique("g")))
    for scope in (arm.group_id("rg"), arm.subscription):
        assert "attached-target" in names(scope, FLEXIBLE) and "attached-source" not in names(scope, FLEXIBLE)
        assert "attached-source" in names(scope, SINGLE) and "attached-target" not in names(scope, SINGLE)
    assert names(empty, FLEXIBLE) == names(empty, SINGLE) == set()


def test_a_server_of_the_other_kind_is_not_found(arm, attached):
    arm.error("GET", arm.server_id("attached-source", FLEXIBLE), 404, "ResourceNotFound")
    arm.error("GET", arm.server_id("attached-target", SINGLE), 404, "ResourceNotFound")


def test_a_taken_name_is_reported(arm, attached):
    other = arm.put_group(unique("g"))
    body = arm.server_body("pgadmin", new_secret(), 15)
    for kind in (FLEXIBLE, SINGLE):
        path = arm.server_id("Attached-Target", kind, other)
        if kind == SINGLE:
            body["properties"]["createMode"] = "Default"
        error = arm.error("PUT", path, 409, json=body)
        assert "attached-target" in error["message"].lower()


@pytest.mark.parametrize(
    "name, available, reason",
    [
        ("attached-target", False, "AlreadyExists"),
        ("ATTACHED-target", False, "AlreadyExists"),
        ("free-name", True, None),
        ("x", False, "Invalid"),
        ("under_score", False, "Invalid"),
        ("-begins", False, "Invalid"),
        ("", False, "Invalid"),
        ("y" * 64, False, "Invalid"),
    ],
)
def test_names_can_be_checked_before(arm, attached, name, available, reason):
    body = {"name": name, "type": "Microsoft.DBforPostgreSQL/flexibleServers"}
    answer = arm.request(
        "POST", f"{arm.subscription}/providers/Microsoft.DBforPostgreSQL/checkNameAvailability", body, status=200
    ).json()
    assert (answer["nameAvailable"], answer.get("reason")) == (available, reason)
    assert answer["name"] == name and ("message" in answer) != available


@pytest.mark.parametrize(
    "name", ["ab", "x" * 64, "under_score", "dot.ted", "-begin", "end-", "sp%20ace", "%C3%A9t%C3%A9"]
)
def test_bad_server_names_are_refused(arm, name):
    body = arm.server_body("pgadmin", new_secret(), 15)
    assert arm.request("PUT", arm.server_id(name), body).status_code == 400


@pytest.mark.parametrize("version", ["9.3", "9", "99", "x", "", "15.4.1", " 15", "-15", "15; DROP"])
def test_an_unknown_version_is_reported(arm, version):
    body = arm.server_body("pgadmin", new_secret())
    body["properties"]["version"] = version
    path = arm.server_id(unique("pg"))
    assert version.split(".")[0] in arm.error("PUT", path, 400, json=body)["message"]
    arm.error("GET", path, 404)


def test_a_major_that_is_not_installed_is_refused_with_the_command(arm):
    missing = next(major for major in (9, *range(10, 30)) if major not in majors() and major > 9)
    body = arm.server_body("pgadmin", new_secret(), missing)
    message = arm.error("PUT", arm.server_id(unique("pg")), 400, json=body)["message"]
    assert "make postgres" in message and all(str(major) in message for major in majors())


def changed(**changes):
    """A body with properties replaced, or left out when None."""
    body = {
        "location": LOCATION,
        "properties": {
            "administratorLogin": "pgadmin",
            "version": "15",
            "administratorLoginPassword": "Sq1-will-not-be-used",
        },
    }
    for key, value in changes.items():
        where = body if key in ("location", "tags", "properties") else body["properties"]
        where[key] = value
        if value is None:
            del where[key]
    return body


@pytest.mark.parametrize(
    "body",
    [
        changed(location=None),
        changed(location=7),
        changed(properties=None),
        changed(properties=[]),
        changed(properties="x"),
        changed(administratorLogin=None),
        changed(administratorLogin=""),
        changed(administratorLogin=5),
        changed(administratorLogin="pg_admin"),
        changed(administratorLogin="x" * 64),
        changed(administratorLogin="azuresu"),
        changed(administratorLogin="azure_superuser"),
        changed(administratorLogin="public"),
        changed(administratorLoginPassword=None),
        changed(administratorLoginPassword=""),
        changed(administratorLoginPassword={"a": 1}),
        changed(version=15),
        changed(version=["15"]),
        changed(tags="x"),
        changed(tags={"malachite.host": 5}),
        changed(tags={"malachite.host": "127.0.0.1", "malachite.port": "x"}),
        changed(tags={"malachite.host": "127.0.0.1", "malachite.port": "0"}),
        changed(tags={"malachite.host": "127.0.0.1", "malachite.port": "65536"}),
        changed(tags={"malachite.host": "", "malachite.port": "5432"}),
        changed(tags={"malachite.port": "5432"}),
        changed(tags={"malachite.host": "a b", "malachite.port": "5432"}),
    ],
    ids=lambda body: str(body)[:90],
)
def test_bad_bodies_are_refused_and_leave_nothing(arm, body):
    path = arm.server_id(unique("pg"))
    arm.error("PUT", path, 400, json=body)
    arm.error("GET", path, 404)


def test_an_unknown_group_is_reported(arm):
    arm.error(
        "PUT",
        arm.server_id("pg1", group="no-group"),
        404,
        "ResourceGroupNotFound",
        json=arm.server_body("pgadmin", new_secret(), 15),
    )


def test_put_of_the_same_server_again_changes_nothing_but_tags(arm, malachite):
    server = malachite.provision(unique("pg"))
    server.postgres.execute("CREATE TABLE kept (a int)")
    pid = malachite.postmasters()[server.name]
    body = arm.server_body(server.login, server.password, 15)
    body["tags"] = {"new": "tag"}
    response = arm.request("PUT", server.id, body, status=202)
    arm.wait_operation(response)
    assert malachite.postmasters()[server.name] == pid
    assert server.postgres.value("SELECT count(*) FROM kept") == 0
    assert arm.get(server.id)["tags"] == {"new": "tag"}
    arm.delete_and_wait(server.id)


def test_deleting_removes_the_process_and_the_directory(arm, malachite):
    server = malachite.provision(unique("pg"))
    connection = server.postgres.connect()
    pid = malachite.postmasters()[server.name]
    assert os.path.isdir(malachite.instance_dir(server.name))
    arm.delete_and_wait(server.id)
    wait_until(lambda: not alive(pid), 5, "the end of PostgreSQL")
    assert not os.path.exists(malachite.instance_dir(server.name))
    arm.error("GET", server.id, 404, "ResourceNotFound")
    arm.request("DELETE", server.id, status=204)
    connection.close()


def test_a_deleted_name_can_be_used_again(arm, malachite):
    name = unique("pg")
    for version in (15, majors()[0]):
        server = malachite.provision(name, version=version)
        assert arm.get(server.id)["properties"]["version"] == str(version)
        assert not server.postgres.query("SELECT 1 FROM pg_class WHERE relname = 'old'")
        server.postgres.execute("CREATE TABLE old (a int)")
        arm.delete_and_wait(server.id)


def test_deleting_an_attached_server_leaves_the_real_one_alone(arm, malachite):
    with Postgres(name="att") as postgres:
        server = malachite.attach(unique("att"), postgres)
        arm.delete_and_wait(server.id)
        assert postgres.running and postgres.value("SELECT 1") == 1


def test_a_server_with_an_active_migration_cannot_be_deleted(arm, attached, malachite, database, postgres_target):
    name = database()
    attached.source.postgres.create_database(name)
    attached.source.postgres.execute("CREATE TABLE t (a int)", dbname=name)
    postgres_target.create_database(name)
    postgres_target.execute("CREATE TABLE t (a int)", dbname=name)
    target = malachite.attach(unique("att"), postgres_target)
    migration = arm.put_migration(attached.source, target, [name])
    migration.wait("WaitingForUserAction")
    error = arm.error("DELETE", target.id, 409)
    assert migration.name in error["message"]
    migration.cancel()
    migration.wait("Canceled")
    arm.delete_and_wait(target.id)
    arm.error("GET", migration.path, 404)


def test_an_attached_server_that_is_down_fails_with_the_reason(arm):
    path = arm.server_id(unique("down"))
    body = arm.server_body("postgres", new_secret(), attach=("127.0.0.1", free_port()))
    status = arm.wait_operation(arm.request("PUT", path, body, status=202), expect="Failed")
    assert "127.0.0.1" in status["error"]["message"] and status["error"]["code"]


def test_an_attached_server_with_a_wrong_password_fails_with_the_reason(arm, postgres_target):
    path = arm.server_id(unique("wrong"))
    body = arm.server_body("postgres", new_secret(), attach=(postgres_target.host, postgres_target.port))
    status = arm.wait_operation(arm.request("PUT", path, body, status=202), expect="Failed")
    assert "password" in status["error"]["message"]


def test_the_answer_to_put_is_an_operation_in_progress(arm, malachite):
    response = arm.request("PUT", arm.server_id(unique("pg")), arm.server_body("pgadmin", new_secret(), 15), status=202)
    body = response.json()
    assert body["operation"] == "UpsertServerManagementOperation" and "startTime" in body
    assert "/azureAsyncOperation/" in response.headers["Azure-AsyncOperation"]
    assert "/operationResults/" in response.headers["Location"]
    assert "api-version=2025-08-01" in response.headers["Azure-AsyncOperation"]
    arm.wait_operation(response)
    assert arm.get(response.headers["Location"])["properties"]["state"] == "Ready"
    arm.delete_and_wait(response.url.split("?")[0])


def test_an_unknown_operation_is_reported(arm):
    for word in ("azureAsyncOperation", "operationResults"):
        arm.error(
            "GET",
            f"{arm.subscription}/providers/Microsoft.DBforPostgreSQL/locations/eastus/{word}/"
            "11111111-1111-4111-8111-111111111111",
            404,
        )
