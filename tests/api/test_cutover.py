"""The cutover with a source that is still written to, and what it does when the target lacks something."""

import pytest

from arm import patience
from online import Writer, cut_over, put_online, reach_wait

pytestmark = pytest.mark.timeout(patience(120))


def load(postgres, name, script):
    postgres.create_database(name)
    postgres.psql(script, name)
    return name


# -- the order ------------------------------------------------------------------------------------------------------

TABLES = 40  # sequences are read a few at a time: the more, the longer it takes


def test_sequences_are_not_behind_recopied_rows(attached, database, postgres_source, postgres_target):
    """Tables that are not published are recopied at the cutover, while the application still writes: the next INSERT on
    the target must find a free number."""
    name = load(postgres_source, database(), "".join(
        f"CREATE UNLOGGED TABLE u{n} (id serial PRIMARY KEY, v int GENERATED ALWAYS AS IDENTITY);" for n in range(TABLES)))
    migration = put_online(attached, [name])
    reach_wait(migration)
    write = "".join(f"INSERT INTO u{n} DEFAULT VALUES;" for n in range(TABLES))
    with Writer(postgres_source, name, pause=0, transaction=write) as writer:
        cut_over(migration)
        assert writer.committed > 10
    behind = []
    for n in range(TABLES):
        for column in ("id", "v"):
            last, most = postgres_target.query(f"SELECT (SELECT last_value FROM u{n}_{column}_seq), max({column}) FROM u{n}",
                                               dbname=name)[0]
            behind += [(n, column, last, most)] if last < most else []
    assert behind == []
    postgres_target.psql(write, name)
