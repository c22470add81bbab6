"""Online migrations whose source has DDL that the target lacks: changes wait with a message, and go on after the same
DDL on the target. Nothing is lost, nothing gets into the wrong place."""

import pytest

from arm import details_of, patience, substate_of
from online import WAITS, cut_over, differences, put_online, reach_wait

pytestmark = pytest.mark.timeout(patience(240))


def load(postgres, name, script, **options):
    postgres.create_database(name, **options)
    postgres.psql(script, name)
    return name


def wait_for_message(migration, name, *words, timeout=30):
    """Until the running step of a database says what it waits for."""
    def says(body):
        operation = details_of(body, name).get("migrationOperation", "")
        return all(word in operation for word in words)

    body = migration.wait(says, timeout)
    assert substate_of(body) == WAITS
    return details_of(body, name)["migrationOperation"]


def wait_until_applied(migration, name, timeout=30):
    """Until no database waits for anything any more."""
    return migration.wait(lambda body: "migrationOperation" not in details_of(body, name), timeout)


REFUSED = """
CREATE TYPE color AS ENUM ('red', 'green');
CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0);
CREATE TABLE t (id int PRIMARY KEY, c color, d positive, short varchar(3), n int NOT NULL, ranged int CHECK (ranged < 10),
                small smallint, u int UNIQUE);
CREATE TABLE p (id int, k int) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
INSERT INTO t VALUES (1, 'red', 1, 'abc', 1, 1, 1, 1);
"""

# What the source has and then writes; a word of the message; what is repeated on the target.
REFUSALS = [
    ("ALTER TYPE color ADD VALUE 'blue'", "INSERT INTO t VALUES (2, 'blue', 1, '', 1, 1, 1, 2)", "22P02", None),
    ("ALTER TABLE t ALTER n DROP NOT NULL", "UPDATE t SET n = NULL WHERE id = 1", "DROP NOT NULL", None),
    ("ALTER TABLE t DROP CONSTRAINT t_ranged_check", "UPDATE t SET ranged = 11 WHERE id = 1", "DROP CONSTRAINT", None),
    ("ALTER TABLE t DROP CONSTRAINT t_u_key", "INSERT INTO t VALUES (3, 'red', 1, '', 1, 1, 1, 1)", "t_u_key", None),
    ("ALTER DOMAIN positive DROP CONSTRAINT above", "UPDATE t SET d = -1 WHERE id = 1", "ALTER DOMAIN", None),
    ("ALTER TABLE p DETACH PARTITION p1", "INSERT INTO p1 VALUES (1, 7)", "p1", None),
]


def test_values_that_the_target_refuses_wait_for_the_ddl(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database(), REFUSED)
    migration = put_online(attached, [name])
    reach_wait(migration)
    for ddl, change, word, other in REFUSALS:
        postgres_source.psql(ddl, name)
        postgres_source.psql(change, name)
        wait_for_message(migration, name, word)
        postgres_target.psql(other or ddl, name)
        wait_until_applied(migration, name)
    cut_over(migration)
    assert differences(attached, name) == []
