-- Foreign keys and checks: cycles, self references, deferred, MATCH FULL, never validated, with broken rows.

SELECT current_setting('server_version_num')::int >= 150000 AS pg15,
       current_setting('server_version_num')::int >= 180000 AS pg18 \gset

CREATE SCHEMA cons;

CREATE TABLE cons.hen (id int PRIMARY KEY, egg int);
CREATE TABLE cons.egg (id int PRIMARY KEY, hen int REFERENCES cons.hen);
ALTER TABLE cons.hen ADD FOREIGN KEY (egg) REFERENCES cons.egg DEFERRABLE INITIALLY DEFERRED;
BEGIN;
INSERT INTO cons.hen VALUES (1, 1), (2, 2);
INSERT INTO cons.egg VALUES (1, 2), (2, 1);
COMMIT;

CREATE TABLE cons.tree (id int PRIMARY KEY, parent int REFERENCES cons.tree ON DELETE CASCADE ON UPDATE SET DEFAULT);
INSERT INTO cons.tree VALUES (3, 3), (1, 3), (2, 1);

CREATE TABLE cons.pair (a int, b text, extra int, PRIMARY KEY (a, b), UNIQUE (b, a));
INSERT INTO cons.pair VALUES (1, 'x', NULL), (2, 'y', 2);
CREATE TABLE cons.refers (
    a int, b text,
    CONSTRAINT full_match FOREIGN KEY (a, b) REFERENCES cons.pair MATCH FULL ON DELETE SET NULL,
    CONSTRAINT other_order FOREIGN KEY (b, a) REFERENCES cons.pair (b, a) ON UPDATE CASCADE
        DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO cons.refers VALUES (1, 'x'), (NULL, NULL);
\if :pg15
CREATE TABLE cons.sets_one (a int, b text, FOREIGN KEY (a, b) REFERENCES cons.pair ON DELETE SET NULL (b));
\endif

-- Rows which break constraints that were never validated.
CREATE TABLE cons.broken (id int, parent int);
INSERT INTO cons.broken VALUES (-1, 404), (2, NULL);
ALTER TABLE cons.broken ADD CONSTRAINT "id > 0, some day" CHECK (id > 0) NOT VALID;
ALTER TABLE cons.broken ADD CONSTRAINT no_such_parent FOREIGN KEY (parent) REFERENCES cons.tree NOT VALID;
\if :pg18
ALTER TABLE cons.broken ADD CONSTRAINT not_enforced CHECK (id > 100) NOT ENFORCED;
ALTER TABLE cons.broken ADD CONSTRAINT parent_not_null NOT NULL parent NOT VALID;
\endif

-- To a unique index, to a table of another schema, with a name of 63 bytes.
CREATE UNIQUE INDEX egg_hen ON cons.egg (hen);
CREATE TABLE cons.far (
    id bigint CONSTRAINT c23456789_123456789_123456789_123456789_123456789_123456789_123 REFERENCES tables.plain,
    hen int REFERENCES cons.egg (hen) ON DELETE RESTRICT);
INSERT INTO cons.far VALUES (1, 1), (1000, NULL);

-- The internal triggers behind a foreign key switched off.
CREATE TABLE cons.unguarded (id int, tree int CONSTRAINT unguarded_tree REFERENCES cons.tree);
ALTER TABLE cons.unguarded DISABLE TRIGGER ALL;

CREATE TABLE cons.checked (
    a int CHECK (a <> 5), b text CONSTRAINT "b;'quoted'""" CHECK (b !~ E'[\\n;''"]'),
    CONSTRAINT whole_row CHECK (ROW(a, b) IS DISTINCT FROM ROW(1, 'one')),
    CHECK (b COLLATE "C" < 'zzz' OR b IS NULL));
INSERT INTO cons.checked VALUES (1, 'two'), (NULL, NULL);
