"""The other actors of torture_actors.py, and the lists of all."""

from torture_actors import Actor, Alterer, Batches, Orders, Partitions, Reloads, Swaps, Unlogged, changed_rows


class Churn(Actor):
    """Objects that come and go while somebody reads the catalogs: views, children, functions, schemas."""

    steady = False
    limit = 20
    schema = """
        CREATE TABLE roots (a int PRIMARY KEY, b text); INSERT INTO roots SELECT i, 'b' FROM generate_series(1, 50) AS i;
        CREATE VIEW root_view AS SELECT * FROM roots; CREATE MATERIALIZED VIEW root_sums AS SELECT b, count(*) FROM roots GROUP BY b;
        CREATE TABLE root_child (c int) INHERITS (roots); CREATE SCHEMA passing; CREATE TABLE passing.t (a int PRIMARY KEY);
    """

    def transaction(self, number):
        return self.random.choice(
            [
                "DROP VIEW root_view; CREATE VIEW root_view AS SELECT * FROM roots",
                "DROP MATERIALIZED VIEW root_sums; CREATE MATERIALIZED VIEW root_sums AS SELECT b, count(*) FROM roots GROUP BY b",
                "DROP TABLE root_child; CREATE TABLE root_child (c int) INHERITS (roots); INSERT INTO root_child VALUES (1000, 'c', 1)",
                "DROP SCHEMA passing CASCADE; CREATE SCHEMA passing; CREATE TABLE passing.t (a int PRIMARY KEY); INSERT INTO passing.t VALUES (1)",
                f"CREATE OR REPLACE FUNCTION passing_function() RETURNS int LANGUAGE sql AS 'SELECT {number}'",
                "DROP TABLE IF EXISTS scratch; CREATE TABLE scratch AS SELECT i FROM generate_series(1, 100) AS i",
                "CREATE TEMP TABLE temporary (a int) ON COMMIT DROP",
                "DROP INDEX IF EXISTS roots_b; CREATE INDEX roots_b ON roots (b)",
                "ALTER TABLE roots DROP CONSTRAINT IF EXISTS roots_check; ALTER TABLE roots ADD CONSTRAINT roots_check CHECK (a > 0)",
            ]
        )

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        rows = ask("SELECT count(*) FROM ONLY roots")[0][0]
        return [] if rows == 50 else [f"roots: {rows} rows"]


class Local(Actor):
    """Values that depend on the database's settings through functions that say they do not. Indexes and generated columns
    of the target must hold what the source's sessions make."""

    schema = r"""
        CREATE FUNCTION local_day(timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT to_char($1, 'YYYY-MM-DD HH24')$$;
        CREATE FUNCTION words(text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN to_tsvector($1); END$$;
        CREATE TABLE local (id int PRIMARY KEY, at timestamptz, body text, day text GENERATED ALWAYS AS (local_day(at)) STORED,
            CHECK (local_day(at) <> ''));
        CREATE INDEX local_day_index ON local (local_day(at));
        CREATE INDEX local_words ON local USING gin (words(body));
        INSERT INTO local SELECT -i, '2024-01-01'::timestamptz + i * interval '1 hour', 'the running foxes ' || i FROM generate_series(1, 200) AS i;
    """

    def transaction(self, number):
        return f"INSERT INTO local (id, at, body) VALUES ({number}, now() + interval '{number} hours', 'jumping horses {number}')"

    @classmethod
    def violations(cls, ask, source=None, busy=False):
        found = changed_rows(ask, source, "local", "id", more=", words(body)::text") if source else []
        for where in (
            "words(body) @@ plainto_tsquery('fox')",
            "words(body) @@ plainto_tsquery('horses')",
            "words(body) @@ 'running'",
            "local_day(at) = (SELECT day FROM local ORDER BY id LIMIT 1)",
            "local_day(at) = (SELECT day FROM local ORDER BY id DESC LIMIT 1)",
        ):
            by_index, by_rows = (
                ask.plain(
                    f"SET enable_seqscan = {on}; SET enable_indexscan = {off}; SET enable_bitmapscan = {off};"
                    f"SELECT count(*) FROM local WHERE {where}"
                )
                for on, off in (("off", "on"), ("on", "off"))
            )
            if by_index != by_rows:
                found.append(f"local, {where}: the index finds {by_index}, the rows are {by_rows}")
        if ask.plain("SELECT count(*) FROM local WHERE day <> local_day(at)") != [(0,)]:
            found.append("local: generated values are not what the source's sessions make")
        return found


STEADY = [Batches, Reloads, Unlogged, Orders, Local]
RESTLESS = [Alterer, Swaps, Partitions, Churn]

# One of them is set on the database before the migration.
SETTINGS = [
    "timezone = 'America/New_York'",
    "timezone = 'Asia/Kolkata'",
    "default_text_search_config = 'pg_catalog.german'",
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'sql_standard'",
    "bytea_output = 'escape'",
    "extra_float_digits = -3",
    "lc_monetary = 'C'",
    "default_transaction_isolation = 'repeatable read'",
    "search_path = public, passing",
    "statement_timeout = '30s'",
    "lock_timeout = '20s'",
    "idle_in_transaction_session_timeout = '20s'",
    "default_tablespace = ''",
    "row_security = off",
    "check_function_bodies = off",
    "array_nulls = off",
]
