"""Migrations that start while other sessions constantly create and drop objects and commit rows."""

import contextlib
import os
import signal

import pytest

from arm import details_of, patience, unique, wait_until
from malachite import Pair
from online import cut_over, differences, put_online, reach_wait
from test_start_window import CHURNS, TABLES, Churn, load

pytestmark = pytest.mark.timeout(patience(120))

# Three sessions with about 40 changes a second in all. What they leave alone has to arrive as it is.
JOBS = [
    CHURNS["child"] + CHURNS["view"] + CHURNS["inherit"] + CHURNS["new tables"],
    CHURNS["matview"]
    + CHURNS["schema"]
    + ["DROP TABLE IF EXISTS turn; CREATE TABLE next (a int PRIMARY KEY); ALTER TABLE next RENAME TO turn"],
    CHURNS["attach"]
    + [
        "DROP FUNCTION IF EXISTS f(int); CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT x'",
        "DROP TYPE IF EXISTS kind; CREATE TYPE kind AS ENUM ('a', 'b')",
        "DROP SEQUENCE IF EXISTS numbers; CREATE SEQUENCE numbers",
    ],
]


@pytest.fixture
def login(request, malachite, attached, postgres_source):
    """Who signs in to the source: (role, pair)."""
    if request.param == "superuser":
        yield postgres_source.superuser, attached
        return
    role = unique("ordinary")
    postgres_source.psql(f"CREATE ROLE {role} LOGIN REPLICATION PASSWORD 'some-password'")
    source = malachite.attach(unique("ordinary"), postgres_source, "servers", login=role, password="some-password")
    yield role, Pair(malachite, source, attached.target)
    postgres_source.psql(f"DROP ROLE {role}")


@pytest.mark.parametrize("mode", ["Offline", "Online"])
@pytest.mark.parametrize("login", ["superuser", "ordinary"], indirect=True)
def test_a_start_succeeds_whatever_three_sessions_make_and_drop(
    login, mode, database, postgres_source, postgres_target
):
    role, pair = login
    name = database()
    postgres_source.create_database(name, owner=role)
    postgres_source.psql(f"SET ROLE {role}; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role};" + TABLES, name)
    with contextlib.ExitStack() as jobs:
        for scripts in JOBS:
            jobs.enter_context(Churn(postgres_source, name, *scripts, pause=0.1, role=role))
        migration = pair.put([name], migrationMode=mode)
        if mode == "Online":
            reach_wait(migration, 40)
            migration.cancel()
            migration.wait()
        else:
            migration.succeed(40)
    assert postgres_target.query(
        "SELECT (SELECT count(*) FROM ONLY t), (SELECT count(*) FROM u), (SELECT count(*) FROM parts_1)", dbname=name
    ) == [(1000, 1000, 500)]
    postgres_source.drop_database(name)


def slots(postgres, name):
    """Whether the slot is complete; no row: its making has not begun."""
    return postgres.query(
        "SELECT confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots WHERE database = %s", (name,)
    )


def is_copying(migration, name):
    steps = ("Creating", "Copying", "Setting", "Refreshing", "Analyzing", "Applying", "Preparing")
    return details_of(migration.get(), name).get("migrationOperation", "").startswith(steps)


def test_online_commits_between_slot_and_snapshot_are_applied_once(own_pair, database, postgres_source):
    """A table without a key would hold a row twice, and a change that came too early would be lost."""
    pair = own_pair()
    name = load(postgres_source, database())
    postgres_source.psql("CREATE TABLE log (n int, what text); CREATE TABLE other (a int)", name)
    fill = "INSERT INTO log SELECT i, '%s' FROM generate_series(1, 500) AS i; UPDATE t SET v = v + 1 WHERE id = %d"
    with contextlib.ExitStack() as open_ones:
        first, second = (open_ones.enter_context(contextlib.closing(postgres_source.connect(name))) for _ in range(2))
        for connection in first, second:
            connection.autocommit = False
        # PostgreSQL makes a slot when whoever is at work has ended.
        first.cursor().execute("SELECT txid_current()")
        migration = put_online(pair, [name])
        wait_until(lambda: slots(postgres_source, name), 30, "the beginning of the slot")
        os.kill(pair.malachite.pid, signal.SIGSTOP)
        first.cursor().execute(fill % ("before", 1))
        first.commit()
        wait_until(lambda: slots(postgres_source, name) == [(True,)], 30, "the slot")
        postgres_source.psql(fill % ("in between", 2), name)
        postgres_source.psql("ALTER TABLE t ADD w int DEFAULT 7; UPDATE t SET w = id", name)
        postgres_source.psql("TRUNCATE parts; DROP TABLE other; INSERT INTO parts VALUES (1, 1)", name)
        second.cursor().execute(fill % ("open at the snapshot", 3))
        os.kill(pair.malachite.pid, signal.SIGCONT)
        wait_until(lambda: is_copying(migration, name), 30, "the snapshot")
        second.commit()
        postgres_source.psql(fill % ("later", 4), name)
        reach_wait(migration)
    cut_over(migration)
    assert differences(pair, name) == []
    assert postgres_source.value("SELECT count(*) FROM log", dbname=name) == 2000
