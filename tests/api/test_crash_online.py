"""Online migrations whose Malachite is killed at random moments, and whose servers and network go away.

Some seeded rounds run in every test run. By hand, more of them, each with another seed:

    TORTURE_KILLS=200 TORTURE_SEED=17 python3 -m pytest -s -x tests/api/test_crash_online.py -k kills

A round that failed is run again alone with TORTURE_KILLS=1 and the seed that was printed.
"""

import os
import time

import pytest

from arm import patience
from malachite import Malachite, Pair
from postgres import Postgres
from samples import PLPGSQL
from torture import kill_round, setup_round
from torture_outages import ProxiedPair, outage_round, too_long_round

KILLS = int(os.environ.get("TORTURE_KILLS", "15"))
OUTAGES = int(os.environ.get("TORTURE_OUTAGES", "2"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(patience(120 + 12 * KILLS))]


@pytest.fixture
def torture_pair(own_pair):
    return own_pair()


def run_kills(pair, wanted, seed, **options):
    done, rounds = 0, 0
    while done < wanted:
        began = time.monotonic()
        kills = kill_round(pair, seed + rounds, **options)
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
