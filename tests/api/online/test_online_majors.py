"""Online migrations between majors: from every one to the same or a newer one, as users who are not superusers.

MALACHITE_TEST_ALL_MAJORS=1 runs every pair that this machine has; otherwise a few that show what differs.
"""

import contextlib
import itertools
import os

import pytest

from arm import Migration, patience, unique, wait_until
from binaries import binaries
from malachite import MAJORS_CACHE, Pair, majors
from databases.mutate import mutate
from online import (
    WAITS,
    Writer,
    assert_nothing_is_left,
    cut_over,
    differences,
    identities,
    put_online,
    reach_wait,
    source_as_before,
)
from postgres import Postgres
from samples import drop
from databases.zoo import TRANSACTION, load_zoo

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]

REPRESENTATIVE = [(10, 15), (12, 17), (15, 15), (14, 16), (15, 18), (17, 18)]
ALL = os.environ.get("MALACHITE_TEST_ALL_MAJORS")
NEWEST_DUMPABLE_BY_DEBIAN = 15
TRUSTED_EXTENSIONS_SINCE = 13


def dumpable(major):
    """Whether this machine has a pg_dump for it."""
    return major <= NEWEST_DUMPABLE_BY_DEBIAN or any(
        os.path.isdir(f"{MAJORS_CACHE}/{newer}/client/bin") for newer in range(major, 30)
    )


def pairs():
    here = majors()
    wanted = itertools.combinations_with_replacement(here, 2) if ALL else REPRESENTATIVE
    return [pair for pair in wanted if set(pair) <= set(here) and dumpable(pair[0])]


def bindir(major):
    return binaries().get(major) or f"{MAJORS_CACHE}/{major}/bin"


@contextlib.contextmanager
def server(major, side):
    """With a role "app" that is no superuser. A source's may replicate, and read tables whose policies are forced."""
    rights = {"source": "REPLICATION BYPASSRLS", "target": "CREATEDB"}[side]
    with Postgres(bindir(major), name=side) as postgres:
        postgres.execute(f"CREATE ROLE app LOGIN {rights} PASSWORD 'app-password'")
        yield postgres


@pytest.fixture(scope="module")
def servers():
    """Starts each server once: servers(17, "source")."""
    with contextlib.ExitStack() as stack:
        started = {}

        def get(major, side):
            if (major, side) not in started:
                started[major, side] = stack.enter_context(server(major, side))
            return started[major, side]

        yield get


def attach(malachite, postgres, kind):
    return malachite.attach(unique("srv"), postgres, kind, login="app", password="app-password")


@pytest.fixture
def scene(malachite, servers):
    """A function: a pair of servers of two majors, and a zoo on the source. Whatever is left of it is removed."""
    with contextlib.ExitStack() as stack:

        def make(source_major, target_major):
            source, target = servers(source_major, "source"), servers(target_major, "target")
            pair = Pair(malachite, attach(malachite, source, "servers"), attach(malachite, target, "flexibleServers"))
            name = load_zoo(source, unique("zoo"), owner="app", extensions=target_major >= TRUSTED_EXTENSIONS_SINCE)
            for server in (source, target):
                stack.callback(drop, server, name)
            stack.callback(end_migrations, pair)
            return pair, name

        yield make


def end_migrations(pair):
    for name in pair.arm.migrations(pair.target, "Active"):
        Migration(pair.arm, pair.target, name).cancel()
        Migration(pair.arm, pair.target, name).wait("Canceled")


# A table without a key that is made while the migration follows.
LATE = "SET ROLE app; CREATE TABLE late_loose (a int, v text)"


def wait_for_late_rows(pair, migration, name):
    try:
        wait_until(
            lambda: pair.target.postgres.query("SELECT 1 FROM late_loose LIMIT 1", dbname=name), 120, "late rows"
        )
    except AssertionError as failure:
        raise AssertionError(f"{failure}: {migration.get()['properties']}") from failure


@pytest.mark.parametrize("source_major, target_major", pairs())
def test_everything_arrives(scene, source_major, target_major):
    pair, name = scene(source_major, target_major)
    source = pair.source.postgres
    with source_as_before(pair, name):
        with Writer(source, name, transaction=TRANSACTION) as writer:
            migration = put_online(pair, [name])
            reach_wait(migration)
            reached = writer.committed
            for postgres in (source, pair.target.postgres):
                postgres.psql(LATE, name)
            source.psql("INSERT INTO late_loose SELECT i, 'x' FROM generate_series(1, 500) AS i", name)
            changed, _ = mutate(source, name, truncate=lambda table: True)
            wait_until(lambda: writer.committed > reached + 20, 30, "the writer")
            wait_for_late_rows(pair, migration, name)
            source.psql("UPDATE late_loose SET v = 'y' WHERE a < 100; DELETE FROM late_loose WHERE a > 400", name)
            writer.stop()
        migration.wait(WAITS)
        cut_over(migration)
        assert_nothing_is_left(pair, name)
        assert differences(pair, name, ignore=("extension.owner",)) == []
        assert identities(source, name)["late_loose"] == "d"
        source.psql("DROP TABLE late_loose", name)
    for kind in ("insert", "update", "move", "delete", "truncate"):
        assert sum(1 for counts in changed.values() if counts.get(kind)) > 10, changed
