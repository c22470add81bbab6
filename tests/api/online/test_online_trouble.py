"""Online migrations while Malachite, the source or the target fails. No change is lost, and nothing remains."""

import random
import time

import pytest

from arm import details_of, patience, state_of, substate_of, wait_until
from malachite import Pair
from online import (
    WAITS,
    Writer,
    assert_nothing_is_left,
    cut_over,
    differences,
    put_online,
    reach_wait,
    replication_of,
    source_as_before,
    wait_for_nothing_pending,
)
from postgres import Postgres
from samples import load_big, load_shop, load_slow

pytestmark = pytest.mark.timeout(patience(300))


def crash(malachite):
    malachite.kill()
    malachite.start()


def stop(malachite):
    malachite.stop()
    malachite.start()


@pytest.fixture
def servers():
    """Two servers of the test's own, that it may stop and crash."""
    with Postgres(name="osrc") as source, Postgres(name="odst") as target:
        yield source, target


@pytest.fixture
def fragile(malachite, servers):
    source, target = servers
    pair = Pair(
        malachite, malachite.attach("fragile-source", source, "servers"), malachite.attach("fragile-target", target)
    )
    yield pair
    for server in servers:
        server.start()
    for server in (pair.target, pair.source):
        wait_until(
            lambda server=server: malachite.arm.request("DELETE", server.id).status_code == 202, 30, "the deletion"
        )


def again(migration):
    """A base copy that begins again counts from nothing."""
    migration.watch.begin_attempt()


# -- Malachite --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interrupt", [crash, stop])
def test_malachite_ends_while_rows_are_copied(own_pair, database, postgres_source, interrupt):
    pair = own_pair()
    names = [load_shop(postgres_source, database(), rows=20), load_slow(postgres_source, database(), 3)]
    with source_as_before(pair, *names):
        with Writer(postgres_source, names[0]):
            migration = put_online(pair, names)
            migration.wait(lambda body: details_of(body, names[1]).get("fullLoadCompletedTables") == 1)
            interrupt(pair.malachite)
            reach_wait(migration)
        cut_over(migration)
    for name in names:
        assert differences(pair, name) == []
    assert_nothing_is_left(pair, *names)


@pytest.mark.parametrize("interrupt", [crash, stop])
def test_malachite_ends_while_it_follows(own_pair, database, postgres_source, interrupt):
    pair = own_pair()
    name = load_shop(postgres_source, database(), rows=50)
    with source_as_before(pair, name):
        migration = put_online(pair, [name])
        reach_wait(migration)
        with Writer(postgres_source, name) as writer:
            for _ in range(3):
                time.sleep(random.uniform(0.1, 0.8))
                interrupt(pair.malachite)
                assert substate_of(migration.get()) == WAITS
            seen = details_of(migration.get(), name)["cdcInsertCounter"]
            wait_until(lambda: details_of(migration.get(), name)["cdcInsertCounter"] > seen, 30, "new inserts")
            committed = writer.stop()
        body = wait_for_nothing_pending(migration, name)
        # 3 or 4 inserts in each transaction, as partitions see them: applied once, whatever came twice.
        inserts = pair.target.postgres.value(
            "SELECT count(*) FROM sales.customer WHERE name LIKE 'Writer%'", dbname=name
        )
        assert inserts == committed
        assert details_of(body, name)["cdcInsertCounter"] <= 4 * committed
        cut_over(migration)
    assert differences(pair, name) == []
    assert_nothing_is_left(pair, name)


@pytest.mark.slow
@pytest.mark.parametrize("round_number", range(3))
def test_malachite_is_killed_at_any_moment(own_pair, database, postgres_source, round_number):
    pair = own_pair()
    names = [load_shop(postgres_source, database(), rows=100) for _ in range(2)]
    with source_as_before(pair, *names):
        writers = [Writer(postgres_source, name) for name in names]
        for writer in writers:
            writer.__enter__()
        migration = put_online(pair, names)
        for _ in range(3):
            time.sleep(random.uniform(0, 1))
            crash(pair.malachite)
        reach_wait(migration)
        for writer in writers:
            writer.stop()
        pair.arm.request("PATCH", migration.path, {"properties": {"triggerCutover": "True"}}, status=200)
        for _ in range(2):
            time.sleep(random.uniform(0, 0.15))
            crash(pair.malachite)
        migration.succeed()
        assert_nothing_is_left(pair, *names)
    for name in names:
        assert differences(pair, name) == []


@pytest.mark.slow
def test_malachite_is_killed_in_the_cutover_of_one(own_pair, database, postgres_source):
    pair = own_pair()
    names = [load_shop(postgres_source, database(), rows=50) for _ in range(2)]
    migration = put_online(pair, names)
    reach_wait(migration)
    for name in names:
        postgres_source.psql("INSERT INTO sales.customer (name) SELECT 'late' FROM generate_series(1, 3000)", name)
        pair.arm.request(
            "PATCH",
            migration.path,
            {"properties": {"triggerCutover": "True", "dbsToTriggerCutoverOn": [name]}},
            status=200,
        )
        time.sleep(random.uniform(0, 0.1))
        crash(pair.malachite)
    migration.succeed()
    for name in names:
        assert differences(pair, name) == []
    assert_nothing_is_left(pair, *names)


def test_a_trigger_is_not_lost_in_a_crash(own_pair, database, postgres_source):
    pair = own_pair()
    name = load_slow(postgres_source, database(), 2)
    migration = put_online(pair, [name])
    migration.wait("MigratingData")
    migration.patch(triggerCutover="True")
    crash(pair.malachite)
    migration.succeed()
    assert differences(pair, name) == []


# -- servers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("how", ["restart", "crash"])
def test_a_server_comes_back_while_rows_are_copied(fragile, side, how):
    name = load_slow(fragile.source.postgres, "shop", 3)
    postgres = getattr(fragile, side).postgres
    with source_as_before(fragile, name):
        migration = put_online(fragile, [name])
        migration.wait(lambda body: details_of(body, name).get("fullLoadCompletedTables") == 1)
        again(migration)
        if how == "crash":
            postgres.kill()
        else:
            postgres.stop()
        time.sleep(1)
        postgres.start()
        reach_wait(migration)
        cut_over(migration)
        assert_nothing_is_left(fragile, name)
    assert differences(fragile, name) == []
    assert not any(state == "Failed" for state, _ in migration.watch.pairs)


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("how", ["restart", "crash"])
def test_a_server_comes_back_while_it_is_followed(fragile, side, how):
    name = load_shop(fragile.source.postgres, "shop", rows=50)
    postgres = getattr(fragile, side).postgres
    migration = put_online(fragile, [name])
    reach_wait(migration)
    migration.watch.figures_may_shrink = how == "crash" and side == "target"
    insert = "INSERT INTO sales.customer (name) SELECT 'n' FROM generate_series(1, 500)"
    for _ in range(2):
        fragile.source.postgres.psql(insert, name)
        if how == "crash":
            postgres.kill()
        else:
            postgres.stop()
        if side == "target":  # without anything to apply its absence is nobody's business
            fragile.source.postgres.psql(insert, name)
        body = migration.wait(
            lambda body: "Malachite retries" in details_of(body, name).get("migrationOperation", ""), 30
        )
        assert substate_of(body) == WAITS
        postgres.start()
        migration.wait(lambda body: "migrationOperation" not in details_of(body, name), 30)
    wait_for_nothing_pending(migration, name)
    cut_over(migration)
    assert differences(fragile, name) == []
    assert_nothing_is_left(fragile, name)


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_succeeded_databases_survive_a_crash_of_the_target(fragile, mode):
    name = load_shop(fragile.source.postgres, "shop", rows=200)
    migration = fragile.put([name], migrationMode=mode)
    if mode == "Online":
        reach_wait(migration)
        fragile.source.postgres.psql("INSERT INTO sales.customer (name) SELECT 'n' FROM generate_series(1, 500)", name)
        migration.patch(triggerCutover="True")
    migration.succeed()
    fragile.target.postgres.kill()
    fragile.target.postgres.start()
    assert differences(fragile, name) == []


@pytest.mark.parametrize("side", ["source", "target"])
def test_an_unreachable_server_fails_the_migration(own, servers, side):
    one = own("--reconnect-seconds", 2)
    source, target = servers
    pair = Pair(one, one.attach("src", source, "servers"), one.attach("dst", target))
    name = load_shop(source, "shop", rows=5)
    migration = put_online(pair, [name])
    reach_wait(migration)
    getattr(pair, side).postgres.stop()
    assert name in migration.fail(timeout=30)
    getattr(pair, side).postgres.start()
    # What could not be removed then is removed as soon as the server is there again.
    assert_nothing_is_left(pair, name, within=20)


def test_a_pending_cleanup_is_completed_by_the_next_process(own, servers):
    one = own("--reconnect-seconds", 1)
    source, target = servers
    pair = Pair(one, one.attach("src", source, "servers"), one.attach("dst", target))
    name = load_shop(source, "shop", rows=5)
    migration = put_online(pair, [name])
    reach_wait(migration)
    source.stop()
    migration.cancel()
    migration.wait("Canceled", timeout=40)
    one.kill()
    source.start()
    assert replication_of(source, name)
    one.start()
    assert_nothing_is_left(pair, name, within=20)
    assert state_of(migration.get()) == "Canceled"


def test_a_source_that_was_deleted_is_not_waited_for(own, servers):
    one = own("--reconnect-seconds", 1)
    source, target = servers
    pair = Pair(one, one.attach("src", source, "servers"), one.attach("dst", target))
    name = load_shop(source, "shop", rows=5)
    migration = put_online(pair, [name])
    reach_wait(migration)
    source.stop()
    target.stop()
    migration.cancel()
    migration.wait("Canceled", timeout=40)
    one.arm.delete_and_wait(pair.source.id)
    target.start()
    wait_until(lambda: not replication_of(target, name), 20, "the end of the helper")
    wait_until(lambda: "its publication and slot stay" in one.log_text(), 5, "a line in the log")


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_provisioned_server_is_restarted(own, side):
    one = own()
    pair = Pair(one, one.provision("src"), one.provision("dst"))
    name = load_shop(pair.source.postgres, "shop", rows=20)
    migration = put_online(pair, [name])
    reach_wait(migration)
    one.arm.wait_operation(one.arm.request("POST", getattr(pair, side).id + "/restart", {}, status=202))
    pair.source.postgres.psql("INSERT INTO sales.customer (name) VALUES ('after')", name)
    wait_until(lambda: details_of(migration.get(), name)["cdcInsertCounter"] == 1, 30, "the insert")
    cut_over(migration)
    assert differences(pair, name) == []


def test_malachite_stops_quickly_while_it_follows_many(own_pair, database, postgres_source):
    pair = own_pair()
    names = [load_shop(postgres_source, database(), rows=5) for _ in range(6)]
    migration = put_online(pair, names)
    reach_wait(migration)
    writers = [Writer(postgres_source, name, pause=0.001) for name in names[:3]]
    for writer in writers:
        writer.__enter__()
    assert pair.malachite.stop() < patience(4)
    pair.malachite.start()
    for writer in writers:
        writer.stop()
    cut_over(migration)
    for name in names:
        assert differences(pair, name) == []


def test_malachite_stops_quickly_while_a_server_is_away(own, servers):
    one = own()
    source, target = servers
    pair = Pair(one, one.attach("src", source, "servers"), one.attach("dst", target))
    migration = put_online(pair, [load_shop(source, "shop", rows=5)])
    reach_wait(migration)
    source.stop()
    time.sleep(1)
    assert one.stop() < patience(4)
    source.start()
    one.start()
    cut_over(migration)


@pytest.mark.slow
def test_a_large_base_copy_under_load(attached, database, postgres_source):
    name = load_big(postgres_source, database(), 150)
    migration = put_online(attached, [name])
    connection = postgres_source.connect(name)
    cursor = connection.cursor()
    updates = 0
    while substate_of(migration.get()) != WAITS:
        cursor.execute("UPDATE big SET filler = filler || 'x' WHERE id = %s", (updates * 37 % 75000 + 1,))
        cursor.execute("INSERT INTO small VALUES (%s)", (100000 + updates,))
        updates += 1
    connection.close()
    wait_for_nothing_pending(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []
