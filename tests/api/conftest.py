"""What the tests share: one Malachite per session, a subscription in it and servers per module, databases with names of
their own."""

import contextlib
import os
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "torture")]

from arm import patience, unique  # noqa: E402
from binaries import binaries  # noqa: E402
from cleanup import Shared  # noqa: E402
from malachite import Malachite, Pair, binary  # noqa: E402
from minor import candidate_of, version_of  # noqa: E402
from postgres import Postgres  # noqa: E402
from samples import drop  # noqa: E402
from universe import Universe  # noqa: E402

TEST_TIMEOUT = 120
SHARED = Shared()
FAILED = pytest.StashKey[bool]()


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than five seconds")


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(patience(TEST_TIMEOUT)))


def pytest_sessionstart():
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"{binary()} is not there: run make first, or name it in MALACHITE_BINARY", 2)


def pytest_terminal_summary(terminalreporter):
    candidate = candidate_of("postgresql-15")
    terminalreporter.write_line(
        f"tested on PostgreSQL {', '.join(map(version_of, binaries().values()))}"
        + (f"; the newest 15 that apt knows is {candidate}" if candidate else "")
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        item.stash[FAILED] = True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    """A failed test leaves nothing that fails others: its migrations end before its fixtures drop their databases."""
    failed = item.stash.get(FAILED, False)
    if failed:
        SHARED.end_activity()
    outcome = yield
    if failed or outcome.excinfo:
        SHARED.end_activity()
        SHARED.restore()
    SHARED.own.clear()


@pytest.fixture(scope="session")
def worlds():
    """The one Malachite of most tests."""
    with Malachite("--subscriptions", "any") as running, SHARED.malachite(running):
        yield running


@pytest.fixture(scope="module")
def malachite(worlds):
    """A subscription per module: nothing in it is a neighbour's, and nothing of it is left, also after a failure."""
    with Universe(worlds) as universe, SHARED.malachite(universe):
        yield universe


@pytest.fixture(scope="session")
def postgres_source():
    with Postgres(name="src") as server, SHARED.postgres(server):
        yield server


@pytest.fixture(scope="session")
def postgres_target():
    with Postgres(name="dst") as server, SHARED.postgres(server):
        yield server


@pytest.fixture(scope="module")
def attached(malachite, postgres_source, postgres_target):
    """Two PostgreSQL servers that Malachite did not start."""
    return Pair(
        malachite,
        malachite.attach("attached-source", postgres_source, "servers"),
        malachite.attach("attached-target", postgres_target),
    )


@pytest.fixture(scope="module")
def provisioned(malachite):
    """Two PostgreSQL servers that Malachite started."""
    pair = Pair(malachite, malachite.provision("provisioned-source"), malachite.provision("provisioned-target"))
    with SHARED.postgres(pair.source.postgres), SHARED.postgres(pair.target.postgres):
        yield pair


@pytest.fixture
def arm(malachite):
    return malachite.arm


@pytest.fixture
def own():
    """Starts Malachites that a test may stop, kill and start again: own("--workers", 1)."""
    started = []

    def start(*options, **settings):
        started.append(Malachite(*options, **settings))
        SHARED.own.append(started[-1])
        return started[-1].start()

    yield start
    with contextlib.ExitStack() as ends:
        for one in started:
            ends.callback(one.close)
            ends.callback(one.check_log)
            if one.running:
                ends.callback(one.stop)


@pytest.fixture
def own_pair(own, postgres_source, postgres_target):
    """A Malachite of the test's own with the two attached servers: own_pair("--jobs", 1)."""

    def start(*options):
        one = own(*options)
        return Pair(one, one.attach("src", postgres_source, "servers"), one.attach("dst", postgres_target))

    return start


@pytest.fixture
def database(postgres_source, postgres_target):
    """Makes names for databases of the attached pair, which are dropped afterwards: database(), database("Ünï ")."""
    names = []

    def name(prefix="t"):
        names.append(unique(prefix))
        return names[-1]

    yield name
    for server in (postgres_source, postgres_target):
        server.start()
        drop(server, *names)
