"""The order in which changes reach a target that acts on rows itself: foreign keys with actions, other unique indexes, CHECKs
that look at other tables, TRUNCATE. An ordinary login may not set session_replication_role."""

import pytest

from arm import details_of, patience, substate_of, unique, wait_until
from malachite import Pair
from online import WAITS, cut_over, differences, put_online, reach_wait

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]

LOGINS = ("ordinary", "superuser")


@pytest.fixture
def ordinary(malachite, attached, postgres_source, postgres_target):
    """The target's login owns what it makes, and nothing else."""
    login = unique("ordinary")
    for server in (postgres_source, postgres_target):
        server.psql(f"CREATE ROLE {login} LOGIN CREATEDB PASSWORD 'ordinary-password'")
    target = malachite.attach(unique("ordinary"), postgres_target, login=login, password="ordinary-password")
    pair = Pair(malachite, attached.source, target)
    pair.login = login
    yield pair
    for server in (postgres_source, postgres_target):
        server.psql(f"DROP ROLE IF EXISTS {login}")


@pytest.fixture
def pair(request, attached):
    return request.getfixturevalue("ordinary") if request.param == "ordinary" else attached


both = pytest.mark.parametrize("pair", LOGINS, indirect=True)


def load(pair, name, script):
    postgres = pair.source.postgres
    postgres.create_database(name, owner=getattr(pair, "login", None))
    role = f"SET ROLE {pair.login};" if hasattr(pair, "login") else ""
    postgres.psql(role + script, name)
    return name


def follow(pair, name, script):
    migration = put_online(pair, [load(pair, name, script)])
    reach_wait(migration)
    return migration


def finish(migration, name):
    """Cuts over; a migration that waits fails the test with what it says."""
    try:
        cut_over(migration)
    except AssertionError as failure:
        body = migration.get()
        raise AssertionError(f"{failure}: {details_of(body, name)}, {body['properties']['currentStatus']}") from None


def wait_for_words(migration, name, *words):
    def says(body):
        operation = details_of(body, name).get("migrationOperation", "")
        return all(word in operation for word in words)

    body = migration.wait(says, 30)
    assert substate_of(body) == WAITS


# -- actions of foreign keys --------------------------------------------------------------------------------------

ACTIONS = """
CREATE SCHEMA whole; SET search_path = whole;
CREATE TABLE parent (code int UNIQUE, v text);
ALTER TABLE parent REPLICA IDENTITY FULL;
CREATE TABLE gone (id int PRIMARY KEY, code int REFERENCES parent (code) ON DELETE CASCADE);
CREATE TABLE nulled (id int PRIMARY KEY, code int REFERENCES parent (code) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE standard (id int PRIMARY KEY, code int DEFAULT 1 REFERENCES parent (code) ON DELETE SET DEFAULT);
CREATE TABLE held (id int PRIMARY KEY, code int REFERENCES parent (code) ON DELETE RESTRICT);
INSERT INTO parent SELECT i, 'v' FROM generate_series(1, 20) AS i;
INSERT INTO gone SELECT i, i FROM generate_series(1, 20) AS i;
INSERT INTO nulled SELECT * FROM gone; INSERT INTO standard SELECT * FROM gone;
INSERT INTO held SELECT i, i FROM generate_series(1, 5) AS i;
CREATE SCHEMA self; SET search_path = self;
CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node ON DELETE CASCADE, v int);
INSERT INTO node SELECT i, nullif(i / 2, 0), i FROM generate_series(1, 60) AS i;
CREATE SCHEMA moved; SET search_path = moved;
CREATE TABLE parent (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parent_1 PARTITION OF parent FOR VALUES IN (1);
CREATE TABLE parent_2 PARTITION OF parent FOR VALUES IN (2);
CREATE TABLE child (id int PRIMARY KEY, p int, k int,
    FOREIGN KEY (p, k) REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE);
INSERT INTO parent SELECT i, 1 + i % 2, 'v' FROM generate_series(1, 20) AS i;
INSERT INTO child SELECT i, i, 1 + i % 2 FROM generate_series(1, 20) AS i;
CREATE SCHEMA renamed; SET search_path = renamed;
CREATE TABLE parent (a int NOT NULL, b int NOT NULL, v text, UNIQUE (a, b));
ALTER TABLE parent REPLICA IDENTITY FULL;
CREATE TABLE child (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES parent (a, b)
    ON UPDATE CASCADE ON DELETE SET NULL);
INSERT INTO parent SELECT i, i, 'v' FROM generate_series(1, 20) AS i;
INSERT INTO child SELECT i, i, i FROM generate_series(1, 20) AS i;
CREATE SCHEMA parts; SET search_path = parts;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int, p int REFERENCES parent ON DELETE CASCADE, PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE TABLE child_0 PARTITION OF child FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE child_1 PARTITION OF child FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parent SELECT generate_series(1, 20);
INSERT INTO child SELECT i, i FROM generate_series(1, 20) AS i;
"""

# Each line is one transaction.
ACTIONS_CHANGED = """
UPDATE whole.parent SET v = 'w'
UPDATE whole.parent SET v = 'x' WHERE code < 5; DELETE FROM whole.parent WHERE code > 15
UPDATE whole.parent SET code = code + 100 WHERE code BETWEEN 6 AND 10 AND NOT EXISTS (SELECT FROM whole.gone g WHERE g.code = parent.code)
DELETE FROM whole.gone WHERE code = 9; DELETE FROM whole.standard WHERE code = 9; UPDATE whole.parent SET code = 109 WHERE code = 9
DELETE FROM whole.held WHERE id = 1; UPDATE whole.standard SET code = 2 WHERE code = 1; DELETE FROM whole.parent WHERE code = 1
UPDATE self.node SET parent = NULL WHERE id = 4; DELETE FROM self.node WHERE id = 2
UPDATE self.node SET parent = 6, v = -v WHERE parent = 3 AND id <> 6; UPDATE self.node SET parent = 1 WHERE id = 6; DELETE FROM self.node WHERE id = 3
DELETE FROM self.node WHERE id IN (6, 12, 13)
WITH up AS (UPDATE self.node SET parent = NULL WHERE parent = 4) DELETE FROM self.node WHERE id = 4
UPDATE moved.parent SET k = 3 - k WHERE id < 11
UPDATE moved.parent SET k = 3 - k, v = 'w'; DELETE FROM moved.parent WHERE id = 20
UPDATE renamed.parent SET a = a + 100 WHERE b < 8; UPDATE renamed.parent SET v = 'w' WHERE b > 10
DELETE FROM renamed.parent WHERE b = 12; UPDATE renamed.parent SET b = -b WHERE b = 13
DELETE FROM parts.parent WHERE id < 5; INSERT INTO parts.parent VALUES (1); INSERT INTO parts.child VALUES (1, 1)
UPDATE parts.child SET p = 10 WHERE p = 9; DELETE FROM parts.parent WHERE id = 9
SET LOCAL session_replication_role = replica; DELETE FROM parts.parent WHERE id = 11; INSERT INTO parts.parent VALUES (11)
SET LOCAL session_replication_role = replica; DELETE FROM self.node WHERE id = 1; INSERT INTO self.node VALUES (1, NULL, 0)
"""


@both
def test_rows_are_not_changed_by_the_target_s_foreign_keys(pair, database):
    name = database()
    migration = follow(pair, name, ACTIONS)
    for line in ACTIONS_CHANGED.strip().splitlines():
        pair.source.postgres.psql(f"BEGIN; {line}; COMMIT", name)
    finish(migration, name)
    assert differences(pair, name) == []
    assert (
        pair.target.postgres.query("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'malachite%%'", dbname=name) == []
    )


def test_a_row_that_is_missing_is_reported_although_a_foreign_key_cascades(ordinary, database):
    name = database()
    migration = follow(ordinary, name, ACTIONS)
    ordinary.target.postgres.psql("DELETE FROM parts.child WHERE id = 7", name)
    ordinary.source.postgres.psql("DELETE FROM parts.parent WHERE id IN (7, 8)", name)
    failure = migration.wait(lambda body: "parts.child_" in str(body["properties"]["currentStatus"]), 30)
    assert "a change affects 1 rows there and 0 here" in str(failure)


LATER = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, p int, other int);
INSERT INTO parent SELECT generate_series(1, 20);
INSERT INTO child SELECT i, i, i FROM generate_series(1, 20) AS i;
"""


@both
def test_a_foreign_key_created_during_replication(pair, database):
    name = database()
    migration = follow(pair, name, LATER)
    source, target = pair.source.postgres, pair.target.postgres
    role = f"SET ROLE {pair.login};" if hasattr(pair, "login") else ""
    source.psql("UPDATE parent SET id = -id WHERE id > 18; UPDATE child SET p = -p WHERE p > 18", name)
    ddl = role + (
        "ALTER TABLE child ADD FOREIGN KEY (p) REFERENCES parent ON DELETE CASCADE;"
        "ALTER TABLE child ADD FOREIGN KEY (other) REFERENCES child ON DELETE SET NULL"
    )
    wait_until(
        lambda: target.value("SELECT count(*) FROM child WHERE p < 0", dbname=name) == 2, 30, "the first changes"
    )
    source.psql(ddl, name)
    target.psql(ddl, name)
    for _ in range(2):
        source.psql(
            "BEGIN; UPDATE child SET p = 1 WHERE p = 2; DELETE FROM parent WHERE id = 2; COMMIT;"
            "BEGIN; UPDATE child SET other = 4 WHERE other = 3; DELETE FROM parent WHERE id = 3; COMMIT",
            name,
        )
    source.psql("WITH up AS (UPDATE child SET p = 1 WHERE p = 5) DELETE FROM parent WHERE id = 5", name)
    finish(migration, name)
    assert differences(pair, name) == []


# -- TRUNCATE, and what only the target has -----------------------------------------------------------------------

EMPTIED = """
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent);
CREATE TABLE parts (id int, p int REFERENCES parent) PARTITION BY LIST (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE UNLOGGED TABLE fleeting (id int REFERENCES parent);
INSERT INTO parent SELECT i, 'v' FROM generate_series(1, 20) AS i;
INSERT INTO child SELECT i, i FROM generate_series(1, 20) AS i;
INSERT INTO parts SELECT 1 + i % 2, i FROM generate_series(1, 20) AS i;
INSERT INTO fleeting SELECT generate_series(1, 20);
"""


@both
def test_truncate_empties_no_table_that_only_the_target_has(pair, database):
    name = database()
    migration = follow(pair, name, EMPTIED)
    source, target = pair.source.postgres, pair.target.postgres
    target.psql(
        "CREATE TABLE mine (id int CONSTRAINT of_mine REFERENCES parent ON DELETE CASCADE); "
        "INSERT INTO mine SELECT generate_series(1, 5)",
        name,
    )
    source.psql(
        "TRUNCATE parent CASCADE; INSERT INTO parent VALUES (1, 'new'); INSERT INTO child VALUES (1, 1);"
        "INSERT INTO fleeting VALUES (1)",
        name,
    )
    wait_for_words(migration, name, "public.mine", 'DROP CONSTRAINT "of_mine"')
    assert target.value("SELECT count(*) FROM mine", dbname=name) == 5
    assert target.value("SELECT count(*) FROM parent", dbname=name) == 20
    target.psql("ALTER TABLE mine DROP CONSTRAINT of_mine", name)
    finish(migration, name)
    assert target.value("SELECT count(*) FROM mine", dbname=name) == 5
    target.psql("DROP TABLE mine", name)
    assert differences(pair, name) == []


OWN_COLUMNS = """
CREATE TABLE keyed (id int PRIMARY KEY, v text);
CREATE TABLE coded (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE whole (a int, v text);
ALTER TABLE whole REPLICA IDENTITY FULL;
INSERT INTO keyed SELECT i, 'v' FROM generate_series(1, 9) AS i;
INSERT INTO coded SELECT i, 'c' || i FROM generate_series(1, 9) AS i;
INSERT INTO whole SELECT i / 2, 'v' FROM generate_series(1, 9) AS i;
"""


@both
def test_columns_that_only_the_target_has_keep_their_values(pair, database):
    name = database()
    migration = follow(pair, name, OWN_COLUMNS)
    source, target = pair.source.postgres, pair.target.postgres
    for table in ("keyed", "coded", "whole"):
        target.psql(f"ALTER TABLE {table} ADD mine text DEFAULT 'reset'; UPDATE {table} SET mine = 'kept'", name)
    source.psql("UPDATE keyed SET id = id + 100; UPDATE keyed SET v = 'w', id = id + 100 WHERE id > 105", name)
    source.psql(
        "BEGIN; UPDATE coded SET code = 'x' WHERE id = 1; UPDATE coded SET code = 'c1' WHERE id = 2;"
        "UPDATE coded SET code = 'c2' WHERE id = 1; UPDATE coded SET id = -id WHERE id < 5; COMMIT",
        name,
    )
    source.psql(
        "BEGIN; UPDATE whole SET v = 'w'; UPDATE whole SET a = a + 1; DELETE FROM whole WHERE a = 3;"
        "UPDATE whole SET v = v || a WHERE a > 3; COMMIT",
        name,
    )
    finish(migration, name)
    for table in ("keyed", "coded", "whole"):
        assert target.query(f"SELECT DISTINCT mine FROM {table}", dbname=name) == [("kept",)]
        target.psql(f"ALTER TABLE {table} DROP mine", name)
    assert [line for line in differences(pair, name) if line.startswith("rows ")] == []


# -- indexes, CHECKs, types ---------------------------------------------------------------------------------------


@both
def test_an_index_created_during_replication(pair, database):
    name = database()
    migration = follow(
        pair,
        name,
        """
        CREATE TABLE t (id int PRIMARY KEY, code text, span int4range);
        INSERT INTO t SELECT i, 'c' || i, int4range(i, i + 1) FROM generate_series(1, 9) AS i""",
    )
    source, target = pair.source.postgres, pair.target.postgres
    source.psql("UPDATE t SET code = code || 'x'", name)
    wait_until(lambda: target.value("SELECT count(*) FROM t WHERE code LIKE '%%x'", dbname=name) == 9, 30, "changes")
    for script in ("CREATE UNIQUE INDEX ON t (code)", "ALTER TABLE t ADD EXCLUDE USING gist (span WITH &&)"):
        source.psql(script, name)
        target.psql(script, name)
    source.psql(
        "BEGIN; UPDATE t SET code = 'free' WHERE id = 1; UPDATE t SET code = 'c1x' WHERE id = 2;"
        "UPDATE t SET code = 'c2x' WHERE id = 1; COMMIT;"
        "BEGIN; UPDATE t SET span = 'empty' WHERE id = 3; UPDATE t SET span = '[3,4)' WHERE id = 4;"
        "UPDATE t SET span = '[4,5)' WHERE id = 3; COMMIT;"
        "BEGIN; DELETE FROM t WHERE id = 5; UPDATE t SET code = 'c5x' WHERE id = 6; COMMIT",
        name,
    )
    finish(migration, name)
    assert differences(pair, name) == []


@both
def test_a_check_that_looks_at_another_table(pair, database):
    name = database()
    migration = follow(
        pair,
        name,
        """
        CREATE TABLE first (id int PRIMARY KEY);
        CREATE TABLE second (id int PRIMARY KEY);
        CREATE FUNCTION public.has(n int) RETURNS bool LANGUAGE sql STABLE AS
            'SELECT EXISTS (SELECT 1 FROM public.first WHERE id = n)';
        CREATE TABLE watched (id int PRIMARY KEY CHECK (public.has(id)))""",
    )
    source = pair.source.postgres
    source.psql(
        "BEGIN; INSERT INTO first VALUES (1); INSERT INTO second VALUES (1); INSERT INTO watched VALUES (1); COMMIT;"
        "BEGIN; INSERT INTO watched VALUES (-1), (-2) ON CONFLICT DO NOTHING; ROLLBACK;"
        "BEGIN; INSERT INTO first VALUES (3); INSERT INTO watched VALUES (3); INSERT INTO first VALUES (4);"
        "INSERT INTO watched VALUES (4); DELETE FROM watched WHERE id = 3; DELETE FROM first WHERE id = 3; COMMIT;"
        "INSERT INTO first VALUES (5); INSERT INTO watched VALUES (5); DELETE FROM watched; DELETE FROM first".replace(
            "INSERT INTO watched VALUES (-1), (-2) ON CONFLICT DO NOTHING", "SELECT 1"
        ),
        name,
    )
    source.psql(
        "BEGIN; INSERT INTO first VALUES (6); COMMIT; BEGIN; INSERT INTO watched VALUES (6);"
        "INSERT INTO second VALUES (2); COMMIT",
        name,
    )
    finish(migration, name)
    assert differences(pair, name) == []


# A type with a delimiter and a cast from text of its own, as PostGIS has.
DELIMITED = """
CREATE TYPE cell;
CREATE FUNCTION cell_in(cstring) RETURNS cell LANGUAGE internal IMMUTABLE STRICT AS 'box_in';
CREATE FUNCTION cell_out(cell) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'box_out';
CREATE TYPE cell (INPUT = cell_in, OUTPUT = cell_out, LIKE = box, DELIMITER = ':');
CREATE FUNCTION cell(text) RETURNS cell LANGUAGE sql IMMUTABLE STRICT AS 'SELECT public.cell_in(''(0,0),(0,0)''::cstring)';
CREATE CAST (text AS cell) WITH FUNCTION cell(text);
CREATE DOMAIN named AS cell;
CREATE TABLE t (id int PRIMARY KEY, c cell, n named, cs cell[], b box, bs box[], p polygon);
"""


def test_arrays_use_the_delimiter_of_the_type(attached, database):
    name = database()
    migration = follow(attached, name, DELIMITED)
    attached.source.postgres.psql(
        "INSERT INTO t SELECT i, format('(%s,2),(0,0)', i)::cstring::cell, NULL, ARRAY['(1,1),(0,0)', NULL]::cell[],"
        " '(3,3),(1,1)', ARRAY[box '(3,3),(1,1)', box '(1,1),(0,0)'], '((0,0),(1,1))' FROM generate_series(1, 5) AS i;".replace(
            "format('(%s,2),(0,0)', i)::cstring::cell", "cell_in(format('(%s,2),(0,0)', i)::cstring)"
        )
        + "UPDATE t SET c = NULL WHERE id = 2; UPDATE t SET n = c WHERE id <> 3;"
        "UPDATE t SET b = NULL, cs = '{}' WHERE id > 3",
        name,
    )
    finish(migration, name)
    assert attached.target.postgres.value("SELECT c::text FROM t WHERE id = 5", dbname=name) == "(5,2),(0,0)"
    assert differences(attached, name) == []
