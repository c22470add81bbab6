"""Which minor of PostgreSQL the tests run on, and what a minor adds to the catalogs.

15.20 added `pg_attver` to pg_attribute.attoptions, and 120 tests failed at once, far from the cause. These tests fail
first, by name: `test_catalogs_hold_known_options_only` says what is new, the comparison says that compare.py sees it.
"""

import re

import pytest

from binaries import binaries
from compare import compare_databases
from minor import candidate_of, clusters_run, installed_of, version_of
from postgres import Postgres

# What SET can write there. Anything else was put there by the server itself.
TABLE_OPTIONS = (
    r"autovacuum_\w+|fillfactor|toast_tuple_target|parallel_workers|user_catalog_table|vacuum_\w+"
    r"|log_autovacuum_min_duration|security_barrier|security_invoker|check_option|fastupdate"
    r"|gin_pending_list_limit|buffering|deduplicate_items|pages_per_range|autosummarize"
)
KNOWN = {
    "pg_attribute.attoptions": "n_distinct|n_distinct_inherited|siglen|pg_attver",
    "pg_class.reloptions": TABLE_OPTIONS,
    "pg_database.datconfig": ".*",
    "pg_db_role_setting.setconfig": ".*",
    "pg_attribute.attfdwoptions": "user_.*",
    "pg_foreign_table.ftoptions": "user_.*",
    "pg_foreign_server.srvoptions": "user_.*",
    "pg_foreign_data_wrapper.fdwoptions": "user_.*",
    "pg_user_mapping.umoptions": "user_.*",
    "pg_event_trigger.evttags": "CREATE TABLE",
    "pg_extension.extcondition": ".*",
    "pg_proc.proargnames": ".*",
    "pg_proc.proconfig": "search_path",
    "pg_trigger.tgargs": ".*",
}

KINDS = r"""
CREATE SCHEMA s; SET search_path = s;
CREATE TYPE ct AS (x int, y int);
CREATE DOMAIN dom AS int DEFAULT 1 CHECK (VALUE > 0);
CREATE TABLE plain (a int PRIMARY KEY, b varchar(3), c text DEFAULT 'x', d int DEFAULT random(), e dom);
ALTER TABLE plain ALTER b TYPE varchar(9), ALTER d SET (n_distinct = 5), ALTER c SET STATISTICS 7, ALTER c SET STORAGE EXTERNAL;
ALTER TABLE plain SET (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);
CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY, w int, twice int GENERATED ALWAYS AS (w * 2) STORED);
CREATE UNLOGGED TABLE fleeting (a int);
CREATE TABLE typed OF ct (x PRIMARY KEY);
CREATE TABLE heir (z int) INHERITS (plain);
CREATE TABLE ranged (a int, b int, PRIMARY KEY (a)) PARTITION BY RANGE (a);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (0) TO (10);
CREATE TABLE ranged_2 (b int, a int NOT NULL);
ALTER TABLE ranged ATTACH PARTITION ranged_2 DEFAULT;
CREATE TABLE listed (a text, v tsvector) PARTITION BY LIST (a);
CREATE TABLE listed_1 PARTITION OF listed FOR VALUES IN ('a', NULL);
CREATE TABLE hashed (a int) PARTITION BY HASH (a);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX listed_v ON listed USING gist (v tsvector_ops (siglen = 50));
CREATE INDEX plain_b ON plain (b) WITH (fillfactor = 60);
CREATE VIEW seen WITH (security_barrier) AS SELECT a, b FROM plain;
CREATE MATERIALIZED VIEW kept WITH (fillfactor = 50) AS SELECT a, b FROM plain;
CREATE SEQUENCE numbers;
CREATE FOREIGN DATA WRAPPER w OPTIONS (user_a '1');
CREATE SERVER srv FOREIGN DATA WRAPPER w OPTIONS (user_b '2');
CREATE USER MAPPING FOR PUBLIC SERVER srv OPTIONS (user_c '3');
CREATE FOREIGN TABLE far (a int OPTIONS (user_d '4')) SERVER srv OPTIONS (user_e '5');
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql SET search_path = s AS 'SELECT a';
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION tf();
CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER et ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ef();
CREATE STATISTICS stx ON a, b FROM plain;
CREATE PUBLICATION pub FOR TABLE plain;
INSERT INTO plain SELECT i, 'b', 'c', i FROM generate_series(1, 100) AS i;
INSERT INTO always (w) VALUES (1); INSERT INTO ranged VALUES (1, 1), (11, 2); INSERT INTO listed VALUES ('a', 'x');
REFRESH MATERIALIZED VIEW kept;
"""

# Another way to the same end: whatever a server counts or stamps has another value afterwards.
DETOUR_BEFORE = "CREATE TABLE detour AS SELECT generate_series(1, 5000) AS a; DROP TABLE detour;"
DETOUR_AFTER = """
SET search_path = s;
ALTER TABLE plain ALTER c SET NOT NULL; ALTER TABLE plain ALTER c DROP NOT NULL;
ALTER TABLE ONLY plain ALTER c SET STATISTICS 8; ALTER TABLE ONLY plain ALTER c SET STATISTICS 7;
ALTER TABLE plain RENAME c TO cc; ALTER TABLE plain RENAME cc TO c;
ALTER TABLE plain SET (fillfactor = 71); ALTER TABLE plain SET (fillfactor = 70);
ALTER TABLE fleeting ADD gone int; ALTER TABLE fleeting DROP gone;
ALTER TABLE ranged DETACH PARTITION ranged_1; ALTER TABLE ranged ATTACH PARTITION ranged_1 FOR VALUES FROM (0) TO (10);
ALTER TABLE always DROP twice; ALTER TABLE always ALTER w TYPE bigint; ALTER TABLE always ALTER w TYPE int;
ALTER TABLE always ADD twice int GENERATED ALWAYS AS (w * 2) STORED;
CLUSTER plain USING plain_pkey; ALTER TABLE plain SET WITHOUT CLUSTER; REINDEX TABLE plain;
ANALYZE;
"""


@pytest.fixture(scope="module", params=[path for major, path in binaries().items() if major >= 15], ids=version_of)
def two(request):
    with Postgres(request.param) as straight, Postgres(request.param) as winding:
        for server, script in ((straight, KINDS), (winding, DETOUR_BEFORE + KINDS + DETOUR_AFTER)):
            server.create_database("kinds")
            server.psql(script, "kinds")
        winding.psql("VACUUM FULL", "kinds")
        yield straight, winding


def test_the_newest_minor_is_tested():
    candidate, installed = candidate_of("postgresql-15"), installed_of("postgresql-15")
    if not candidate or not installed:
        pytest.skip("PostgreSQL 15 is not one of Debian's packages here")
    if clusters_run():
        pytest.skip(f"tests run on PostgreSQL {installed}; clusters of this machine would restart with a newer one")
    assert installed == candidate, (
        f"the tests run on PostgreSQL {installed}, users get {candidate}: run scripts/setup.sh test,"
        " or apt-get update && apt-get install postgresql-15"
    )


def test_equal_databases_with_different_pasts_compare_equal(two):
    straight, winding = two
    assert compare_databases(straight.dsn("kinds"), winding.dsn("kinds")) == []


def test_catalogs_hold_known_options_only(two):
    """Reads every text[] column of the catalogs for user-made objects: an unknown option is the server's own."""
    straight, _ = two
    unknown = []
    columns = straight.query(
        """SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
        WHERE relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace AND atttypid = 'text[]'::regtype""",
        dbname="kinds",
    )
    for catalog, column in columns:
        mine = "attrelid >= 16384" if catalog == "pg_attribute" else "true"
        for (option,) in straight.query(
            f"SELECT DISTINCT split_part(o, '=', 1) FROM {catalog}, unnest({column}) AS o WHERE {mine}", dbname="kinds"
        ):
            if not re.fullmatch(KNOWN.get(f"{catalog}.{column}", "nothing"), option):
                unknown.append(f"{catalog}.{column} holds '{option}'")
    assert unknown == [], (
        f"{straight.value('SHOW server_version')}: {unknown}; if a user cannot set them, catalog/queries.py"
        " must not compare them and the product must not copy them; then add them to KNOWN"
    )
