"""Servers whose first start meets an obstacle, and what their owner can do about it."""

import os
import socket

import psycopg2
import pytest
from arm import new_secret, wait_until
from binaries import default_bindir, major_of
from malachite import Malachite
from postgres import Postgres
from psycopg2.extensions import make_dsn

MAJOR = major_of(f"{default_bindir()}/postgres")


def sign_in(server, body):
    properties = body["properties"]
    psycopg2.connect(
        make_dsn(
            host=properties["fullyQualifiedDomainName"],
            port=properties.get("port", 5432),
            user=server.login,
            password=server.password,
            dbname="postgres",
        )
    ).close()


@pytest.fixture
def obstacle(tmp_path):
    """A PostgreSQL that does not start while the file exists."""
    path = tmp_path / "obstacle"
    programs = tmp_path / "pg" / str(MAJOR) / "bin"
    programs.mkdir(parents=True)
    os.chmod(tmp_path, 0o755)
    for name in os.listdir(default_bindir()):
        refuse = f"[ -e '{path}' ] && {{ echo 'the disk is on fire' >&2; exit 1; }}\n" if name == "postgres" else ""
        (programs / name).write_text(f"#!/bin/sh\n{refuse}exec '{default_bindir()}/{name}' \"$@\"\n")
        (programs / name).chmod(0o755)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.getuid() and parent != parent.parent:
            parent.chmod(parent.stat().st_mode | 0o011)
    return path, tmp_path / "pg"


def put(arm, name, password):
    body = arm.server_body("me", password, MAJOR)
    return arm.request("PUT", arm.server_id(name), body, status=(201, 202))


@pytest.mark.parametrize("way", ["start", "put", "restart"])
def test_a_server_that_did_not_start_stays_with_its_reason_and_can_be_started(own, obstacle, way):
    one = own("--postgres-dir", obstacle[1])
    arm = one.arm
    obstacle[0].touch()
    password = new_secret()
    arm.secrets.add(password)
    failed = arm.wait_operation(put(arm, "first", password), expect="Failed")
    assert "the disk is on fire" in failed["error"]["message"]
    properties = arm.get(arm.server_id("first"))["properties"]
    assert properties["state"] == "Inaccessible" and "the disk is on fire" in properties["stateMessage"]
    obstacle[0].unlink()
    if way == "start":
        arm.wait_operation(arm.request("POST", arm.server_id("first") + "/start", status=202))
    elif way == "put":
        arm.wait_operation(put(arm, "first", password))
    else:
        one.restart()
        wait_until(lambda: arm.get(arm.server_id("first"))["properties"]["state"] == "Ready", 20, "the server")
    body = arm.get(arm.server_id("first"))
    assert body["properties"]["state"] == "Ready" and "stateMessage" not in body["properties"]
    server = type("Server", (), {"login": "me", "password": password})
    sign_in(server, body)
    arm.delete_and_wait(arm.server_id("first"))


def test_a_server_whose_data_was_removed_is_not_recreated(own):
    one = own()
    server = one.provision("lost")
    one.arm.wait_operation(one.arm.request("POST", server.id + "/stop", status=202))
    os.rename(one.instance_dir("lost") + "/data", one.instance_dir("lost") + "/elsewhere")
    failed = one.arm.wait_operation(one.arm.request("POST", server.id + "/start", status=202), expect="Failed")
    assert "has no data directory" in failed["error"]["message"]


def test_an_address_in_use_is_passed_over():
    with Malachite() as first:
        base = first.ports.base
        taken = first.provision("one").postgres.port
        assert taken == base
        # Another Malachite, as of another user of this machine, with the same addresses.
        with Malachite("--server-ports", base, ports=False) as second:
            other = second.provision("one")
            assert other.postgres.port > taken
            sign_in(other, second.arm.get(other.id))


def test_loopback_addresses_in_use_are_passed_over():
    with Malachite(ports=False) as first, Malachite(ports=False) as second:
        hosts = set()
        for one in (first, second):
            server = one.provision(f"server{len(hosts)}")
            hosts.add(server.postgres.host)
            sign_in(server, one.arm.get(server.id))
        assert len(hosts) == 2


def test_a_program_that_listens_on_all_addresses_leaves_the_next_port():
    with socket.socket() as everywhere:
        everywhere.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            everywhere.bind(("0.0.0.0", 5432))
        except OSError:
            pytest.skip("port 5432 is in use on this machine")
        everywhere.listen()
        with Malachite(ports=False) as one:
            server = one.provision("beside-it")
            properties = one.arm.get(server.id)["properties"]
            assert properties["port"] > 5432
            sign_in(server, {"properties": properties})


def test_an_attached_server_is_checked_again_after_its_password_was_corrected(malachite, postgres_target):
    arm = malachite.arm
    password = new_secret()
    arm.secrets.add(password)
    postgres_target.execute("CREATE ROLE corrected LOGIN PASSWORD 'another'")
    body = arm.server_body("corrected", password, attach=(postgres_target.host, postgres_target.port))
    path = arm.server_id("corrected-later")
    arm.wait_operation(arm.request("PUT", path, body, status=(201, 202)), expect="Failed")
    properties = arm.get(path)["properties"]
    assert properties["state"] == "Inaccessible" and "password" in properties["stateMessage"]
    postgres_target.execute(f"ALTER ROLE corrected PASSWORD '{password}'")
    wait_until(lambda: arm.get(path)["properties"]["state"] == "Ready", 10, "the server to be asked again")
    assert "stateMessage" not in arm.get(path)["properties"]
    arm.delete_and_wait(path)
    postgres_target.execute("DROP ROLE corrected")


def test_an_attached_server_is_checked_again_after_it_started(malachite):
    arm = malachite.arm
    path = arm.server_id("up-later")
    with Postgres(name="later") as postgres:
        body = arm.server_body(postgres.superuser, postgres.password, attach=(postgres.host, postgres.port))
        postgres.stop()
        arm.wait_operation(arm.request("PUT", path, body, status=(201, 202)), expect="Failed")
        assert arm.get(path)["properties"]["state"] == "Inaccessible"
        postgres.start()

        def listed():
            [item] = [item for item in arm.list(path.rsplit("/", 1)[0]) if item["name"] == "up-later"]
            return item["properties"]["state"] == "Ready"

        wait_until(listed, 10, "the server to be asked again")
        arm.delete_and_wait(path)
