-- Types: enums, domains, composites, ranges, a shell type, a base type, and columns of all of them.

SELECT current_setting('server_version_num')::int >= 140000 AS pg14 \gset

CREATE SCHEMA types;

-- Added labels have fractional sort orders; a label may hold anything.
CREATE TYPE types.colour AS ENUM ('red', 'green', 'blue');
ALTER TYPE types.colour ADD VALUE 'orange' BEFORE 'green';
ALTER TYPE types.colour ADD VALUE 'it''s "odd", \ and ünï' AFTER 'blue';
CREATE TYPE types.no_labels AS ENUM ();

CREATE DOMAIN types.positive AS integer NOT NULL DEFAULT 1 CONSTRAINT above_zero CHECK (VALUE > 0);
CREATE DOMAIN types.small AS types.positive CONSTRAINT below_hundred CHECK (VALUE < 100);
CREATE DOMAIN types.words AS text[] COLLATE "C" CHECK (array_length(VALUE, 1) < 10);
CREATE DOMAIN types.table_name AS regclass;
CREATE DOMAIN types.loose AS integer;

CREATE TYPE types.point3 AS (x float8, y float8, "z %s" float8);
CREATE TYPE types.person AS (name text COLLATE "C", home types.point3, tags types.colour[], age types.positive);
ALTER TYPE types.person DROP ATTRIBUTE age;
ALTER TYPE types.person ADD ATTRIBUTE born date;

CREATE TYPE types.floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE types.texts AS RANGE (subtype = text, collation = "C");
\if :pg14
CREATE TYPE types.named_multi AS RANGE (subtype = int4, multirange_type_name = types.many_named);
\endif

-- A base type without C code of its own: its text form is that of int4, it has no binary form.
CREATE TYPE types.number;
CREATE FUNCTION types.number_in(cstring) RETURNS types.number
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4in';
CREATE FUNCTION types.number_out(types.number) RETURNS cstring
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4out';
CREATE TYPE types.number (
    INPUT = types.number_in, OUTPUT = types.number_out, LIKE = int4, CATEGORY = 'N', DELIMITER = ';', DEFAULT = '42');

CREATE TYPE types.shell_only;

CREATE TABLE types.all_of_them (
    id integer PRIMARY KEY,
    colour types.colour DEFAULT 'red',
    colours types.colour[] DEFAULT '{red,"it''s \"odd\", \\ and ünï"}',
    positive types.positive,
    smalls types.small[],
    words types.words,
    table_name types.table_name,
    person types.person,
    people types.person[],
    floats types.floats,
    texts types.texts[],
    number types.number,
    numbers types.number[],
    matrix int[][] DEFAULT '{{1,2},{3,4}}',
    shifted int[] DEFAULT '[-1:1]={1,2,3}'
);
INSERT INTO types.all_of_them VALUES
    (1, 'orange', '{red,NULL}', 7, '{1,99}', '{a,NULL,"NULL",""}', 'types.all_of_them',
     ROW('O''Hara, "Jo"', ROW(1, 'NaN', '-Infinity')::types.point3, '{blue}', '1970-01-01'),
     ARRAY[ROW(NULL, NULL, NULL, NULL)::types.person, NULL],
     '[1.5,infinity)', '{"[a,b)",empty,"(\"x,y\",)"}', '7', '{1;2;NULL}', DEFAULT, DEFAULT),
    (2, NULL, '{}', DEFAULT, NULL, '{}', NULL, NULL, '{}', 'empty', NULL, DEFAULT, NULL, NULL, NULL);

\if :pg14
CREATE TABLE types.multiranges (a int4multirange, b types.many_named, c types.named_multi);
INSERT INTO types.multiranges VALUES ('{[1,3),[5,9)}', '{[1,2)}', '[1,)'), ('{}', NULL, 'empty');
\endif

-- A table's row type used as a column's type, and a typed table.
CREATE TABLE types.holds_rows (id int, entry types.all_of_them);
INSERT INTO types.holds_rows SELECT id, a FROM types.all_of_them AS a;
CREATE TABLE types.typed OF types.point3 (x NOT NULL DEFAULT 0, PRIMARY KEY (x));
INSERT INTO types.typed VALUES (1, 2, 3);

-- A domain constraint which existing values violate.
CREATE TABLE types.loose_values (v types.loose);
INSERT INTO types.loose_values VALUES (-1), (5);
ALTER DOMAIN types.loose ADD CONSTRAINT "not yet" CHECK (VALUE >= 0) NOT VALID;

-- Names which mean something else on another server if they travel as OIDs.
CREATE DOMAIN types.any_table AS regclass CHECK (VALUE::text <> 'nothing');
CREATE TYPE types.pointer AS (target regclass, its_type regtype);
CREATE TABLE types.names (
    relation regclass, relations regclass[], of_domain types.any_table, of_domains types.any_table[],
    pointer types.pointer, type regtype, types regtype[], routine regproc, full_routine regprocedure,
    operator regoper, full_operator regoperator, configuration regconfig, dictionary regdictionary,
    role regrole, namespace regnamespace, namespaces regnamespace[]);
INSERT INTO types.names VALUES
    ('types.typed', '{types.typed,types.names}', 'types.holds_rows', '{types.typed}',
     ROW('types.typed', 'types.person'), 'types.colour', '{types.person,integer[]}', 'types.number_in',
     'types.number_in(cstring)', 'pg_catalog.||/', '+(integer,integer)', 'english', 'simple',
     'hard_owner', 'types', '{types,ext}');

CREATE TABLE types.privileges (acl aclitem, acls aclitem[]);
INSERT INTO types.privileges VALUES ('hard_owner=r*w/hard_other', '{=r/hard_owner,hard_reader=arwd/hard_owner}');
