"""Online migrations whose Malachite is killed at random moments, and whose servers and network go away.

Some seeded rounds run in every test run. By hand, more of them, each with another seed:

    TORTURE_KILLS=200 TORTURE_SEED=17 python3 -m pytest -s -x tests/api/test_crash_online.py -k kills

A round that failed is run again alone with TORTURE_KILLS=1 and the seed that was printed.
"""

import os
import time

import pytest

from arm import patience, wait_until
from malachite import Malachite, Pair
from online import assert_nothing_is_left, cut_over, differences, put_online, reach_wait, wait_for_nothing_pending
from postgres import Postgres
from samples import PLPGSQL, load_shop, wait_for_lock
from torture import cutover_round, kill_round, setup_round
from torture_several import several_round
from torture_outages import ProxiedPair, outage_round, too_long_round

KILLS = int(os.environ.get("TORTURE_KILLS", "15"))
OUTAGES = int(os.environ.get("TORTURE_OUTAGES", "2"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(patience(120 + 12 * KILLS))]


@pytest.fixture
def torture_pair(own_pair):
    return own_pair()


def run_kills(pair, wanted, seed, a_round=kill_round, **options):
    done, rounds = 0, 0
    while done < wanted:
        began = time.monotonic()
        kills = a_round(pair, seed + rounds, **options)
        done, rounds = done + kills, rounds + 1
        print(f"round {seed + rounds - 1}: {kills} kills, {done} in all, {time.monotonic() - began:.1f} s", flush=True)


def test_kills_of_attached(torture_pair):
    run_kills(torture_pair, KILLS * 2 // 3, SEED)


def test_kills_while_replication_is_set_up(own, postgres_target):
    with Postgres(name="unready") as source:
        one = own()
        pair = Pair(one, one.attach("src", source, "servers"), one.attach("dst", postgres_target))
        setup_round(pair, SEED)


def test_kills_with_a_login_that_is_no_superuser(own, postgres_source, postgres_target):
    """Without session_replication_role foreign keys are deferred and triggers disabled for the time of following."""
    postgres_target.execute("CREATE ROLE mover LOGIN CREATEDB PASSWORD 'mover-password'")
    one = own()
    pair = Pair(one, one.attach("src", postgres_source, "servers"),
                one.attach("dst", postgres_target, login="mover", password="mover-password"))
    run_kills(pair, KILLS // 3, SEED + 2000, event_trigger=False,
              compare_options={"roles": {"postgres": "mover"}, "ignore": (*PLPGSQL, "acl", "owner")})


def test_kills_of_provisioned():
    with Malachite() as one:
        run_kills(Pair(one, one.provision("src"), one.provision("dst")), KILLS - KILLS * 2 // 3, SEED + 1000)


@pytest.fixture
def proxied(own, postgres_source, postgres_target):
    started = []

    def start(*options):
        started.append(ProxiedPair(own(*options), postgres_source, postgres_target))
        return started[-1]

    yield start
    for pair in started:
        pair.close()
    for server in (postgres_source, postgres_target):
        server.start()


def test_outages(proxied):
    pair = proxied("--connect-timeout", 5)
    done = 0
    for number in range(OUTAGES):
        began = time.monotonic()
        hits = outage_round(pair, SEED + number)
        done += hits
        print(f"round {SEED + number}: {hits} outages, {done} in all, {time.monotonic() - began:.1f} s", flush=True)


@pytest.mark.parametrize("phase", ["copy", "following", "cutover"])
@pytest.mark.parametrize("kind", ["fast", "immediate", "silence"])
@pytest.mark.parametrize("side", ["source", "target"])
def test_an_outage_that_is_too_long(proxied, side, kind, phase):
    pair = proxied("--reconnect-seconds", 3, "--connect-timeout", 2)
    too_long_round(pair, SEED, side, kind, phase)


@pytest.mark.parametrize("interrupt", ["kill", "cut"])
def test_a_session_that_is_left_over_applies_nothing_twice(proxied, database, postgres_source, postgres_target, interrupt):
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
    wait_until(lambda: postgres_target.value("SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
                                             " AND application_name = 'malachite'", (name,)) > 0, 10, "a session")
    time.sleep(0.3)  # PostgreSQL from 14 on looks after 2 s whether we are still there
    blocker.close()
    wait_until(lambda: postgres_target.value("SELECT count(*) FROM empty_table", dbname=name) > 2, 20, "the changes")
    wait_for_nothing_pending(migration, name)
    cut_over(migration)
    assert differences(pair, name) == []
    assert_nothing_is_left(pair, name)


def test_kills_inside_the_cutover(torture_pair):
    run_kills(torture_pair, KILLS // 3, SEED + 3000, a_round=cutover_round)


def test_kills_with_several_databases(torture_pair):
    done, rounds = 0, 0
    while done < KILLS // 3:
        done += several_round(torture_pair, SEED + rounds)
        rounds += 1
        print(f"round {SEED + rounds - 1}: {done} kills in all", flush=True)


@pytest.mark.parametrize("mode", ["Offline", "Online"])
def test_what_has_succeeded_survives_a_crash_of_the_target(own_pair, database, postgres_source, postgres_target, mode):
    pair = own_pair()
    for _ in range(3):
        name = load_shop(postgres_source, database(), rows=100)
        pair.put([name], migrationMode=mode, triggerCutover="True" if mode == "Online" else None).succeed()
        postgres_target.stop("immediate")
        postgres_target.start()
        assert differences(pair, name) == []
        assert_nothing_is_left(pair, name)
