"""Snapshots of a subscription: all of it as it was, also in the middle of an online migration."""

import glob
import os
import stat
import threading
import time
import uuid

import pytest
import requests

from arm import Migration, patience, state_of, unique, wait_until
from malachite import Malachite, Pair
from online import WAITS, cut_over, differences, put_online, reach_wait
from samples import drop, has_database, load_shop

pytestmark = pytest.mark.timeout(patience(480))


def path_of(name, action=""):
    return f"/_malachite/snapshots/{name}{action}"


class World:
    """A pair of provisioned servers with its snapshots."""

    def __init__(self, malachite):
        self.malachite, self.arm = malachite, malachite.arm
        self.pair = Pair(malachite, malachite.provision("old"), malachite.provision("new"))

    def take(self, name, **options):
        answer = self.arm.request("PUT", path_of(name), status=200, **options).json()
        self.arm.begin_attempt()  # as at a restart of Malachite
        return answer

    def restore(self, name, **options):
        answer = self.arm.request("POST", path_of(name, "/restore"), status=200, **options).json()
        self.arm.watches.clear()  # states go back
        return answer

    def migration(self, name):
        return Migration(self.arm, self.pair.target, name)

    def shop(self, rows=100):
        return load_shop(self.pair.source.postgres, unique("shop"), rows)

    def files(self):
        return glob.glob(f"{self.malachite.data_dir}/snapshots/*/.*")


@pytest.fixture(name="world", scope="module")
def fixture_world():
    with Malachite() as malachite:
        yield World(malachite)


@pytest.fixture(autouse=True)
def no_snapshots(world):
    """A test that failed leaves none to its neighbours."""
    for one in world.arm.get("/_malachite/snapshots")["value"]:
        world.arm.request("DELETE", path_of(one["name"]), status=204)


def count(server, name, table="sales.orders"):
    return server.postgres.query(f"SELECT count(*) FROM {table}", dbname=name)[0][0]


def test_one_cutover_is_rehearsed_twenty_times(world):
    pair, name = world.pair, world.shop()
    migration = put_online(pair, [name])
    reach_wait(migration)
    before = count(pair.source, name)
    shown = world.take("before-cutover")
    assert {server["name"] for server in shown["servers"]} == {"new", "old"}
    assert {"name": migration.name, "state": "WaitingForUserAction", "substate": WAITS} in shown["migrations"]
    assert world.arm.get(path_of("before-cutover")) == shown
    # It goes on after the snapshot as if nothing had happened.
    for attempt in range(20):
        rows = 3 + attempt
        pair.source.postgres.execute(
            f"INSERT INTO sales.orders (customer, total) SELECT 1, g FROM generate_series(1, {rows}) AS g", dbname=name
        )
        if attempt % 5 == 0:
            pair.source.postgres.execute("UPDATE sales.customer SET name = name || '?'", dbname=name)
        cut_over(migration)
        assert count(pair.source, name) == count(pair.target, name) == before + rows
        if attempt in (0, 19):
            assert not differences(pair, name)
        world.restore("before-cutover")
        migration = world.migration(migration.name)
        assert state_of(migration.get()) == "WaitingForUserAction"
        assert count(pair.source, name) == before
    migration.cancel()
    migration.wait()
    world.arm.request("DELETE", path_of("before-cutover"), status=204)
    world.arm.error("GET", path_of("before-cutover"), 404, "NotFound")
    world.arm.error("POST", path_of("before-cutover", "/restore"), 404, "NotFound")
    world.arm.error("DELETE", path_of("before-cutover"), 404, "NotFound")
    drop(pair.source.postgres, name)
    drop(pair.target.postgres, name)


def test_snapshot_and_restore_in_the_middle_of_a_copy(world):
    """The worker stops at a safe point and its lease is given back; the copy restarts, and ends with equal rows."""
    pair, name = world.pair, world.shop(30000)
    migration = pair.put([name])
    migration.wait("MigratingData")
    world.take("copying")
    migration.succeed()
    world.restore("copying")
    migration = world.migration(migration.name)
    assert state_of(migration.get()) in ("InProgress", "Succeeded")
    migration.succeed()
    assert count(pair.source, name) == count(pair.target, name)
    assert not differences(pair, name)
    world.arm.request("DELETE", path_of("copying"), status=204)
    drop(pair.source.postgres, name)
    drop(pair.target.postgres, name)


def test_later_rows_are_removed_and_deleted_ones_restored(world):
    arm, pair, name = world.arm, world.pair, world.shop(10)
    arm.put_group("kept")
    world.take("full")
    world.take("full")  # replaces the first
    assert [one["name"] for one in arm.get("/_malachite/snapshots")["value"]] == ["full"]

    later = world.malachite.provision("later")
    arm.request("DELETE", arm.group_id("kept"), status=202)
    wait_until(lambda: arm.request("GET", arm.group_id("kept")).status_code == 404, 30, "the end of the group")
    drop(pair.source.postgres, name)
    arm.request("PATCH", pair.target.id, {"properties": {"administratorLoginPassword": "Another-1234"}}, status=202)
    world.restore("full")
    arm.get(arm.group_id("kept"))
    arm.error("GET", later.id, 404)
    assert not os.path.exists(world.malachite.instance_dir("later"))
    assert sorted(world.malachite.postmasters()) == ["new", "old"]
    assert has_database(pair.source.postgres, name)
    # The password of then, in the store and on the server.
    migration = pair.put([name])
    migration.succeed()
    arm.delete_and_wait(pair.target.id)
    world.restore("full")
    assert arm.get(pair.target.id)["properties"]["state"] == "Ready"
    pair.put([name]).succeed()
    arm.request("DELETE", path_of("full"), status=204)
    drop(pair.source.postgres, name)
    drop(pair.target.postgres, name)


def test_wal_files_without_contents_are_left_out(world):
    """PostgreSQL keeps old files for later, 16 MB each. With a slot, files with contents stay."""
    source, name = world.pair.source.postgres, world.shop()

    def fill(files):
        for _ in range(files):
            source.execute("SELECT txid_current(); SELECT pg_switch_wal()")

    fill(5)
    source.execute("CHECKPOINT")
    source.execute("SELECT pg_create_physical_replication_slot('holds', true)")
    try:
        fill(2)
        kept = source.value("SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots WHERE slot_name = 'holds'")
        source.execute("CHECKPOINT")
        world.take("small")
    finally:
        source.execute("SELECT pg_drop_replication_slot('holds')")
    now = source.value("SELECT pg_walfile_name(pg_current_wal_lsn())")
    copies = glob.glob(f"{world.malachite.data_dir}/snapshots/*/small/data/*/pg_wal/{now[:8]}????????????????")
    names = sorted(
        os.path.basename(file) for file in copies if "old" in file or kept in os.listdir(os.path.dirname(file))
    )
    assert kept in names and len([file for file in names if file > now]) <= 1, (kept, now, names)
    world.restore("small")
    assert count(world.pair.source, name) > 0
    source.execute("SELECT pg_drop_replication_slot('holds')")


def test_secrets_stay_sealed_and_files_are_private(world):
    world.take("sealed")
    folders = glob.glob(f"{world.malachite.data_dir}/snapshots/*/sealed")
    assert len(folders) == 1
    for path in (folders[0], f"{folders[0]}/rows.db", os.path.dirname(folders[0])):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, path
    with open(f"{folders[0]}/rows.db", "rb") as rows:
        content = rows.read()
    for server in (world.pair.source, world.pair.target):
        assert server.name.encode() in content and server.password.encode() not in content
    world.arm.request("DELETE", path_of("sealed"), status=204)
    assert not world.files()


def test_refusals_say_why(world, postgres_source):
    arm = world.arm
    for name in (".new", "a" * 64, "-x", "x%20y"):
        arm.error("PUT", path_of(name), 400, "InvalidParameterValue")
    arm.error("PUT", path_of("x") + "?subscription=nobody", 400, "InvalidSubscriptionId")
    arm.request("POST", "/_malachite/servers/old/faults/readOnly", status=200)
    assert "'old' has an active fault" in arm.error("PUT", path_of("x"), 409, "Conflict")["message"]
    arm.request("DELETE", "/_malachite/servers/old/faults/readOnly", status=204)
    attached = world.malachite.attach("outside", postgres_source, "servers")
    error = arm.error("PUT", path_of("x"), 409, "Conflict")
    assert "attached" in error["message"] and "outside" in error["message"]
    arm.delete_and_wait(attached.id)
    assert arm.get("/_malachite/snapshots")["value"] == [] and not world.files()


def test_snapshot_of_another_subscription_is_its_own(world):
    other = "?subscription=11111111-2222-4333-8444-555555555555"
    shown = world.arm.request("PUT", path_of("x") + other, status=200).json()
    assert shown["servers"] == [] and shown["migrations"] == []
    world.arm.error("GET", path_of("x"), 404, "NotFound")
    world.arm.request("POST", path_of("x", "/restore") + other, status=200)
    assert sorted(world.malachite.postmasters()) == ["new", "old"]
    world.arm.request("DELETE", path_of("x") + other, status=204)


def test_a_subscription_has_so_many_snapshots_and_no_more(world):
    other = f"?subscription={uuid.uuid4()}"
    for number in range(50):
        world.arm.request("PUT", path_of(f"n{number}") + other, status=200)
    error = world.arm.error("PUT", path_of("more") + other, 409, "Conflict")
    assert "has 50 snapshots" in error["message"] and "Delete one first" in error["message"]
    world.arm.request("PUT", path_of("n7") + other, status=200)  # replaces one
    world.arm.request("DELETE", path_of("n8") + other, status=204)
    world.arm.request("PUT", path_of("more") + other, status=200)


@pytest.mark.parametrize("call", ["take", "restore"])
def test_killed_in_the_middle_leaves_the_old_state_or_the_new_one(world, call):
    """kill -9 at moments spread over the whole call: never half a snapshot, never half a restore."""
    malachite, arm, pair = world.malachite, world.arm, world.pair
    name = world.shop(2000)
    world.take("base")
    began = time.monotonic()
    world.take("base")
    whole = time.monotonic() - began
    for step in (1, 2, 3):
        pair.source.postgres.execute("CREATE TABLE IF NOT EXISTS later AS SELECT 1", dbname=name)
        arm.put_group("later")

        def ask():
            try:
                path = path_of("fresh") if call == "take" else path_of("base", "/restore")
                arm.request("PUT" if call == "take" else "POST", path)
            except Exception:  # pylint: disable=broad-except
                pass  # it dies

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(whole * step / 4)
        malachite.kill()
        thread.join()
        malachite.start()
        arm.watches.clear()
        ready = f"{arm.endpoint}/_malachite/ready"
        wait_until(lambda url=ready: requests.get(url, timeout=10).status_code == 200, 60, "the servers")
        assert not world.files()
        rows = arm.request("GET", arm.group_id("later")).status_code == 200
        data = pair.source.postgres.query("SELECT to_regclass('later') IS NOT NULL", dbname=name)[0][0]
        assert rows == data, (step, rows, data)
        names = [one["name"] for one in arm.get("/_malachite/snapshots")["value"]]
        if call == "take":
            assert rows and names in (["base"], ["base", "fresh"])
        else:
            assert names == ["base"]
        assert count(pair.source, name) > 0
        if "fresh" in names:
            world.restore("fresh")
            assert pair.source.postgres.query("SELECT to_regclass('later') IS NOT NULL", dbname=name) == [(True,)]
            arm.request("DELETE", path_of("fresh"), status=204)
    world.restore("base")
    assert pair.source.postgres.query("SELECT to_regclass('later')", dbname=name) == [(None,)]
    pair.put([name]).succeed()
    arm.request("DELETE", path_of("base"), status=204)
    drop(pair.source.postgres, name)
    drop(pair.target.postgres, name)
