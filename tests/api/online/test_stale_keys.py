"""Foreign keys of tables whose changes the stream does not carry: rewritten by ALTER TABLE, truncated on a source of 10,
unlogged. A target's ordinary login may not set session_replication_role, and the old rows of such a table must not hold up
others until the cutover recopies it."""

import pytest

from arm import patience, wait_until
from malachite import Pair
from online import differences, reach_wait
from test_online_order import finish, follow, ordinary  # noqa: F401  (fixture)

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]

# "old" and the partitions of "parts" are rewritten, "loose" is unlogged: they refer to others, and others to "old".
SCRIPT = """
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE owner (id int PRIMARY KEY);
CREATE TABLE old (id int PRIMARY KEY, v int, p int CONSTRAINT plain REFERENCES parent,
    up int CONSTRAINT self REFERENCES old, cascades int CONSTRAINT cascades REFERENCES parent ON DELETE CASCADE,
    nulled int CONSTRAINT nulled REFERENCES parent ON DELETE SET NULL,
    held int CONSTRAINT held REFERENCES parent ON DELETE RESTRICT,
    o int CONSTRAINT lazy REFERENCES owner DEFERRABLE INITIALLY IMMEDIATE, unchecked int);
ALTER TABLE old ADD CONSTRAINT unchecked FOREIGN KEY (unchecked) REFERENCES owner NOT VALID;
COMMENT ON CONSTRAINT plain ON old IS 'it''s kept';
CREATE TABLE child (id int PRIMARY KEY, o int CONSTRAINT child REFERENCES old,
    c int CONSTRAINT child_cascades REFERENCES old ON DELETE CASCADE, v int);
ALTER TABLE owner ADD first int CONSTRAINT circle REFERENCES old DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE parts (id int PRIMARY KEY, o int CONSTRAINT of_parts REFERENCES parent) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
CREATE UNLOGGED TABLE loose (id int PRIMARY KEY, p int CONSTRAINT loose REFERENCES parent);
INSERT INTO parent SELECT i, 'v' FROM generate_series(1, 60) AS i;
INSERT INTO owner SELECT generate_series(1, 60);
INSERT INTO old SELECT i, i, i, nullif(i / 2, 0), i, i, i, i, i FROM generate_series(1, 30) AS i;
INSERT INTO child SELECT i, i, i, i FROM generate_series(1, 10) AS i;
UPDATE owner SET first = 1 WHERE id > 55;
INSERT INTO parts SELECT i, i FROM generate_series(1, 9) AS i;
INSERT INTO parts SELECT 100 + i, i FROM generate_series(1, 9) AS i;
INSERT INTO loose VALUES (1, 40);
"""

# What the target's old rows would refuse: parents are deleted, others refer to new rows.
ADD = "ALTER TABLE old ADD r double precision DEFAULT random();"
REWRITE = f"""
UPDATE old SET v = v WHERE id = 1;
BEGIN; {ADD} UPDATE old SET p = 50, held = 50, cascades = 50, nulled = 50, o = 50, unchecked = 50; COMMIT;
DELETE FROM parent WHERE id BETWEEN 20 AND 30;
INSERT INTO old (id, v, p, up) VALUES (1000, 1, 50, NULL), (1001, 1, 50, 1000);
INSERT INTO child VALUES (1000, 1000, 1001, 1);
UPDATE owner SET first = 1000 WHERE id = 60;
DELETE FROM child WHERE id = 3; DELETE FROM old WHERE id = 1001; UPDATE child SET v = 7;
DELETE FROM owner WHERE id < 50;
INSERT INTO parent VALUES (2000, 'last');
"""
ADD_PARTS = "ALTER TABLE parts ADD r double precision DEFAULT random();"
REWRITE_PARTS = f"""
{ADD_PARTS} DELETE FROM loose;
DELETE FROM parts WHERE id > 100; DELETE FROM parts WHERE o < 5; DELETE FROM parent WHERE id < 5 OR id = 40;
INSERT INTO parent VALUES (2001, 'last');
"""

KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')
FROM pg_constraint WHERE contype = 'f' AND conname <> 'own' AND conrelid::regclass::text !~ '^parts_' ORDER BY 1, 2
"""


def keys(postgres, name):
    return postgres.query(KEYS, dbname=name)


def wait_for_last(pair, migration, name, last=2000):
    target = pair.target.postgres
    try:
        wait_until(lambda: target.query(f"SELECT 1 FROM parent WHERE id = {last}", dbname=name), 30, "the last row")
    except AssertionError as failure:
        raise AssertionError(f"{failure}: {migration.get()['properties']}") from None


@pytest.fixture
def to_kill(own_pair, ordinary):  # noqa: F811
    """The ordinary login's pair on a Malachite of the test's own."""
    pair = own_pair()
    postgres = ordinary.target.postgres
    target = pair.malachite.attach("ordinary", postgres, login=ordinary.login, password="ordinary-password")
    pair = Pair(pair.malachite, pair.source, target)
    pair.login = ordinary.login
    return pair


def test_rows_of_tables_that_are_not_carried_hold_up_no_others(to_kill, database):
    """In both directions, with kill -9 while the keys are set aside. All are back after the cutover, one that only the
    target has included."""
    name = database()
    migration = follow(to_kill, name, SCRIPT)
    source, target = to_kill.source.postgres, to_kill.target.postgres
    before = keys(source, name)
    own = "ALTER TABLE old ADD CONSTRAINT own FOREIGN KEY (v) REFERENCES owner ON UPDATE CASCADE NOT VALID"
    target.psql(f"SET ROLE {to_kill.login}; {own}; {ADD} {ADD_PARTS}", name)
    source.psql(REWRITE, name)
    wait_for_last(to_kill, migration, name)
    to_kill.malachite.kill()
    source.psql(REWRITE_PARTS, name)
    to_kill.malachite.start()
    wait_for_last(to_kill, migration, name, 2001)
    assert ("old", "plain") not in [row[:2] for row in keys(target, name)], "it was not set aside: this tests nothing"
    reach_wait(migration)
    finish(migration, name)
    assert keys(target, name) == before
    (definition,) = target.query(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'own'", dbname=name
    )[0]
    assert definition == "FOREIGN KEY (v) REFERENCES owner(id) ON UPDATE CASCADE NOT VALID"
    target.psql("ALTER TABLE old DROP CONSTRAINT own", name)
    assert differences(to_kill, name) == []


def test_keys_that_were_set_aside_are_back_after_a_cancel(ordinary, database):  # noqa: F811
    """As they were, but NOT VALID where rows that were not carried violate them."""
    name = database()
    migration = follow(ordinary, name, SCRIPT)
    source, target = ordinary.source.postgres, ordinary.target.postgres
    before = keys(source, name)
    target.psql(ADD, name)
    source.psql(REWRITE, name)
    wait_for_last(ordinary, migration, name)
    assert ("old", "plain") not in [row[:2] for row in keys(target, name)], "it was not set aside: this tests nothing"
    migration.cancel()
    migration.wait(lambda body: body["properties"]["currentStatus"]["state"] == "Canceled")

    def stripped(rows):
        return [(table, key, text.replace(" NOT VALID", ""), comment) for table, key, text, comment in rows]

    after = keys(target, name)
    assert stripped(after) == stripped(before)
    violated = {key for _, key, text, _ in after if text.endswith(" NOT VALID")}
    assert {"plain", "unchecked"} <= violated and not {"self", "of_parts", "loose"} & violated
