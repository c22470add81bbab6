"""Online migrations for tests: somebody who writes to the source meanwhile, and what may not be left at the end."""

import contextlib
import threading
import time

import psycopg2
import psycopg2.extensions

from arm import details_of, wait_until
from compare import compare_databases
from samples import assert_nothing_runs, inventory

WAITS = "WaitingForCutoverTrigger"

# One transaction on the shop of samples.py: inserts, updates and deletes, a table without a key, a partitioned one.
TRANSACTION = """
INSERT INTO sales.customer (name, email) VALUES ('Writer %(n)s', 'w%(n)s@example.org');
INSERT INTO sales.orders (customer, total) SELECT max(id), %(n)s FROM sales.customer;
UPDATE sales.customer SET name = name || '!' WHERE id = 1 + %(n)s %% 50;
DELETE FROM sales.orders WHERE id = %(n)s;
INSERT INTO sales.log VALUES (now() - %(n)s * interval '1 day', '{"writer": %(n)s}');
UPDATE sales.log SET what = what || '{"seen": true}' WHERE what->>'writer' = '%(m)s';
INSERT INTO empty_table VALUES (%(n)s);
DELETE FROM empty_table WHERE a = %(m)s;
"""


class Writer:
    """Writes to a shop from a thread of its own, until it is told to stop. Or somewhere else: "transaction" is formatted
    with its number n and the one before, m."""

    # What comes of several writers, and not of a migration.
    tolerated = (psycopg2.extensions.TransactionRollbackError, psycopg2.IntegrityError)

    def __init__(self, postgres, name, pause=0.01, transaction=TRANSACTION):
        self.postgres, self.name, self.pause, self.transaction = postgres, name, pause, transaction
        self.committed = 0
        self.failure = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Returns how many transactions were committed. A writer whom the migration disturbed fails the test."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the writer hangs"
        assert self.failure is None, self.failure
        return self.committed

    def _run(self):
        try:
            connection = self.postgres.connect(self.name)
            connection.autocommit = False
            n = 0
            while not self._stop.wait(self.pause):
                n += 1
                try:
                    with connection.cursor() as cursor:
                        cursor.execute(self.transaction % {"n": n, "m": n - 1})
                    connection.commit()
                    self.committed += 1
                except self.tolerated:
                    connection.rollback()
            connection.close()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure


def put_online(pair, names, **properties):
    return pair.put(names, migrationMode="Online", **properties)


def reach_wait(migration, timeout=60):
    return migration.wait(WAITS, timeout)


def wait_for_nothing_pending(migration, *names, timeout=30):
    """Until the figures say that everything has arrived: the source must be quiet. They are up to a second old, and
    one more where Malachite has just been started."""
    time.sleep(2.2)

    def caught_up():
        body = migration.get()
        pending = [details_of(body, name)["incomingChanges"] for name in names]
        return body if not any(pending) else None

    return wait_until(caught_up, timeout, f"no pending bytes of {names}")


def cut_over(migration, timeout=60, **properties):
    migration.patch(triggerCutover="True", **properties)
    return migration.succeed(timeout)


def differences(pair, name, **options):
    """The cutover refreshes materialized views whose tables have changed; the source's are as old as ever. Twice, as one
    may depend on another."""
    views = pair.source.postgres.query(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' AND relispopulated", dbname=name
    )
    refresh = "".join(f"REFRESH MATERIALIZED VIEW {view};" for view, in views)
    # As replica: event triggers shall not notice.
    pair.source.postgres.psql("SET session_replication_role = replica;" + refresh * 2, name)
    return compare_databases(pair.source.postgres.dsn(name), pair.target.postgres.dsn(name), **options)


def replication_of(postgres, name):
    """Slots, publications, helper schemas and walsenders that have to do with a database."""
    found = postgres.query("SELECT slot_name FROM pg_replication_slots WHERE database = %s", (name,))
    found += postgres.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'walsender'", (name,)
    )
    if postgres.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,)):
        found += postgres.query("SELECT pubname FROM pg_publication", dbname=name)
        found += postgres.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'malachite%%'", dbname=name)
    return [row[0] for row in found]


def identities(postgres, name):
    """The replica identity of every table: what an application's UPDATE and DELETE depend on."""
    return dict(
        postgres.query(
            "SELECT oid::regclass::text, relreplident FROM pg_class WHERE relkind IN ('r', 'p')" " AND oid >= 16384",
            dbname=name,
        )
    )


def assert_nothing_is_left(pair, *names, within=5):
    """No slot, publication, schema, session, process of ours on either side. No other migration may be active."""

    def left():
        found = [
            (server.name, what)
            for server in (pair.source, pair.target)
            for name in names
            for what in replication_of(server.postgres, name)
        ]
        return found + [
            (server.name, row)
            for server in (pair.source, pair.target)
            for row in server.postgres.query(
                "SELECT datname, backend_type, state, left(query, 80) FROM pg_stat_activity"
                " WHERE application_name = 'malachite'"
            )
        ]

    try:
        wait_until(lambda: not left(), within, "the end of replication")
    except AssertionError:
        raise AssertionError(f"left: {left()}") from None
    assert_nothing_runs(pair.malachite, names, pair.source, pair.target, within=within)


@contextlib.contextmanager
def source_as_before(pair, *names):
    """The source's databases are the same afterwards: objects, and replica identities."""

    def look():
        return [(inventory(pair.source.postgres, name), identities(pair.source.postgres, name)) for name in names]

    before = look()
    yield
    assert look() == before
