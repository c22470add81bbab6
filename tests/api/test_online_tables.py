"""Online migrations of everything that is hard to follow: tables, types, partitions, encodings, owners, large
transactions, many databases. Between majors: test_online_majors.py."""

import contextlib
import os

import pytest

from arm import details_of, patience, unique, wait_until
from load_hard import load_hard, load_roles
from mutate import mutate
from online import (WAITS, Writer, assert_nothing_is_left, cut_over, differences, put_online, reach_wait,
                    source_as_before, wait_for_nothing_pending)
from samples import drop

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]


def load(postgres, name, script, **options):
    postgres.create_database(name, **options)
    postgres.psql(script, name)
    return name


def wait_for_changes(migration, name, at_least):
    """Pending bytes may be those of a moment ago: the counters tell what has been applied."""
    def applied():
        details = details_of(migration.get(), name)
        return details["appliedChanges"] >= at_least and details["incomingChanges"] == 0

    wait_until(applied, 90, f"{at_least} changes")


def notes_of(pair, migration):
    body = migration.get()
    evidence = pair.arm.get(f"/_malachite/migrations/{body['properties']['migrationId']}/evidence")
    return " ".join(note for database in evidence["databases"] for note in database["notes"])


# -- everything ---------------------------------------------------------------------------------------------------

@pytest.mark.timeout(patience(240))
def test_the_hard_database_follows_whole(attached, database, postgres_source, postgres_target):
    name = database("hard")
    load_roles(postgres_target.dsn())
    load_hard(postgres_source.dsn(), name, rows=500)
    migration = put_online(attached, [name])
    reach_wait(migration, 120)
    changed, refused = mutate(postgres_source, name, truncate=lambda table: True)
    more, _ = mutate(postgres_source, name, seed=0.25)
    cut_over(migration)
    assert differences(attached, name) == []
    for kind, tables in (("insert", 75), ("update", 75), ("move", 30), ("delete", 75), ("truncate", 75)):
        assert sum(1 for counts in changed.values() if counts.get(kind)) >= tables, (kind, refused)
    assert len(more) > 100


# -- what is done to tables meanwhile -----------------------------------------------------------------------------

TABLES = """
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, 'v' || i FROM generate_series(1, 500) AS i;
CREATE TABLE keyless (a int, b text);
INSERT INTO keyless SELECT i % 7, 'same' FROM generate_series(1, 300) AS i;
CREATE TABLE parts (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE TABLE loose (id int, k int NOT NULL, v text) PARTITION BY LIST (k);
CREATE TABLE loose_1 PARTITION OF loose FOR VALUES IN (1);
INSERT INTO parts SELECT i, 1 + i % 2, 'p' FROM generate_series(1, 100) AS i;
INSERT INTO loose SELECT i, 1, 'l' FROM generate_series(1, 100) AS i;
"""


@pytest.fixture
def following(attached, database, postgres_source):
    """A migration of TABLES that waits for its cutover."""
    name = load(postgres_source, database(), TABLES)
    migration = put_online(attached, [name])
    reach_wait(migration)
    return name, migration


def test_rows_that_alter_table_writes_are_copied_again(attached, following, postgres_source, postgres_target):
    name, migration = following
    # Other values on either side each time; the stream has none of them.
    for script in ("ALTER TABLE plain ADD r float DEFAULT random()",
                   "ALTER TABLE keyless ADD at timestamptz DEFAULT now()",
                   "ALTER TABLE parts_1 ALTER v TYPE text USING v || random()"):
        postgres_source.psql(script, name)
        postgres_target.psql(script, name)
    postgres_source.psql("UPDATE plain SET r = 7 WHERE id < 10; DELETE FROM keyless WHERE a = 1;"
                         "INSERT INTO parts VALUES (1000, 1, 'new')", name)
    cut_over(migration)
    assert differences(attached, name) == []
    notes = notes_of(attached, migration)
    assert "Copied again" in notes and all(f"public.{table}" in notes for table in ("plain", "keyless", "parts_1"))
    assert "parts_2" not in notes


def test_what_was_made_on_the_source_only_is_told(attached, following, postgres_source):
    name, migration = following
    postgres_source.psql("CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late VALUES (1);"
                         "ALTER TABLE plain ADD fresh int; CREATE SEQUENCE late_numbers", name)
    cut_over(migration)
    notes = notes_of(attached, migration)
    for word in ("public.late", "public.late_numbers", "public.plain", "fresh"):
        assert word in notes
    assert [line for line in differences(attached, name) if line.startswith("rows ") and "late" not in line
            and "plain" not in line] == []


def test_partitions_come_and_go(attached, following, postgres_source, postgres_target):
    name, migration = following
    both = ("CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3)",
            "CREATE TABLE loose_2 PARTITION OF loose FOR VALUES IN (2)",
            "CREATE TABLE joins (v text, k int NOT NULL, id int NOT NULL, PRIMARY KEY (id, k));"
            "ALTER TABLE parts ATTACH PARTITION joins FOR VALUES IN (4)",
            "ALTER TABLE parts DETACH PARTITION parts_2")
    for script in both:
        postgres_source.psql(script, name)
    postgres_source.psql("INSERT INTO parts SELECT i, 3 + i % 2, 'late' FROM generate_series(200, 300) AS i;"
                         "INSERT INTO loose SELECT i, 2, 'late' FROM generate_series(200, 300) AS i;"
                         "UPDATE parts SET k = 3 WHERE k = 1 AND id < 50; DELETE FROM parts_2 WHERE id < 20", name)
    for script in both:
        postgres_target.psql(script, name)
    postgres_source.psql("UPDATE loose SET k = 2 WHERE id < 10; TRUNCATE parts_3", name)
    cut_over(migration)
    assert differences(attached, name) == []


def test_one_partition_of_an_enum_s_hash_is_emptied(attached, database, postgres_source):
    name = load(postgres_source, database(), """
        CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f');
        CREATE TABLE moods (m mood, n int) PARTITION BY HASH (m);
        CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO moods SELECT (enum_range(NULL::mood))[1 + i % 6], i FROM generate_series(1, 600) AS i""")
    migration = put_online(attached, [name])
    reach_wait(migration)
    postgres_source.psql("UPDATE moods SET n = -n WHERE n < 50; TRUNCATE moods_0;"
                         "INSERT INTO moods SELECT (enum_range(NULL::mood))[1 + i % 6], i FROM generate_series(1, 60) AS i;"
                         "DELETE FROM moods_1 WHERE n > 500", name)
    cut_over(migration)
    assert differences(attached, name) == []


def test_transactions_of_every_kind(attached, database, postgres_target):
    """Prepared ones, that begin before the base copy and end after it; savepoints; what is rolled back."""
    from postgres import Postgres  # with max_prepared_transactions
    with Postgres(name="twophase", conf={"max_prepared_transactions": "5"}) as source:
        pair = type(attached)(attached.malachite, attached.malachite.attach(unique("src"), source, "servers"),
                              attached.target)
        name = load(source, database(), TABLES)
        try:
            migration = put_online(pair, [name])
            reach_wait(migration)
            source.psql("BEGIN; INSERT INTO plain VALUES (1001, 'prepared'); UPDATE keyless SET b = 'p' WHERE a = 2;"
                        "PREPARE TRANSACTION 'one'", name)
            source.psql("BEGIN; INSERT INTO plain VALUES (1002, 'rolled back'); PREPARE TRANSACTION 'two'", name)
            source.psql("BEGIN; DELETE FROM plain WHERE id < 5; SAVEPOINT a; DELETE FROM plain WHERE id < 50;"
                        "ROLLBACK TO a; SAVEPOINT b; UPDATE plain SET v = 'b' WHERE id = 60; RELEASE b; COMMIT", name)
            source.psql("COMMIT PREPARED 'one'", name)
            source.psql("ROLLBACK PREPARED 'two'", name)
            cut_over(migration)
            assert differences(pair, name) == []
        finally:
            source.query("SELECT 1")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_text_of_another_encoding(attached, database, postgres_source, encoding):
    name = database()
    postgres_source.psql(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    postgres_source.psql("CREATE TABLE words (id int PRIMARY KEY, v text); CREATE TABLE loose (v text);"
                         "INSERT INTO words VALUES (1, E'caf\\xe9'); INSERT INTO loose VALUES (E'na\\xefve'), (E'\\xdf')"
                         .replace("E'", "U&'" if encoding == "NONE" else "E'"), name, "-v", "x=1") \
        if encoding == "SQL_ASCII" else postgres_source.psql(
            "SET client_encoding = 'UTF8'; CREATE TABLE words (id int PRIMARY KEY, v text); CREATE TABLE loose (v text);"
            "INSERT INTO words VALUES (1, 'café'); INSERT INTO loose VALUES ('naïve'), ('ß')", name)
    migration = put_online(attached, [name])
    reach_wait(migration)
    literal = (lambda text: "E'" + text.encode("latin1").hex() + "'") if False else None
    del literal
    change = ("INSERT INTO words VALUES (2, 'Ünï'); UPDATE words SET v = v || 'ö' WHERE id = 1; DELETE FROM loose WHERE v = 'ß';"
              "INSERT INTO loose VALUES ('Æ')")
    if encoding == "SQL_ASCII":
        change = ("INSERT INTO words VALUES (2, E'\\xdcn\\xef'); UPDATE words SET v = v || E'\\xf6' WHERE id = 1;"
                  "DELETE FROM loose WHERE v = E'\\xdf'; INSERT INTO loose VALUES (E'\\xc6\\xff')")
    postgres_source.psql(("SET client_encoding = 'UTF8';" if encoding == "LATIN1" else "") + change, name)
    cut_over(migration)
    assert differences(attached, name) == []
