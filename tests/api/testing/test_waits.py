"""Long polls: they end when the condition becomes true, and hold nothing up in the meantime."""

import concurrent.futures
import time

import pytest
import requests

from arm import patience, unique


@pytest.fixture(name="world")
def fixture_world(attached):
    return attached.malachite


@pytest.fixture(name="pool")
def fixture_pool():
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        yield pool


def waiting_migration(pair):
    """It waits for dbsToMigrate."""
    return pair.malachite.arm.put_migration(pair.source, pair.target, None)


def uuid_of(migration):
    return migration.created["properties"]["migrationId"]


def wait(world, path, status=200, **params):
    began = time.monotonic()
    params.setdefault("subscription", world.arm.subscription.rsplit("/", 1)[1])
    answer = requests.get(f"{world.arm.endpoint}/_malachite/{path}", params=params, timeout=patience(60))
    assert answer.status_code == status, answer.text
    return answer.json(), time.monotonic() - began


def test_a_migration_wait_ends_with_the_state_and_misses_none(attached, world, pool):
    migration = waiting_migration(attached)
    uuid = uuid_of(migration)
    answer, _ = wait(world, f"migrations/{uuid}/wait", substate="WaitingForDBsToMigrateSpecification")
    assert answer["migrationId"] == uuid and answer["events"]
    waits = [pool.submit(wait, world, f"migrations/{uuid}/wait", state="Canceled", timeout=30) for _ in range(40)]
    passing = pool.submit(wait, world, f"migrations/{uuid}/wait", substate="CancelingRequestedDBMigrations", timeout=30)
    other = pool.submit(wait, world, f"migrations/{migration.name}/wait", 408, state="Succeeded", timeout=1)
    # Forty waits hold neither lane nor event loop.
    began = time.monotonic()
    world.arm.get(migration.path)
    assert time.monotonic() - began < patience(1)
    answer, took = other.result()
    assert answer["state"] == "WaitingForUserAction" and took >= 1
    assert not any(one.done() for one in waits)
    world.arm.request("PATCH", migration.path, {"properties": {"cancel": "True"}}, status=200)
    ended = [one.result()[0] for one in waits]
    assert {one["state"] for one in ended} == {"Canceled"}
    assert passing.result()[0]["migrationId"] == uuid


def test_bad_waits_are_refused_with_a_list_of_valid_ones(attached, world):
    migration = waiting_migration(attached)
    path = f"/_malachite/migrations/{uuid_of(migration)}/wait"
    for query, word in [
        ("", "nothing to wait for"),
        ("?state=Suceeded", "Succeeded"),
        ("?substate=x", "MigratingData"),
        ("?state=Failed&timeout=601", "600"),
        ("?state=Failed&timeout=-1", "600"),
        ("?incomingChanges=0", "database"),
    ]:
        assert word in world.arm.error("GET", path + query, 400)["message"], query
    world.arm.error("GET", "/_malachite/migrations/none/wait?state=Failed", 404)
    answer, took = wait(world, f"migrations/{migration.name}/wait", 408, state="Failed", timeout=0)
    assert answer["name"] == migration.name and took < patience(5)
    world.arm.request("PATCH", migration.path, {"properties": {"cancel": "True"}}, status=200)


def test_a_stop_ends_all_waits_at_once(own, pool):
    one = own()
    waits = [
        pool.submit(requests.get, f"{one.arm.endpoint}/_malachite/requests/wait", {"count": 9999}, timeout=60)
        for _ in range(20)
    ]
    one.arm.get("/_malachite/requests/wait?operation=ResourceGroups_CreateOrUpdate")
    one.stop()  # asserts the time
    assert {future.result().status_code for future in waits} == {503}


def test_the_journal_counts_and_verifies_calls(world, pool):
    name = unique("g")
    path = world.arm.group_id(name)
    client = {"x-ms-client-request-id": name}
    query = {"client": name, "timeout": 30}
    two = pool.submit(wait, world, "requests/wait", count=2, operation="ResourceGroups_Get", **query)
    wait(world, "requests/wait", 408, client=name, timeout=0)
    world.arm.request("GET", path, headers=client, status=404)
    assert not two.done()
    world.arm.request("PUT", path, {"location": "eastus"}, headers=client, status=201)
    world.arm.request("GET", path, headers=client, status=200)
    assert two.result()[0]["count"] == 2

    def verify(sequence, status, **more):
        return wait(world, "requests/verify", status, sequence=sequence, client=name, **more)[0]

    put, get = "ResourceGroups_CreateOrUpdate", "ResourceGroups_Get"
    assert verify(f"{get}:404,{put}:201,{get}:200", 200, exact="true")["verified"]
    assert len(verify(f"{get},{get}", 200)["matched"]) == 2
    miss = verify(f"{get},{get}", 409, exact="true")
    assert miss["missing"] == {"index": 1, "operation": get, "status": 0} and miss["instead"]["operation"] == put
    miss = verify(f"{put}:200", 409)
    assert miss["nearest"]["differs"] == "status" and miss["nearest"]["call"]["status"] == 201
    miss = verify(f"{put},{get}:404", 409)
    assert miss["nearest"]["differs"] == "status" and miss["nearest"]["call"]["status"] == 200
    miss = verify(f"{get},{put},{get},{put}", 409)
    assert miss["nearest"]["differs"] == "order" and "instead" not in miss
    miss = verify("Migrations_Create", 409)
    assert miss["nearest"]["differs"] == "operation" and miss["instead"]["status"] == 404
    subscription = world.arm.subscription.rsplit("/", 1)[1]
    assert verify(put, 200, subscription=subscription)["verified"]
    assert verify(put, 409, subscription="0" * 36)["nearest"]["differs"] == "missing"
    for bad in ("", ",", f"{get}:x", f"{get}:", ",".join([get] * 101)):
        world.arm.error("GET", "/_malachite/requests/verify", 400, params={"sequence": bad})
