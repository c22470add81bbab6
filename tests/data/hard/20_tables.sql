-- Tables of every shape: names, columns that went and came, storage, generated columns, indexes.

SELECT current_setting('server_version_num')::int >= 140000 AS pg14,
       current_setting('server_version_num')::int >= 150000 AS pg15,
       current_setting('server_version_num')::int >= 180000 AS pg18 \gset
SELECT coalesce(bool_or('lz4' = ANY (enumvals)), false) AS has_lz4 FROM pg_settings
    WHERE name = 'default_toast_compression' \gset
-- With -v lz4=0 the database can also go to a server built without it.
\if :{?lz4}
\else
\set lz4 1
\endif

CREATE SCHEMA tables;
CREATE SCHEMA "Schema; DROP TABLE ""x"" -- %s";

CREATE TABLE tables.plain (id bigint PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());
INSERT INTO tables.plain SELECT i, 'name ' || i, '2020-01-01 00:00+00'::timestamptz + i * interval '1 hour'
    FROM generate_series(1, 1000) AS i;

CREATE TABLE tables.empty (id int PRIMARY KEY, "NULL" text DEFAULT 'NULL');

CREATE TABLE tables.no_columns ();
INSERT INTO tables.no_columns DEFAULT VALUES;
INSERT INTO tables.no_columns DEFAULT VALUES;
INSERT INTO tables.no_columns DEFAULT VALUES;

CREATE TABLE tables.columns_went (a int, b text, c int, d text);
INSERT INTO tables.columns_went VALUES (1, 'b', 3, 'd');
ALTER TABLE tables.columns_went DROP COLUMN a, DROP COLUMN c;
CREATE TABLE tables.all_columns_went (a int);
INSERT INTO tables.all_columns_went VALUES (1), (2);
ALTER TABLE tables.all_columns_went DROP COLUMN a;

-- The old rows do not hold the new columns; their values are in the catalog.
CREATE TABLE tables.columns_came (a int PRIMARY KEY);
INSERT INTO tables.columns_came SELECT generate_series(1, 10);
ALTER TABLE tables.columns_came ADD COLUMN b text DEFAULT 'it''s', ADD COLUMN c numeric NOT NULL DEFAULT 'NaN',
    ADD COLUMN d int[] DEFAULT '{1,NULL}', ADD COLUMN "e f" timestamptz DEFAULT '2000-01-01 00:00+00';
INSERT INTO tables.columns_came (a) VALUES (11);

-- Names: quotes, percent, newline, tab, blanks, key words, 63 bytes ending within a two-byte character if cut.
CREATE TABLE "Schema; DROP TABLE ""x"" -- %s"."Tab	New
line" ("select" int PRIMARY KEY, " leading" text, "%s%n%d" text, "a""b'c;d\e" text, "$1" text);
INSERT INTO "Schema; DROP TABLE ""x"" -- %s"."Tab	New
line" VALUES (1, 'x', '%s', 'y', '$1');
CREATE TABLE tables."user" ("table" int UNIQUE, "order" text, "group" text);
CREATE TABLE tables."CaseTwin" (v int);
CREATE TABLE tables.casetwin (v int);
CREATE TABLE tables."CASETWIN" ("V" int, v int, "v " int);
INSERT INTO tables."CaseTwin" VALUES (1);
INSERT INTO tables.casetwin VALUES (2);
INSERT INTO tables."CASETWIN" VALUES (3, 4, 5);
CREATE TABLE tables.üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüx (
    id serial PRIMARY KEY, ääääääääääääääääääääääääääääääax int UNIQUE, "数据库" text CHECK ("数据库" <> ''));
INSERT INTO tables.üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüx (ääääääääääääääääääääääääääääääax, "数据库") VALUES (1, '表'), (2, '😀');
CREATE TABLE tables.a23456789_123456789_123456789_123456789_123456789_123456789_123 (
    b23456789_123456789_123456789_123456789_123456789_123456789_123 int PRIMARY KEY);

CREATE UNLOGGED TABLE tables.unlogged (id int PRIMARY KEY, v text);
INSERT INTO tables.unlogged SELECT i, 'v' || i FROM generate_series(1, 50) AS i;

CREATE TABLE tables.stored (
    packed text, outside text, inside text, flat text, number int
) WITH (fillfactor = 70, autovacuum_enabled = false, autovacuum_vacuum_scale_factor = 0.05,
        toast.autovacuum_enabled = false, toast_tuple_target = 4000, parallel_workers = 3);
ALTER TABLE tables.stored ALTER packed SET STORAGE EXTENDED, ALTER outside SET STORAGE EXTERNAL,
    ALTER inside SET STORAGE MAIN, ALTER flat SET STORAGE PLAIN,
    ALTER number SET STATISTICS 321, ALTER packed SET STATISTICS 0,
    ALTER number SET (n_distinct = -0.25, n_distinct_inherited = 7);
\if :pg14
ALTER TABLE tables.stored ALTER inside SET COMPRESSION pglz;
\if :has_lz4
\if :lz4
ALTER TABLE tables.stored ALTER packed SET COMPRESSION lz4;
\endif
\endif
\endif
INSERT INTO tables.stored SELECT repeat('p', 10000), repeat('o', 10000), repeat('i', 5000), 'flat', i
    FROM generate_series(1, 20) AS i;
CREATE STATISTICS tables.several (dependencies, ndistinct, mcv) ON number, flat FROM tables.stored;
ALTER STATISTICS tables.several OWNER TO hard_other;
\if :pg14
CREATE STATISTICS tables.expressions ON (number % 2), (upper(flat)) FROM tables.stored;
ALTER STATISTICS tables.expressions SET STATISTICS 55;
\endif

CREATE FUNCTION tables.double(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE tables.generated (
    id int PRIMARY KEY, width int, twice int GENERATED ALWAYS AS (tables.double(width)) STORED, note text,
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(note, ''))) STORED NOT NULL);
INSERT INTO tables.generated (width, note, id) SELECT i, 'running notes ' || i, i FROM generate_series(1, 100) AS i;
CREATE INDEX generated_search ON tables.generated USING gin (search);
CREATE TABLE tables.only_generated (always_one int GENERATED ALWAYS AS (1) STORED);
INSERT INTO tables.only_generated DEFAULT VALUES;
INSERT INTO tables.only_generated DEFAULT VALUES;
\if :pg18
CREATE TABLE tables.virtual (id int, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL);
INSERT INTO tables.virtual (id) VALUES (1), (2);
\endif

-- Indexes: expressions, partial, INCLUDE, options, collation, order, statistics, methods.
CREATE TABLE tables.indexed (a int, b text, c point, d int[], e tsrange, f text);
INSERT INTO tables.indexed SELECT i, 'b' || i % 7, point(i, -i), ARRAY[i, i + 1],
    tsrange('2020-01-01'::timestamp + i * interval '1 day', NULL), NULL FROM generate_series(1, 200) AS i;
CREATE UNIQUE INDEX indexed_a ON tables.indexed (a DESC NULLS LAST) INCLUDE (b, c) WITH (fillfactor = 80);
CREATE INDEX "indexed expr; ""quoted""" ON tables.indexed ((lower(b) || ';'), (a % 10) DESC) WHERE b <> 'it''s; -- x';
ALTER INDEX tables."indexed expr; ""quoted""" ALTER COLUMN 2 SET STATISTICS 77;
CREATE INDEX indexed_b ON tables.indexed (b COLLATE "C" text_pattern_ops);
CREATE INDEX indexed_hash ON tables.indexed USING hash (b);
CREATE INDEX indexed_gist ON tables.indexed USING gist (c, e) WITH (buffering = on);
CREATE INDEX indexed_spgist ON tables.indexed USING spgist (e);
CREATE INDEX indexed_gin ON tables.indexed USING gin (d) WITH (fastupdate = off, gin_pending_list_limit = 128);
CREATE INDEX indexed_brin ON tables.indexed USING brin (a int4_minmax_ops) WITH (pages_per_range = 3, autosummarize = on);
\if :pg15
CREATE UNIQUE INDEX indexed_nulls ON tables.indexed (f, a) NULLS NOT DISTINCT;
\endif
ALTER TABLE tables.indexed CLUSTER ON indexed_a;

CREATE TABLE tables.identity_full (a int, b text);
ALTER TABLE tables.identity_full REPLICA IDENTITY FULL;
INSERT INTO tables.identity_full VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
CREATE TABLE tables.identity_index (a int NOT NULL, b text);
CREATE UNIQUE INDEX identity_index_a ON tables.identity_index (a);
ALTER TABLE tables.identity_index REPLICA IDENTITY USING INDEX identity_index_a;
CREATE TABLE tables.identity_nothing (a int PRIMARY KEY);
ALTER TABLE tables.identity_nothing REPLICA IDENTITY NOTHING;

-- A nullable unique constraint, an index turned into a deferrable constraint, an exclusion constraint.
CREATE TABLE tables.booked (
    room int, during tsrange, code text, CONSTRAINT "one code" UNIQUE (code) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&, point(room, room) WITH ~=) WHERE (room > 0)
        DEFERRABLE INITIALLY DEFERRED);
INSERT INTO tables.booked VALUES (1, '[2020-01-01,2020-01-02)', 'a'), (1, '[2020-01-02,2020-01-03)', NULL),
    (2, '[2020-01-01,2020-01-02)', NULL), (-1, '[2020-01-01,2020-01-02)', 'z');
CREATE UNIQUE INDEX promoted ON tables.identity_index (b);
ALTER TABLE tables.identity_index ADD CONSTRAINT promoted_constraint UNIQUE USING INDEX promoted;
