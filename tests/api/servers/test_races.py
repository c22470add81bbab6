"""What is checked before a write still holds when it is written: calls that exclude each other, at the same time."""

import threading

import pytest

from arm import unique, wait_until
from proxy import Proxy


def at_once(*calls):
    """Runs calls at the same moment; returns their answers."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(number, call):
        barrier.wait()
        answers[number] = call()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def call(arm, method, path, body=None):
    return lambda: arm.request(method, path, body)


def await_end(arm, group):
    wait_until(lambda: arm.request("GET", arm.group_id(group)).status_code == 404, 20, "the end of the group")


ROUNDS = 40


def test_a_server_does_not_survive_its_group(arm, postgres_source):
    """A PUT of a server that was accepted belongs to a group that is there, or goes with it."""
    accepted = 0
    for _ in range(ROUNDS):
        group = arm.put_group(unique("race"))
        path = f"{arm.group_id(group)}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{unique('s')}"
        body = arm.server_body(attach=(postgres_source.host, postgres_source.port), login="x", password="never-told")
        put, deleted = at_once(call(arm, "PUT", path, body), call(arm, "DELETE", arm.group_id(group)))
        assert deleted.status_code == 202
        assert put.status_code in (201, 202, 404, 409), put.text
        accepted += put.status_code < 300
        await_end(arm, group)
        arm.error("GET", path, 404)
        names = [
            server["name"]
            for server in arm.list(f"{arm.subscription}/providers/Microsoft.DBforPostgreSQL/flexibleServers")
        ]
        assert path.rsplit("/", 1)[1] not in names
    assert accepted < ROUNDS


@pytest.mark.parametrize("role", ["source", "target"])
def test_a_migration_is_not_accepted_for_a_server_that_goes(arm, malachite, postgres_source, postgres_target, role):
    both = []
    for _ in range(ROUNDS):
        source = malachite.attach(unique("src"), postgres_source, "servers")
        target = malachite.attach(unique("dst"), postgres_target)
        going = source if role == "source" else target
        body = arm.migration_body(source, target, None)
        path = f"{target.id}/migrations/{unique('m')}"
        put, deleted = at_once(call(arm, "PUT", path, body), call(arm, "DELETE", going.id))
        assert put.status_code in (201, 404, 409, 400), put.text
        assert deleted.status_code in (202, 409), deleted.text
        if put.status_code == 201 and deleted.status_code == 202:
            both.append(path)
        if put.status_code == 201:
            arm.request("DELETE", path, status=(200, 202))
    assert not both


def test_a_migration_does_not_write_a_database_that_goes(own, postgres_source, postgres_target):
    """The drop waits for its server, which hangs: it would take away what the migration has written by then."""
    one = own("--connect-timeout", "2")
    proxy = Proxy(postgres_target.host, postgres_target.port)
    source = one.attach("src", postgres_source, "servers")
    target = one.arm.put_server(
        "dst", attach=(proxy.host, proxy.port), login=postgres_target.superuser, password=postgres_target.password
    )
    proxy.silence()
    outcomes = []
    try:
        for number in range(4):  # DELETE asks the server first, whether the database is there
            body = one.arm.migration_body(source, target, [f"goes_{number}"])
            path = f"{target.id}/migrations/{unique('m')}"
            put, dropped = at_once(
                call(one.arm, "PUT", path, body), call(one.arm, "DELETE", f"{target.id}/databases/goes_{number}")
            )
            outcomes.append((put.status_code, dropped.status_code))
            if put.status_code == 201:
                one.arm.request("DELETE", path, status=(200, 202, 204))
            elif put.status_code == 409:
                assert "is being deleted" in put.json()["error"]["message"]
    finally:
        proxy.resume()
        proxy.cut()
        proxy.close()
    assert set(outcomes) <= {(201, 409), (409, 202)}, outcomes


def test_a_deployment_does_not_start_in_a_group_that_goes(arm):
    body = {"properties": {"mode": "Incremental", "template": {"contentVersion": "1.0.0.0", "resources": []}}}
    left = []
    for _ in range(ROUNDS):
        group = arm.put_group(unique("race"))
        path = f"{arm.group_id(group)}/providers/Microsoft.Resources/deployments/d"
        at_once(call(arm, "PUT", path, body), call(arm, "DELETE", arm.group_id(group)))
        await_end(arm, group)
        arm.put_group(group)
        if arm.request("GET", path).status_code != 404:
            left.append(group)
    assert not left


def test_a_server_with_an_active_migration_is_not_deleted(arm, malachite, postgres_source, postgres_target):
    source = malachite.attach(unique("src"), postgres_source, "servers")
    target = malachite.attach(unique("dst"), postgres_target)
    path = f"{target.id}/migrations/{unique('m')}"
    arm.request("PUT", path, arm.migration_body(source, target, None), status=201)
    for server in (source, target):
        message = arm.error("DELETE", server.id, 409, "OperationNotAllowed")["message"]
        assert path.rsplit("/", 1)[1] in message
    arm.request("DELETE", path, status=(200, 202))
