"""Indexes and keys of a table are created while other tables are still copied, unless they need the others' rows."""

import contextlib
import random

import pytest

from arm import wait_until
from online import differences

# A row of "held" arrives only when the test gives its advisory lock back.
SCHEMA = """
CREATE FUNCTION holds(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    WHILE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = LOCK) LOOP
        PERFORM pg_sleep(0.05);
    END LOOP;
    RETURN true;
END $$;
CREATE TABLE held (a int, filler text, CHECK (holds(a)));
ALTER TABLE held ALTER filler SET STORAGE EXTERNAL;
INSERT INTO held SELECT g, repeat('x', 100000) FROM generate_series(1, 50) AS g;
CREATE INDEX held_index ON held (a);
CREATE TABLE parent (a int PRIMARY KEY, b text);
CREATE TABLE child (a int REFERENCES parent, b text, CONSTRAINT no_two EXCLUDE USING gist (int4range(a, a + 1) WITH &&));
CREATE INDEX plain_index ON child (b);
CREATE INDEX partial_index ON child (a) WHERE b <> 'x';
CREATE FUNCTION looks_elsewhere(int) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT count(*) + $1 FROM public.held';
CREATE INDEX late_index ON child (looks_elsewhere(a));
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$fired$$; END';
CREATE TABLE parted (a int PRIMARY KEY, b int) PARTITION BY RANGE (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE INDEX parted_index ON parted (b);
INSERT INTO parent SELECT g, 'p' || g FROM generate_series(1, 500) AS g;
INSERT INTO child SELECT g, 'c' || g FROM generate_series(1, 500) AS g;
INSERT INTO parted SELECT g, g FROM generate_series(1, 99) AS g;
CREATE TRIGGER no_writes BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE child ENABLE ALWAYS TRIGGER no_writes;
"""
EARLY = {"parent_pkey", "no_two", "plain_index", "partial_index", "child_a_fkey"}
LATE = {"held_index", "late_index", "no_writes", "parted_index"}
THERE = """
SELECT relname FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace = 'public'::regnamespace
UNION SELECT conname FROM pg_constraint WHERE contype = 'f'
UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
"""


@pytest.fixture
def held(database, postgres_source, postgres_target):
    """A database whose largest table is not copied before release()."""
    name = database()
    number = random.randrange(2**31)
    postgres_source.create_database(name)
    postgres_source.psql(SCHEMA.replace("LOCK", str(number)), name)
    with contextlib.closing(postgres_target.connect()) as holder:
        holder.cursor().execute("SELECT pg_advisory_lock(%s)", (number,))
        yield name, holder.close


def test_a_tables_indexes_do_not_wait_for_other_tables(attached, held, postgres_target):
    name, release = held
    migration = attached.put([name])
    there = set()

    def early_ones_are_there():
        if postgres_target.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,)):
            there.update(row[0] for row in postgres_target.query(THERE, dbname=name))
        return EARLY <= there

    wait_until(early_ones_are_there, 60, "the early indexes")
    assert not there & LATE
    release()
    migration.succeed()
    assert differences(attached, name) == []


def test_a_cancel_ends_the_copy_beside_indexes(attached, held, postgres_target):
    name, _ = held
    migration = attached.put([name])
    copying = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE '%COPY%held%'"
    wait_until(lambda: postgres_target.value(copying), 60, "the held table")
    migration.cancel()
    migration.wait("Canceled", timeout=20)
    assert postgres_target.value(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'") == 0
