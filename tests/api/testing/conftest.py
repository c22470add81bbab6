"""A Malachite in which each test has a subscription of its own."""

import pytest

from malachite import Malachite
from universe import Universe


@pytest.fixture(name="worlds", scope="session")
def fixture_worlds():
    with Malachite("--subscriptions", "any") as malachite:
        yield malachite


@pytest.fixture(name="universe")
def fixture_universe(worlds, database):  # pylint: disable=unused-argument
    """It ends before the databases of `database` are dropped."""
    with Universe(worlds) as universe:
        yield universe
