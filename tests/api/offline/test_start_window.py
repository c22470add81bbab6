"""What others do to the source's tables between the snapshot and the locks of a migration."""

import contextlib
import threading

import psycopg2
import pytest

from arm import details_of, patience, state_of, wait_until
from online import cut_over, differences, put_online, reach_wait

pytestmark = pytest.mark.timeout(patience(120))

# "first" has the lowest OID: it is the first table that anybody locks.
TABLES = """
CREATE TABLE first (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, v int);
INSERT INTO t SELECT i, i FROM generate_series(1, 1000) AS i;
CREATE UNLOGGED TABLE u (id int PRIMARY KEY, v int);
INSERT INTO u SELECT i, i FROM generate_series(1, 1000) AS i;
CREATE TABLE parts (id int, k int) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
INSERT INTO parts SELECT i, 1 + i % 2 FROM generate_series(1, 1000) AS i;
"""

REWRITES = [
    "TRUNCATE t, u; INSERT INTO t SELECT i, -i FROM generate_series(1, 1000) AS i; INSERT INTO u TABLE t",
    "ALTER TABLE t ALTER v TYPE bigint",
    "ALTER TABLE t ADD r float DEFAULT random()",
    "ALTER TABLE u SET LOGGED; ALTER TABLE t SET UNLOGGED",
    "CREATE TABLE fresh (LIKE t INCLUDING ALL); INSERT INTO fresh TABLE t; DROP TABLE t;"
    "ALTER TABLE fresh RENAME TO t",
    "ALTER TABLE parts DETACH PARTITION parts_2; TRUNCATE parts_2;"
    "INSERT INTO parts_2 SELECT i, 2 FROM generate_series(1, 500) AS i;"
    "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES IN (2)",
]


@contextlib.contextmanager
def locked(postgres, name, table):
    """Somebody has the table for himself."""
    connection = postgres.connect(name)
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table}")
        yield connection
    finally:
        connection.close()


def wait_for_waiter(postgres, name):
    """Until Malachite has met the lock, in one way or another."""
    wait_until(
        lambda: postgres.value(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted"
            " AND a.datname = %s AND a.application_name LIKE 'malachite%%'",
            (name,),
        ),
        30,
        "a session that waits for the lock",
        0.005,
    )


class Churn:
    """Runs statements (each a transaction of its own) over and over on threads of their own."""

    def __init__(self, postgres, name, *scripts, pause=0.1, role=None):
        self.postgres, self.name, self.scripts, self.pause, self.role = postgres, name, scripts, pause, role
        self.rounds = 0
        self.failure = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self.rounds or self.failure, 30, "the first round")
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)
        assert self.failure is None, self.failure

    def _run(self):
        try:
            connection = self.postgres.connect(self.name)
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {self.role or 'none'}")
                while not self._stop.wait(self.pause):
                    for script in self.scripts:
                        cursor.execute(script)
                    self.rounds += 1
            connection.close()
        except psycopg2.Error as failure:
            self.failure = failure


def load(postgres, name, script=TABLES):
    postgres.create_database(name)
    postgres.psql(script, name)
    return name


# -- offline ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", REWRITES, ids=["truncate", "type", "default", "logged", "swap", "partition"])
def test_a_rewrite_while_pg_dump_waits_for_a_lock_arrives(attached, database, postgres_source, script):
    name = load(postgres_source, database())
    with locked(postgres_source, name, "first") as holder:
        migration = attached.put([name])
        wait_for_waiter(postgres_source, name)
        postgres_source.psql(script, name)
        holder.commit()
    migration.succeed()
    assert differences(attached, name) == []


RELOAD = (
    "BEGIN; TRUNCATE t; INSERT INTO t SELECT i, (random() * 1e6)::int FROM generate_series(1, 1000) AS i; COMMIT;"
    "BEGIN; TRUNCATE u; INSERT INTO u TABLE t; COMMIT"
)


@pytest.mark.parametrize("pause", [0.1, 0], ids=["often", "without a pause"])
def test_a_job_that_truncates_and_reloads_loses_no_table(attached, database, postgres_source, postgres_target, pause):
    name = load(postgres_source, database())
    with Churn(postgres_source, name, RELOAD, pause=pause) as job:
        attached.put([name]).succeed()
    assert job.rounds > 1
    assert postgres_target.query("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)", dbname=name) == [
        (1000, 1000)
    ]


CHURNS = {
    "child": [
        "DROP TABLE IF EXISTS parts_3; CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3);"
        "INSERT INTO parts SELECT 1, 3"
    ],
    "attach": [
        "ALTER TABLE parts DETACH PARTITION parts_2",
        "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES IN (2)",
    ],
    "inherit": ["DROP TABLE IF EXISTS heir; CREATE TABLE heir (more int) INHERITS (t); CREATE INDEX ON heir (v)"],
    "view": ["DROP VIEW IF EXISTS view", "CREATE VIEW view AS SELECT * FROM t"],
    "matview": [
        "DROP MATERIALIZED VIEW IF EXISTS mat",
        "CREATE MATERIALIZED VIEW mat AS SELECT * FROM t; CREATE INDEX ON mat (v)",
    ],
    "schema": [
        "DROP SCHEMA IF EXISTS passing CASCADE; CREATE SCHEMA passing; CREATE TABLE passing.x (id serial PRIMARY KEY);"
        "CREATE FUNCTION passing.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    ],
    "new tables": [
        "DO $$ BEGIN EXECUTE 'CREATE TABLE made_' || floor(random() * 1e9)::bigint || ' (id int PRIMARY KEY)'; END $$"
    ],
    "swap": [
        "CREATE TABLE next (LIKE t INCLUDING ALL); INSERT INTO next TABLE t; DROP TABLE t; ALTER TABLE next RENAME TO t"
    ],
}


@pytest.mark.parametrize("churn", CHURNS)
def test_objects_created_and_dropped_while_the_schema_is_read(
    attached, database, postgres_source, postgres_target, churn
):
    name = load(postgres_source, database())
    with Churn(postgres_source, name, *CHURNS[churn], pause=0.03):
        attached.put([name]).succeed()
    assert postgres_target.query(
        "SELECT (SELECT count(*) FROM ONLY t), (SELECT count(*) FROM u)," " (SELECT count(*) FROM parts_1)", dbname=name
    ) == [(1000, 1000, 500)]


def test_a_session_that_locks_a_table_is_named(own_pair, database, postgres_source):
    pair = own_pair("--reconnect-seconds", 4)
    name = load(postgres_source, database())
    with locked(postgres_source, name, "t") as holder:
        pid = holder.get_backend_pid()
        migration = pair.put([name])
        text = migration.fail(30)
        assert f"process {pid}" in text and "table t " in text.replace("public.", ""), text


def test_a_session_that_locks_a_view_is_named_despite_others(attached, database, postgres_source):
    name = load(postgres_source, database())
    postgres_source.psql("CREATE VIEW view AS SELECT * FROM t", name)
    connection = postgres_source.connect(name)
    connection.autocommit = False
    with contextlib.closing(connection), Churn(postgres_source, name, RELOAD):
        with connection.cursor() as cursor:
            cursor.execute("CREATE OR REPLACE VIEW view AS SELECT * FROM t")
        who = f"view view is locked by process {connection.get_backend_pid()} "
        migration = attached.put([name])
        said = set()

        def is_named():
            said.add(details_of(migration.get(), name).get("migrationOperation"))
            return any(text and who in text.replace("public.", "") for text in said)

        try:
            wait_until(is_named, 20, who)
        except AssertionError:
            raise AssertionError(said) from None
        connection.commit()
    migration.succeed()


# -- online -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", REWRITES[:3], ids=["truncate", "type", "default"])
def test_online_a_rewrite_during_a_lock_wait_arrives(attached, database, postgres_source, script):
    name = load(postgres_source, database())
    with locked(postgres_source, name, "first") as holder:
        migration = put_online(attached, [name])
        wait_for_waiter(postgres_source, name)
        postgres_source.psql(script, name)
        holder.commit()
    reach_wait(migration)
    cut_over(migration)
    assert differences(attached, name) == []


def test_online_a_job_that_truncates_and_reloads_loses_no_table(attached, database, postgres_source):
    name = load(postgres_source, database())
    with Churn(postgres_source, name, RELOAD):
        migration = put_online(attached, [name])
        reach_wait(migration)
    cut_over(migration)
    assert differences(attached, name) == []


@pytest.mark.parametrize("churn", ["child", "schema"])
def test_online_objects_created_and_dropped_while_the_schema_is_read(
    attached, database, postgres_source, postgres_target, churn
):
    name = load(postgres_source, database())
    with Churn(postgres_source, name, *CHURNS[churn]):
        migration = put_online(attached, [name])
        reach_wait(migration)
        migration.cancel()
        migration.wait()
    assert postgres_target.query(
        "SELECT (SELECT count(*) FROM ONLY t), (SELECT count(*) FROM u)," " (SELECT count(*) FROM parts_1)", dbname=name
    ) == [(1000, 1000, 500)]


# -- the cutover --------------------------------------------------------------------------------------------------


def test_recopied_tables_are_read_behind_locks(attached, database, postgres_source, postgres_target):
    name = load(postgres_source, database())
    migration = put_online(attached, [name])
    reach_wait(migration)
    with Churn(postgres_source, name, RELOAD, pause=0):
        cut_over(migration)
    assert postgres_target.value("SELECT count(*) FROM u", dbname=name) == 1000


def test_a_session_that_locks_a_recopied_table_is_named_and_awaited(attached, database, postgres_source):
    name = load(postgres_source, database())
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql("UPDATE u SET v = -v", name)
    with locked(postgres_source, name, "u") as holder:
        who = f"u is locked by process {holder.get_backend_pid()} "
        migration.patch(triggerCutover="True")
        migration.wait(lambda body: who in body["properties"]["currentStatus"].get("error", ""), 30)
        holder.commit()
    migration.succeed()
    assert differences(attached, name) == []


@pytest.mark.parametrize(
    "source_type,target_type",
    [
        ("bigint", "double precision"),
        ("int", "real"),
        ("bigint", "numeric"),
        ("numeric(10,2)", "numeric"),
        ("date", "timestamp"),
    ],
)
def test_recopied_values_survive_another_type(
    attached, database, postgres_source, postgres_target, source_type, target_type
):
    value = "'2020-02-29'::date + i" if source_type == "date" else "1000 + i"
    name = load(
        postgres_source,
        database(),
        f"CREATE UNLOGGED TABLE u (id int PRIMARY KEY, v {source_type});"
        f"INSERT INTO u SELECT i, {value} FROM generate_series(1, 100) AS i",
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_target.psql(f"ALTER TABLE u ALTER v TYPE {target_type}", name)
    postgres_source.psql("UPDATE u SET id = id + 1000", name)
    cut_over(migration)
    rows = f"SELECT id, v::{source_type}::text FROM u ORDER BY id"
    assert postgres_target.query(rows, dbname=name) == postgres_source.query(rows, dbname=name)


def test_recopied_values_that_the_target_would_round_wait(attached, database, postgres_source, postgres_target):
    name = load(
        postgres_source,
        database(),
        "CREATE UNLOGGED TABLE u (id int PRIMARY KEY, v bigint);" "INSERT INTO u VALUES (1, 9007199254740993)",
    )
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_target.psql("ALTER TABLE u ALTER v TYPE double precision", name)
    migration.patch(triggerCutover="True")
    body = wait_until(
        lambda: (lambda b: b if "double precision" in str(b["properties"]["currentStatus"]) else None)(migration.get()),
        60,
        "the reason",
    )
    assert state_of(body) != "Succeeded"
    postgres_target.psql("ALTER TABLE u ALTER v TYPE bigint", name)
    migration.succeed()
    assert differences(attached, name) == []


# -- rows that need the rows of other tables ----------------------------------------------------------------------


def test_a_check_that_reads_another_table_is_retried_at_the_end(attached, database, postgres_source):
    checks = "".join(
        f"""
        CREATE TABLE {table} (id int PRIMARY KEY, filler text);
        CREATE FUNCTION knows_{table}(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
            IF NOT EXISTS (SELECT 1 FROM public.{table} WHERE id = $1) THEN {fails} END IF; RETURN true; END $$;
        """
        for table, fails in (("c", "RETURN false;"), ("b", "RAISE 'unknown'; "))
    )
    name = load(
        postgres_source,
        database(),
        checks
        + """
        CREATE TABLE a (id int CHECK (knows_b(id)), filler text);
        ALTER TABLE b ADD CHECK (knows_c(id));
        INSERT INTO c SELECT i, 'x' FROM generate_series(1, 100) AS i;
        INSERT INTO b SELECT i, repeat('x', 200) FROM generate_series(1, 100) AS i;
        INSERT INTO a SELECT i, repeat('x', 2000) FROM generate_series(1, 100) AS i""",
    )
    attached.put([name]).succeed()
    assert differences(attached, name) == []
