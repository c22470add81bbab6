"""Two Malachites for the same two servers: one with --strict-service, one without."""

import contextlib

import pytest
from arm import unique
from malachite import Malachite, Pair
from postgres import Postgres


@pytest.fixture(scope="module")
def strict():
    """A Malachite with the switch, and one without, for the same two servers."""
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Postgres(name="strictsrc"))
        target = stack.enter_context(Postgres(name="strictdst"))
        pairs = []
        for options in (("--strict-service",), ("--error-style", "azure")):
            one = stack.enter_context(Malachite(*options))
            pairs.append(Pair(one, one.attach("src", source, "servers"), one.attach("dst", target)))
        with contextlib.closing(source.connect()) as connection:
            connection.autocommit = True
            connection.cursor().execute("CREATE ROLE other_owner")
        yield pairs


@pytest.fixture
def base(strict):
    name = unique()
    strict[0].source.postgres.create_database(name)
    yield name
    strict[0].source.postgres.drop_database(name)
