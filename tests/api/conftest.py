"""What the tests share: one Malachite per session with a few servers, databases with names of their own."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from arm import patience, unique  # noqa: E402
from malachite import Malachite, Pair, binary  # noqa: E402
from postgres import Postgres  # noqa: E402
from samples import drop  # noqa: E402

TEST_TIMEOUT = 120


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than five seconds")


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(patience(TEST_TIMEOUT)))


def pytest_sessionstart():
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"{binary()} is not there: run make first, or name it in MALACHITE_BINARY", 2)


@pytest.fixture(scope="session")
def malachite():
    with Malachite() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_source():
    with Postgres(name="src") as server:
        yield server


@pytest.fixture(scope="session")
def postgres_target():
    with Postgres(name="dst") as server:
        yield server


@pytest.fixture(scope="session")
def attached(malachite, postgres_source, postgres_target):
    """Two PostgreSQL servers that Malachite did not start."""
    return Pair(malachite, malachite.attach("attached-source", postgres_source, "servers"),
                malachite.attach("attached-target", postgres_target))


@pytest.fixture(scope="session")
def provisioned(malachite):
    """Two PostgreSQL servers that Malachite started."""
    return Pair(malachite, malachite.provision("provisioned-source"), malachite.provision("provisioned-target"))


@pytest.fixture
def arm(malachite):
    return malachite.arm


@pytest.fixture
def own():
    """Starts Malachites that a test may stop, kill and start again: own("--workers", 1)."""
    started = []

    def start(*options, **settings):
        started.append(Malachite(*options, **settings))
        return started[-1].start()

    yield start
    for one in started:
        try:
            if one.running:
                one.stop()
            one.check_log()
        finally:
            one.close()


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
