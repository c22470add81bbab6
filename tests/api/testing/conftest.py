"""A Malachite in which each test has a subscription of its own."""

import pytest

from universe import Universe


@pytest.fixture(name="universe")
def fixture_universe(worlds, database):  # pylint: disable=unused-argument
    """It ends before the databases of `database` are dropped."""
    with Universe(worlds) as universe:
        yield universe
