"""Databases for tests, made quickly, and what a migration may not leave behind."""

from arm import wait_until

# Made by initdb, not moved: they belong to the superuser of each side.
PLPGSQL = ("extension:plpgsql", "language:plpgsql")

SHOP = r'''
CREATE SCHEMA sales;
CREATE TYPE sales.status AS ENUM ('open', 'paid', 'sent');
CREATE TABLE sales.customer (id serial PRIMARY KEY, name text NOT NULL, email text UNIQUE, since date DEFAULT current_date);
CREATE TABLE sales.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer int NOT NULL REFERENCES sales.customer, status sales.status DEFAULT 'open', total numeric(10,2));
CREATE TABLE sales.log (at timestamptz NOT NULL, what jsonb) PARTITION BY RANGE (at);
CREATE TABLE sales.log_old PARTITION OF sales.log FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE sales.log_new PARTITION OF sales.log DEFAULT;
CREATE TABLE "Ünï ""quoted""" ("Spalte Ä" text, "select" int[]);
CREATE TABLE empty_table (a int);
INSERT INTO sales.customer (name, email) SELECT 'Customer ' || i, 'c' || i || '@example.org' FROM generate_series(1, :rows) AS i;
INSERT INTO sales.orders (customer, status, total) SELECT 1 + i % :rows, (enum_range(NULL::sales.status))[1 + i % 3], i * 1.01
    FROM generate_series(1, :rows * 2) AS i;
INSERT INTO sales.log SELECT '2019-06-01'::timestamptz + i * interval '1 day', jsonb_build_object('n', i, 's', E'tab\t "x" \\')
    FROM generate_series(1, :rows) AS i;
INSERT INTO "Ünï ""quoted""" VALUES (E'line\nbreak \\N', '{1,NULL,3}'), (NULL, '{}'), ('', NULL);
CREATE INDEX ON sales.orders (customer, status) WHERE total > 5;
CREATE VIEW sales.open_orders AS SELECT o.id, c.name, o.total FROM sales.orders o JOIN sales.customer c ON c.id = customer
    WHERE status = 'open';
CREATE MATERIALIZED VIEW sales.totals AS SELECT customer, sum(total) AS total FROM sales.orders GROUP BY customer;
CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON sales.customer FOR EACH ROW EXECUTE FUNCTION sales.touch();
SELECT lo_from_bytea(0, decode(repeat('00ff5c', 3000), 'hex'));
COMMENT ON TABLE sales.orders IS 'what customers want';
'''
# Tables with storage: customer, orders, log_old, log_new, Ünï, empty_table.
SHOP_TABLES = 6

# Copying it takes as long as wanted: every row that arrives waits in a CHECK, except in the sessions that load it here.
# The filler keeps the table out of the company of small ones, which are copied together.
SLOW = r"""
SET test.fast = 'yes';
CREATE FUNCTION public.slow(a int, seconds float) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('test.fast', true) IS DISTINCT FROM 'yes' THEN PERFORM pg_sleep(seconds); END IF;
    RETURN true;
END $$;
CREATE TABLE quick (a int PRIMARY KEY);
INSERT INTO quick SELECT generate_series(1, 1000);
CREATE TABLE slow (a int, filler text, CHECK (public.slow(a, :row_seconds)));
ALTER TABLE slow ALTER filler SET STORAGE EXTERNAL;
INSERT INTO slow SELECT i, repeat('x', :bytes / :rows) FROM generate_series(1, :rows) AS i;
"""

# One index that takes as long as wanted, created by pg_restore after the rows.
SLOW_INDEX = r"""
SET test.fast = 'yes';
CREATE FUNCTION public.slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_setting('test.fast', true) IS DISTINCT FROM 'yes' THEN PERFORM pg_sleep(0.05); END IF;
    RETURN n;
END $$;
CREATE TABLE indexed (a int);
INSERT INTO indexed SELECT generate_series(1, :rows);
CREATE INDEX slow_index ON indexed (public.slow(a));
CREATE TABLE other (a int PRIMARY KEY);
INSERT INTO other SELECT generate_series(1, 1000);
"""

# Incompressible enough and too short for TOAST: 100,000 rows are 200 MB.
BIG = r"""
CREATE TABLE big (id int, filler text);
INSERT INTO big SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, :rows) AS i;
ALTER TABLE big ADD PRIMARY KEY (id);
CREATE TABLE small (a int PRIMARY KEY);
INSERT INTO small SELECT generate_series(1, 1000);
"""
ROWS_PER_MEGABYTE = 500


def load(postgres, name, script, **variables):
    """Creates a database and runs a script of the above in it. Returns its name."""
    postgres.create_database(name)
    options = [word for key, value in variables.items() for word in ("-v", f"{key}={value}")]
    postgres.psql(script, name, "-o", "/dev/null", *options)
    return name


def load_shop(postgres, name, rows=300):
    return load(postgres, name, SHOP, rows=rows)


def load_slow(postgres, name, seconds, megabytes=4):
    """Copying takes about `seconds`."""
    return load(postgres, name, SLOW, rows=int(seconds * 50), row_seconds=0.02, bytes=megabytes * 1000000)


def load_slow_index(postgres, name, seconds):
    """Creating the index after the copy takes about `seconds`."""
    return load(postgres, name, SLOW_INDEX, rows=int(seconds * 20))


def load_big(postgres, name, megabytes):
    return load(postgres, name, BIG, rows=megabytes * ROWS_PER_MEGABYTE)


def load_marker(postgres, name):
    """A database that is in use: an overwrite would destroy the marker."""
    postgres.create_database(name)
    postgres.execute("CREATE TABLE marker AS SELECT 42 AS a", dbname=name)
    return name


def has_marker(postgres, name):
    return postgres.value("SELECT to_regclass('public.marker') IS NOT NULL", dbname=name)


def has_database(postgres, name):
    return bool(postgres.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,)))


def drop(postgres, *names):
    for name in names:
        for (slot,) in postgres.query("SELECT slot_name FROM pg_replication_slots WHERE database = %s", (name,)):
            postgres.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
        postgres.drop_database(name)


# -- what may not be left ---------------------------------------------------------------------------------------

HELPERS = """
SELECT 'role ' || rolname FROM pg_roles
UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts
UNION ALL SELECT 'tablespace ' || spcname FROM pg_tablespace
UNION ALL SELECT 'database ' || datname FROM pg_database
"""
OBJECTS = """
SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE relkind <> 't' AND relnamespace <> 'pg_toast'::regnamespace
    AND relnamespace::regnamespace::text !~ '^pg_(toast_)?temp_'
UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc
UNION ALL SELECT 'publication ' || pubname FROM pg_publication
UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
"""


def inventory(postgres, dbname=None):
    """Names of everything on the server; with dbname, of everything in that database."""
    rows = postgres.query(OBJECTS, dbname=dbname) if dbname else postgres.query(HELPERS)
    return {row[0] for row in rows}


def sessions(postgres, database):
    """What others are doing in a database now."""
    return postgres.query(
        "SELECT pid, application_name, state, left(query, 80) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        (database,),
    )


def wait_for_session(postgres, name, condition, what):
    """Until somebody's session in that database fulfils a condition on pg_stat_activity."""
    wait_until(
        lambda: has_database(postgres, name)
        and postgres.query(
            f"SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() AND {condition}", (name,)
        ),
        20,
        what,
    )


def wait_for_index(postgres, name):
    """Until the index of load_slow_index is being created."""
    wait_for_session(postgres, name, "query ILIKE '%%slow_index%%'", "the index creation")


def wait_for_lock(postgres, name):
    wait_for_session(postgres, name, "wait_event_type = 'Lock'", "the wait for a lock")


def assert_nothing_runs(malachite, databases, *servers, within=2):
    """No child process, no session: at once, but for the moment that ending takes."""

    def quiet():
        return not malachite.children() and not any(
            sessions(server.postgres, name) for server in servers for name in databases
        )

    try:
        wait_until(quiet, within, "quiet")
    except AssertionError:
        found = [sessions(server.postgres, name) for server in servers for name in databases]
        raise AssertionError(f"left: processes {malachite.children()}, sessions {found}") from None
