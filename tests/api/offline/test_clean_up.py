"""What a migration has changed on the source is given back, also where somebody stands in the way."""

import contextlib

import pytest

from arm import details_of, patience, unique, wait_until
from malachite import Pair
from online import (
    assert_nothing_is_left,
    cut_over,
    differences,
    identities,
    put_online,
    reach_wait,
    replication_of,
    source_as_before,
)

pytestmark = pytest.mark.timeout(patience(120))

TABLES = """
CREATE TABLE keyed (id int PRIMARY KEY, v text);
CREATE TABLE keyless (id int, v text);
CREATE TABLE indexed (id int NOT NULL UNIQUE, v text);
ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_key;
CREATE TABLE none (id int PRIMARY KEY, v text);
ALTER TABLE none REPLICA IDENTITY NOTHING;
INSERT INTO keyed SELECT i, 'v' FROM generate_series(1, 20) AS i;
INSERT INTO keyless SELECT i, 'v' FROM generate_series(1, 20) AS i;
INSERT INTO none SELECT i, 'v' FROM generate_series(1, 20) AS i;
"""


def load(postgres, name, owner=None):
    postgres.create_database(name)
    if owner:
        postgres.psql(f"ALTER DATABASE {name} OWNER TO {owner}; ALTER SCHEMA public OWNER TO {owner}", name)
    postgres.psql((f"SET ROLE {owner};" if owner else "") + TABLES, name)
    return name


@contextlib.contextmanager
def ordinary(pair, *servers):
    """The pair, with an ordinary login on the source."""
    login = unique("login")
    for server in servers:
        server.psql(f"CREATE ROLE {login} LOGIN REPLICATION PASSWORD 'some-password'")
    yield login, Pair(
        pair.malachite,
        pair.malachite.attach(unique("ordinary"), servers[0], "servers", login=login, password="some-password"),
        pair.target,
    )


FORBID = """
CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'nothing is dropped here'; END $$;
CREATE EVENT TRIGGER forbid ON sql_drop EXECUTE PROCEDURE forbid();
"""


def test_an_event_trigger_that_forbids_drops_leaves_pending_cleanup(
    attached, database, postgres_source, postgres_target
):
    with ordinary(attached, postgres_source, postgres_target) as (login, pair):
        name = load(postgres_source, database(), login)
        before = identities(postgres_source, name)
        postgres_source.psql(FORBID, name)
        migration = put_online(pair, [name])
        reach_wait(migration)
        postgres_source.psql("DELETE FROM keyless WHERE id < 5; UPDATE none SET v = 'w'", name)
        body = cut_over(migration)
        message = details_of(body, name)["message"]
        assert "nothing is dropped here" in message and "session_replication_role" not in message
        assert "Cleanup is pending" in message
        # The slot, which retains WAL, and the identities are cleaned up without waiting.
        assert identities(postgres_source, name) == before
        assert not postgres_source.query("SELECT 1 FROM pg_replication_slots WHERE database = %s", (name,))
        assert replication_of(postgres_target, name) == []
        assert replication_of(postgres_source, name) != []
        postgres_source.psql("DROP EVENT TRIGGER forbid", name)
        wait_until(lambda: replication_of(postgres_source, name) == [], 30, "the clean-up")
        wait_until(lambda: "message" not in details_of(migration.get(), name), 10, "a message without the cleanup")
        postgres_target.psql("DROP EVENT TRIGGER forbid", name)
        assert [line for line in differences(pair, name) if line.startswith("rows ")] == []


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
def test_identities_are_given_back_without_the_publication(attached, database, postgres_source, postgres_target, kind):
    with ordinary(attached, postgres_source, postgres_target) as (login, pair):
        pair = attached if kind == "superuser" else pair
        name = load(postgres_source, database(), None if kind == "superuser" else login)
        with source_as_before(pair, name):
            migration = put_online(pair, [name])
            reach_wait(migration)
            assert set(identities(postgres_source, name).values()) >= {"f"}
            [publication] = [row for row, in postgres_source.query("SELECT pubname FROM pg_publication", dbname=name)]
            postgres_source.psql(f"DROP PUBLICATION {publication}", name)
            migration.patch(cancel="True")
            migration.wait(timeout=60)
            assert_nothing_is_left(pair, name, within=10)
