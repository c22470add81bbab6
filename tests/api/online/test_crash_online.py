"""Online migrations whose Malachite is killed at random moments, and whose servers and network go away.

Every test run has some seeded rounds, about 15 kills. By hand, all kinds of them, and more of each with other seeds:

    TORTURE_LONG=1 TORTURE_KILLS=200 TORTURE_OUTAGES=50 TORTURE_SEED=17 \
        python3 -m pytest -s -x tests/api/online/test_crash_online.py

TORTURE_STORY=1 tells what happened in each round. A round that failed is run again with TORTURE_KILLS=1 (or
TORTURE_OUTAGES=1) and the seed that was printed.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from arm import details_of, patience, wait_until
from malachite import Malachite, Pair
from online import assert_nothing_is_left, cut_over, differences, put_online, reach_wait, wait_for_nothing_pending
from postgres import Postgres
from samples import PLPGSQL, load_shop, load_slow, wait_for_lock
from torture_kills import cutover_round, kill_round, setup_round
from torture_outages import ProxiedPair, outage_round, too_long_round
from torture_several import several_round

LONG = bool(os.environ.get("TORTURE_LONG"))
KILLS = int(os.environ.get("TORTURE_KILLS", "3"))
OUTAGES = int(os.environ.get("TORTURE_OUTAGES", "1"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))

pytestmark = pytest.mark.timeout(patience(180 + 12 * KILLS + 60 * OUTAGES))
long_only = pytest.mark.skipif(not LONG, reason="one of those for TORTURE_LONG=1")


@pytest.fixture
def torture_pair(own_pair):
    return own_pair()


@pytest.fixture
def proxied(own, postgres_source, postgres_target):
    """Makes pairs of which each server is behind a proxy: proxied("--reconnect-seconds", 3)."""
    started = []

    def start(*options):
        started.append(ProxiedPair(own(*options), postgres_source, postgres_target))
        return started[-1]

    yield start
    for pair in started:
        pair.close()
    for server in (postgres_source, postgres_target):
        server.start()


def decoder_faults(pair):
    """How often PostgreSQL's own logical decoding has failed on the source (XX000). The migration then ends Failed with
    these words, which keeps the promise; what the round wanted to see cannot be seen."""
    listed = pair.arm.list(f"{pair.target.id}/migrations", params={"migrationListFilter": "All"})
    errors = [str(body["properties"]["currentStatus"].get("error")) for body in listed]
    return sum("could not map filenode" in error for error in errors)


def run_rounds(pair, wanted, a_round=kill_round, seed=SEED, **options):
    """Rounds until there have been so many kills. One may be lost to a fault of the source's decoding."""
    done, excused = 0, 0
    while done < wanted:
        began, faults = time.monotonic(), decoder_faults(pair)
        try:
            done += a_round(pair, seed, **options)
        except AssertionError:
            excused += 1
            if decoder_faults(pair) == faults or excused > 1:
                raise
        print(f"{a_round.__name__} {seed}: {done} kills in all, {time.monotonic() - began:.1f} s", flush=True)
        seed += 1


# -- kills ------------------------------------------------------------------------------------------------------


def test_kills_of_attached(torture_pair):
    run_rounds(torture_pair, KILLS)


def test_kills_inside_the_cutover(torture_pair):
    run_rounds(torture_pair, KILLS, cutover_round)


def test_kills_with_several_databases(torture_pair):
    run_rounds(torture_pair, KILLS, several_round)


def test_kills_with_a_login_that_is_no_superuser(own, postgres_source, postgres_target):
    """Without session_replication_role foreign keys are deferred and triggers disabled for the time of following."""
    postgres_target.execute("CREATE ROLE mover LOGIN CREATEDB PASSWORD 'mover-password'")
    one = own()
    pair = Pair(
        one,
        one.attach("src", postgres_source, "servers"),
        one.attach("dst", postgres_target, login="mover", password="mover-password"),
    )
    run_rounds(
        pair,
        KILLS,
        most=2,
        event_trigger=False,
        compare_options={"roles": {"postgres": "mover"}, "ignore": (*PLPGSQL, "acl", "owner")},
    )


@long_only
def test_kills_of_provisioned():
    with Malachite() as one:
        run_rounds(Pair(one, one.provision("src"), one.provision("dst")), KILLS)


@long_only
def test_kills_while_replication_is_set_up(own, postgres_target):
    with Postgres(name="unready") as source:
        one = own()
        pair = Pair(one, one.attach("src", source, "servers"), one.attach("dst", postgres_target))
        setup_round(pair, SEED)


# -- outages ----------------------------------------------------------------------------------------------------


def test_outages(proxied):
    pair = proxied("--connect-timeout", 5)
    done = 0
    for seed in range(SEED, SEED + OUTAGES):
        began = time.monotonic()
        done += outage_round(pair, seed)
        print(f"outage_round {seed}: {done} outages in all, {time.monotonic() - began:.1f} s", flush=True)


TOO_LONG = [
    (side, kind, phase)
    for side in ("source", "target")
    for kind in ("fast", "immediate", "silence")
    for phase in ("copy", "following", "cutover")
]


@pytest.mark.parametrize("side, kind, phase", TOO_LONG if LONG else [("source", "immediate", "following")])
def test_an_outage_that_is_too_long(proxied, side, kind, phase):
    pair = proxied("--reconnect-seconds", 3, "--connect-timeout", 2)
    too_long_round(pair, SEED, side, kind, phase)


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_a_succeeded_migration_survives_a_crash_of_the_target(
    own_pair, database, postgres_source, postgres_target, mode
):
    pair = own_pair()
    for _ in range(3 if LONG else 1):
        name = load_shop(postgres_source, database(), rows=100)
        pair.put([name], migrationMode=mode, triggerCutover="True" if mode == "Online" else None).succeed()
        postgres_target.stop("immediate")
        postgres_target.start()
        assert differences(pair, name) == []
        assert_nothing_is_left(pair, name)


# -- one at a time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interrupt", ["kill", "cut"] if LONG else ["kill"])
def test_a_leftover_session_applies_nothing_twice(proxied, database, postgres_source, postgres_target, interrupt):
    """What a session was about to commit when we lost it is still committed, once somebody lets it go on."""
    pair = proxied()
    name = load_shop(postgres_source, database(), rows=5)
    migration = put_online(pair, [name])
    reach_wait(migration)
    changes = "INSERT INTO empty_table VALUES (1), (1)"
    postgres_source.psql(changes, name)  # from now on the applier knows the table, and sends all up to COMMIT at once
    wait_for_nothing_pending(migration, name)
    blocker = postgres_target.connect(name)
    blocker.cursor().execute("BEGIN; LOCK TABLE empty_table IN SHARE MODE")
    postgres_source.psql(changes, name)
    wait_for_lock(postgres_target, name)
    if interrupt == "kill":
        pair.malachite.kill()
        pair.malachite.start()
    else:
        pair.proxies["target"].cut()
    time.sleep(0.5)  # PostgreSQL from 14 on looks after 2 s whether we are still there
    blocker.close()
    wait_until(lambda: postgres_target.value("SELECT count(*) FROM empty_table", dbname=name) > 2, 20, "the changes")
    wait_for_nothing_pending(migration, name)
    cut_over(migration)
    assert differences(pair, name) == []
    assert_nothing_is_left(pair, name)


def test_truncate_during_the_base_copy_is_not_blocked_for_ever(own_pair, database, postgres_source):
    """TRUNCATE waits for the base copy's lock, and whoever reads the table then waits behind it: not our own lanes."""
    name = load_slow(postgres_source, database(), 2)
    # Smaller than the slow table: with one lane for each, their turn comes later.
    for number in range(4):
        postgres_source.psql(
            f"CREATE TABLE later{number} (a int PRIMARY KEY, b text);"
            f"INSERT INTO later{number} SELECT i, repeat('x', 1000) FROM generate_series(1, 10) AS i",
            name,
        )
    attached = own_pair("--jobs", 1)
    migration = put_online(attached, [name])
    migration.wait(lambda body: details_of(body, name).get("fullLoadLoadingTables"))
    with ThreadPoolExecutor(1) as pool:
        emptied = pool.submit(postgres_source.execute, "TRUNCATE later3", dbname=name)
        reach_wait(migration)
        emptied.result(20)
    wait_for_nothing_pending(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []
