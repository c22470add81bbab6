"""A database of tables that are hard to follow, for every major from 10 on.

    load_zoo(server, "zoo", owner="app")

Every table may be changed by mutate.py; TRANSACTION is what an application would do with some of them.
"""

from postgres import quoted

ZOO = r"""
CREATE SCHEMA zoo;
SET search_path = zoo;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TYPE floatrange AS RANGE (subtype = float8);
CREATE TABLE keyed (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now(), n numeric, big text);
ALTER TABLE keyed ALTER big SET STORAGE EXTERNAL;
INSERT INTO keyed SELECT i, 'name ' || i, '2020-01-01'::timestamptz + i * interval '1 hour', i / 3.0,
    CASE WHEN i % 10 = 0 THEN repeat(md5(i::text), 200) END FROM generate_series(1, 300) AS i;
CREATE TABLE keyless (a int, b text, c float8, d real);
INSERT INTO keyless SELECT i % 20, 'b' || i % 7, i / 7.0, i / 3.0 FROM generate_series(1, 200) AS i;
CREATE TABLE full_identity (a int, b text);
ALTER TABLE full_identity REPLICA IDENTITY FULL;
INSERT INTO full_identity SELECT i % 5, NULLIF(i % 3, 0)::text FROM generate_series(1, 50) AS i;
CREATE TABLE by_index (a int NOT NULL, b text NOT NULL, c text);
CREATE UNIQUE INDEX by_index_ab ON by_index (b, a);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_ab;
INSERT INTO by_index SELECT i, 'x' || i, 'c' FROM generate_series(1, 50) AS i;
CREATE TABLE no_identity (a int PRIMARY KEY, b text);
ALTER TABLE no_identity REPLICA IDENTITY NOTHING;
INSERT INTO no_identity SELECT i, 'n' FROM generate_series(1, 20) AS i;
CREATE TABLE nullable_unique (a int UNIQUE, b text, UNIQUE (b));
INSERT INTO nullable_unique SELECT NULLIF(i % 2, 0) * i, NULLIF(i % 3, 0)::text || i FROM generate_series(1, 40) AS i;
CREATE TABLE float_key (k float8 PRIMARY KEY, r real UNIQUE, v text);
INSERT INTO float_key SELECT i / 7.0, i / 11.0, 'v' FROM generate_series(1, 50) AS i;
INSERT INTO float_key VALUES ('NaN', 'NaN', 'nan'), ('Infinity', '-Infinity', 'inf'), ('-0', '-0', 'zero'), (1e-310, 1e-40, 'tiny');
CREATE TABLE odd (id int PRIMARY KEY, m mood, p positive, q pair, qs pair[], r int4range, f floatrange, x xml, j json,
    b jsonb, y money, t bit(5), v bit varying, c "char", reg regclass, typ regtype, i inet, mac macaddr, iv interval,
    ba bytea, ts tsvector, pt point, arr int[], two text[], ch char(5), tz timetz, num numeric(20, 5), u uuid, nam name,
    ms mood[], o oid, ln line, d date);
INSERT INTO odd SELECT i, (enum_range(NULL::mood))[1 + i % 3], i, ROW(i, E'quo"te\\\t' || i)::pair,
    ARRAY[ROW(i, NULL)::pair, NULL, ROW(NULL, 'x,(y)')::pair], int4range(i, i + 5), floatrange(i / 3.0, i),
    ('<a b="' || i || '">&lt;</a>')::xml, '{"k":  1, "k": 2}', '{"z": 1e10, "a": "\u00e9"}', i * 1234.56, B'10101', B'1',
    'x', 'zoo.keyed', 'zoo.mood', '10.0.0.1/8', '08:00:2b:01:02:03', '1 year -2 days 03:04:05.678', '\x00ff5c27',
    'a:1 b:2', point(i, 1 / 3.0), ARRAY[1, NULL, i], ARRAY[['a', NULL], ['', '{}"\']], 'ab', '12:00:00+05:30', i / 3.0,
    md5(i::text)::uuid, 'name' || i, ARRAY['sad', 'happy']::mood[], 4294967295, '{1,2,3}', '0044-03-15 BC'
    FROM generate_series(1, 30) AS i;
INSERT INTO odd (id) VALUES (1000);
CREATE TABLE odd_keyless AS SELECT m, p, q, qs, r, f, x, j, b, y, t, v, c, reg, iv, ba, pt, arr, two, ch, tz, ms, ln, d FROM odd;
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (extra int, PRIMARY KEY (id)) INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
INSERT INTO parent SELECT i, 'p' FROM generate_series(1, 10) AS i;
INSERT INTO child SELECT i, 'c', i FROM generate_series(11, 20) AS i;
INSERT INTO grandchild SELECT i, 'g', i FROM generate_series(21, 30) AS i;
CREATE TABLE by_range (at date NOT NULL, v text) PARTITION BY RANGE (at);
CREATE TABLE by_range_1 PARTITION OF by_range FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE by_range_2 PARTITION OF by_range FOR VALUES FROM ('2021-01-01') TO ('2030-01-01') PARTITION BY LIST (v);
CREATE TABLE by_range_2_a PARTITION OF by_range_2 FOR VALUES IN ('a', 'b');
CREATE TABLE by_range_2_b PARTITION OF by_range_2 FOR VALUES IN ('c', NULL);
INSERT INTO by_range SELECT '2020-06-01'::date + i * 10, (ARRAY['a', 'b', 'c', NULL])[1 + i % 4] FROM generate_series(1, 60) AS i;
CREATE TABLE referred (id serial PRIMARY KEY, code text UNIQUE NOT NULL);
CREATE TABLE refers (id serial PRIMARY KEY, referred int REFERENCES referred ON DELETE CASCADE, up int REFERENCES refers,
    code text REFERENCES referred (code) ON UPDATE CASCADE);
INSERT INTO referred (code) SELECT 'c' || i FROM generate_series(1, 30) AS i;
INSERT INTO refers (referred, up, code) SELECT i, NULLIF(i - 1, 0), 'c' || i FROM generate_series(1, 30) AS i;
CREATE TABLE identity_always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
INSERT INTO identity_always (v) SELECT 'v' || i FROM generate_series(1, 20) AS i;
CREATE TABLE swapped (id int PRIMARY KEY, place int NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO swapped SELECT i, i FROM generate_series(1, 20) AS i;
CREATE TABLE booked (room int, during int4range, EXCLUDE USING gist (during WITH &&) WHERE (room > 0));
INSERT INTO booked SELECT i, int4range(i * 10, i * 10 + 5) FROM generate_series(1, 20) AS i;
CREATE TABLE protected (id int PRIMARY KEY, who text);
INSERT INTO protected SELECT i, 'somebody' FROM generate_series(1, 20) AS i;
ALTER TABLE protected ENABLE ROW LEVEL SECURITY;
ALTER TABLE protected FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON protected FOR ALL USING (true);
CREATE TABLE columns_went (a int, b text, c int PRIMARY KEY, d text);
INSERT INTO columns_went SELECT i, 'b', i, 'd' || i FROM generate_series(1, 20) AS i;
ALTER TABLE columns_went DROP COLUMN a, ADD COLUMN e text DEFAULT 'e';
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE "Odd ""name"", it's %s" ("select" int PRIMARY KEY, "a""b'c\%n" text, "Ünï" text);
INSERT INTO "Odd ""name"", it's %s" SELECT i, 'x', E'\u00e9\n' FROM generate_series(1, 10) AS i;
CREATE TABLE audited (id int PRIMARY KEY, v text);
CREATE TABLE audit (id serial PRIMARY KEY, what text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO zoo.audit (what) VALUES (TG_OP); RETURN NULL; END';
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON audited FOR EACH ROW EXECUTE PROCEDURE audit();
INSERT INTO audited SELECT i, 'v' FROM generate_series(1, 20) AS i;
CREATE TABLE small_list (v text);
CREATE RULE copied AS ON INSERT TO small_list DO ALSO INSERT INTO zoo.audit (what) VALUES ('rule');
INSERT INTO small_list VALUES ('x');
CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY, v text);
INSERT INTO fleeting SELECT i, 'f' FROM generate_series(1, 20) AS i;
CREATE SEQUENCE numbers INCREMENT -3 MAXVALUE 1000 START 500;
CREATE MATERIALIZED VIEW sums AS SELECT a, count(*) AS n FROM keyless GROUP BY a;
CREATE VIEW some_keyed AS SELECT id, name FROM keyed WHERE id < 10;
"""

SINCE_11 = r"""
CREATE TABLE by_hash (m mood, n int) PARTITION BY HASH (m);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO by_hash SELECT (enum_range(NULL::mood))[1 + i % 3], i FROM generate_series(1, 60) AS i;
CREATE TABLE hash_keyed (m mood, n int, v text, PRIMARY KEY (n, m)) PARTITION BY HASH (m);
CREATE TABLE hash_keyed_0 PARTITION OF hash_keyed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hash_keyed_1 PARTITION OF hash_keyed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hash_keyed SELECT (enum_range(NULL::mood))[1 + i % 3], i FROM generate_series(1, 60) AS i;
CREATE TABLE with_default (id int, kind text, v text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE with_default_a PARTITION OF with_default FOR VALUES IN ('a');
CREATE TABLE with_default_rest PARTITION OF with_default DEFAULT;
INSERT INTO with_default SELECT i, chr(97 + i % 4), 'v' FROM generate_series(1, 40) AS i;
"""

SINCE_12 = r"""
CREATE TABLE generated (id int PRIMARY KEY, w int, twice int GENERATED ALWAYS AS (w * 2) STORED, note text);
INSERT INTO generated (id, w, note) SELECT i, i, 'n' FROM generate_series(1, 20) AS i;
"""

EXTENSIONS = r"""
CREATE EXTENSION citext SCHEMA public;
CREATE EXTENSION hstore SCHEMA public;
"""

# Extensions are there: made by a superuser where the owner may not.
WITH_EXTENSIONS = r"""
CREATE TABLE zoo.extended (name public.citext PRIMARY KEY, h public.hstore, hs public.hstore[]);
INSERT INTO zoo.extended SELECT 'Name ' || i, public.hstore(ARRAY['k' || i, NULL, 'q"', '=>' || i]),
    ARRAY[public.hstore('a', 'b')] FROM generate_series(1, 20) AS i;
"""

TRANSACTION = r"""
INSERT INTO zoo.keyed VALUES (1000 + %(n)s, 'writer', now(), %(n)s / 3.0, repeat('x', %(n)s %% 50 * 100));
UPDATE zoo.keyed SET name = name || '!' WHERE id %% 50 = %(n)s %% 50;
UPDATE zoo.keyed SET id = id + 100000 WHERE id = 1000 + %(m)s AND %(n)s %% 3 = 0;
DELETE FROM zoo.keyed WHERE id = %(n)s;
INSERT INTO zoo.keyless VALUES (%(n)s, 'w', %(n)s / 7.0, %(n)s / 3.0), (1, 'same', 0.1, 0.1);
UPDATE zoo.keyless SET b = 'changed', c = c + 0.1 WHERE a = %(m)s;
DELETE FROM zoo.keyless WHERE a = 1 AND b = 'same' AND %(n)s %% 2 = 0;
UPDATE zoo.float_key SET v = v || %(n)s, k = k + 1e-9 WHERE k BETWEEN %(n)s %% 7 + 0.05 AND %(n)s %% 7 + 0.5;
UPDATE zoo.odd SET m = 'ok', y = y + 1::money, qs = qs || ROW(%(n)s, 'w')::zoo.pair WHERE id = 1 + %(n)s %% 30;
UPDATE zoo.swapped SET place = 21 - place WHERE %(n)s %% 5 = 0;
SAVEPOINT inner_one;
INSERT INTO zoo.by_range VALUES ('2020-05-01'::date + %(n)s, 'a');
UPDATE zoo.by_range SET v = 'b' WHERE at = '2020-05-01'::date + %(m)s;
ROLLBACK TO inner_one;
INSERT INTO zoo.by_range VALUES ('2020-07-01'::date + %(n)s, 'a');
INSERT INTO zoo.referred (code) VALUES ('w%(n)s');
INSERT INTO zoo.refers (referred, code) SELECT id, code FROM zoo.referred WHERE code = 'w%(n)s';
DELETE FROM zoo.referred WHERE code = 'w%(m)s' AND %(n)s %% 2 = 0;
INSERT INTO zoo.audited VALUES (1000 + %(n)s, 'w');
DELETE FROM zoo.audited WHERE id = 1000 + %(m)s;
INSERT INTO zoo.fleeting VALUES (1000 + %(n)s, 'w');
SELECT nextval('zoo.numbers') WHERE %(n)s < 300;
"""


def load_zoo(postgres, name, owner=None, extensions=True):
    """Creates the database, everything in it owned by `owner`. Extensions are a superuser's work."""
    postgres.create_database(name, owner=owner)
    if extensions:
        postgres.psql(EXTENSIONS, name)
    script = f"SET ROLE {quoted(owner)};" if owner else ""
    script += ZOO + (SINCE_11 if postgres.major >= 11 else "") + (SINCE_12 if postgres.major >= 12 else "")
    script += WITH_EXTENSIONS if extensions else ""
    postgres.psql(
        script + "SELECT lo_from_bytea(4711, 'first'), lo_from_bytea(4712, decode(repeat('00ff', 5000), 'hex'))", name
    )
    return name
