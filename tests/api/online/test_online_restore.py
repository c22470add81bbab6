"""What following changes on the target is given back as it was: triggers, rules, identity columns, foreign keys. An
ordinary login may not set session_replication_role, and changes most."""

import pytest

from arm import details_of, patience, substate_of, wait_until
from online import WAITS, differences
from test_online_order import both, finish, follow, ordinary, pair  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]

RENAMED = """
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 20);
CREATE TABLE cur (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, p int CONSTRAINT held REFERENCES parent ON DELETE RESTRICT,
                  q int CONSTRAINT gone REFERENCES parent ON DELETE CASCADE);
CREATE TABLE nxt (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, p int, q int);
CREATE TRIGGER t AFTER INSERT ON cur FOR EACH ROW EXECUTE PROCEDURE note();
CREATE TRIGGER t AFTER INSERT ON nxt FOR EACH ROW EXECUTE PROCEDURE note();
ALTER TABLE nxt ENABLE ALWAYS TRIGGER t;
CREATE RULE r AS ON DELETE TO nxt DO ALSO SELECT 1;
ALTER TABLE nxt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON nxt USING (true);
CREATE SCHEMA s;
CREATE TABLE s.other (id int PRIMARY KEY, p int DEFAULT 1 CONSTRAINT standard REFERENCES parent ON DELETE SET DEFAULT);
COMMENT ON CONSTRAINT standard ON s.other IS 'it''s kept';
CREATE TRIGGER t AFTER INSERT ON s.other FOR EACH ROW EXECUTE PROCEDURE note();
INSERT INTO cur (id, p, q) SELECT i, i, i FROM generate_series(1, 9) i;
INSERT INTO nxt (id, p, q) SELECT i, i, i FROM generate_series(1, 5) i;
CREATE DOMAIN positive AS int;
CREATE TABLE valued (v positive);
INSERT INTO valued VALUES (-1);
ALTER DOMAIN positive ADD CONSTRAINT above CHECK (VALUE > 0) NOT VALID;
"""
RENAME = """
ALTER TABLE cur RENAME TO tmp; ALTER TABLE nxt RENAME TO cur; ALTER TABLE tmp RENAME TO nxt;
ALTER SCHEMA s RENAME TO "S 2"; ALTER TABLE parent RENAME TO "Par ent"; ALTER DOMAIN positive RENAME TO "Posi tive";
ALTER TABLE nxt RENAME n TO "N"; ALTER TRIGGER t ON nxt RENAME TO "T"; ALTER TABLE nxt RENAME p TO "P";
"""


@both
def test_renamed_objects_get_their_settings_back(pair, database):  # noqa: F811
    name = database()
    migration = follow(pair, name, RENAMED)
    source, target = pair.source.postgres, pair.target.postgres
    source.psql(RENAME, name)
    target.psql(RENAME, name)
    source.psql(
        'INSERT INTO cur (id, p, q) VALUES (100, 1, 1); INSERT INTO nxt (id, "P", q) VALUES (100, 1, 1);'
        'INSERT INTO "S 2".other VALUES (1, 2)',
        name,
    )
    finish(migration, name)
    assert differences(pair, name) == []


VIOLATED = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE held (id int PRIMARY KEY, p int CONSTRAINT "Held by" REFERENCES parent ON DELETE RESTRICT);
CREATE TABLE standard (id int PRIMARY KEY, p int CONSTRAINT dropped REFERENCES parent ON DELETE SET DEFAULT);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON parent FOR EACH ROW EXECUTE PROCEDURE note();
INSERT INTO parent SELECT generate_series(1, 20);
INSERT INTO held SELECT i, i FROM generate_series(1, 10) AS i;
INSERT INTO standard SELECT i, i FROM generate_series(1, 10) AS i;
"""


def test_a_cutover_waits_for_a_key_that_the_source_s_rows_violate(ordinary, database):  # noqa: F811
    """Rows that somebody wrote with session_replication_role = replica. A key that the source drops stays away, one that
    only the target has comes back."""
    name = database()
    migration = follow(ordinary, name, VIOLATED)
    source, target = ordinary.source.postgres, ordinary.target.postgres
    target.psql(
        f"SET ROLE {ordinary.login}; CREATE TABLE mine (p int CONSTRAINT mine REFERENCES parent ON DELETE RESTRICT);"
        "INSERT INTO mine VALUES (5); ALTER TABLE held ADD CONSTRAINT own FOREIGN KEY (id) REFERENCES parent"
        " ON DELETE RESTRICT",
        name,
    )
    # While it follows, the violation is reported until it is corrected.
    source.psql("SET session_replication_role = replica; DELETE FROM parent WHERE id = 4", name)
    body = migration.wait(lambda body: "Held by" in details_of(body, name).get("migrationOperation", ""), 30)
    assert substate_of(body) == WAITS
    words = body["properties"]["currentStatus"]["error"]
    assert "public.held" in words and "(p)=(4) has no row in public.parent" in words, words
    source.psql("DELETE FROM held WHERE p = 4", name)
    migration.wait(lambda body: "Held by" not in details_of(body, name).get("migrationOperation", ""), 30)
    source.psql("UPDATE parent SET id = -id WHERE id = 20", name)
    wait_until(lambda: target.value("SELECT count(*) FROM parent WHERE id < 0", dbname=name) == 1, 30, "the change")
    source.psql(
        "ALTER TABLE standard DROP CONSTRAINT dropped; SET session_replication_role = replica;"
        "DELETE FROM parent WHERE id = 3",
        name,
    )
    migration.patch(triggerCutover="True")
    body = migration.wait(lambda body: "Held by" in details_of(body, name).get("migrationOperation", ""), 30)
    words = body["properties"]["currentStatus"]["error"]
    assert "public.held" in words and "Correct the rows on the source" in words and "(p)=(3)" in words
    source.psql("DELETE FROM held WHERE p = 3", name)
    source.psql("DELETE FROM held WHERE id = 3", name)
    migration.succeed(60)
    target.psql("ALTER TABLE mine DROP CONSTRAINT mine; DROP TABLE mine; ALTER TABLE held DROP CONSTRAINT own", name)
    assert differences(ordinary, name) == []


def test_a_canceled_migration_gives_back_a_key_that_rows_violate(ordinary, database):  # noqa: F811
    name = database()
    migration = follow(ordinary, name, VIOLATED)
    source, target = ordinary.source.postgres, ordinary.target.postgres
    source.psql("SET session_replication_role = replica; DELETE FROM parent WHERE id = 3", name)
    wait_until(lambda: target.value("SELECT count(*) FROM parent", dbname=name) == 19, 30, "the change")
    migration.cancel()
    keys = "SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY 1"
    wait_until(lambda: target.query(keys, dbname=name) == [("Held by", False), ("dropped", False)], 30, "the keys")
    assert target.value("SELECT tgenabled FROM pg_trigger WHERE tgname = 't'", dbname=name) == "O"
