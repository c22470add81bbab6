-- Inheritance: several parents, grandchildren, overridden defaults, children that joined later.

CREATE SCHEMA family;

CREATE TABLE family.parent (id int PRIMARY KEY, name text DEFAULT 'parent', CHECK (id > 0),
    CONSTRAINT only_here CHECK (id < 1000000) NO INHERIT);
CREATE TABLE family.other_parent (name text, extra numeric NOT NULL);
CREATE TABLE family.child (own text) INHERITS (family.parent);
CREATE TABLE family.both (name text DEFAULT 'both', own int) INHERITS (family.other_parent, family.parent);
CREATE TABLE family.grandchild (CHECK (own <> '')) INHERITS (family.child);

-- Joined later, with its columns in another order.
CREATE TABLE family.joined (extra_first text, name text, id int NOT NULL, own_last int,
    CONSTRAINT parent_id_check CHECK (id > 0));
ALTER TABLE family.joined INHERIT family.parent;

-- Was a child once.
CREATE TABLE family.left () INHERITS (family.parent);
ALTER TABLE family.left NO INHERIT family.parent;

ALTER TABLE family.grandchild ALTER COLUMN name SET DEFAULT 'grandchild';
ALTER TABLE family.child ALTER COLUMN name DROP DEFAULT;
ALTER TABLE family.child ALTER COLUMN id SET STATISTICS 10;

-- The same ids everywhere: a parent read without ONLY shows it.
INSERT INTO family.parent VALUES (1, 'p'), (2, 'p2');
INSERT INTO family.other_parent VALUES ('o', 1.50);
INSERT INTO family.child VALUES (1, 'c', 'own');
INSERT INTO family.both (id, name, extra, own) VALUES (1, 'b', 2, 3);
INSERT INTO family.grandchild VALUES (1, 'g', 'own');
INSERT INTO family.joined VALUES ('first', 'j', 1, 9);
INSERT INTO family.left VALUES (1, 'l');
