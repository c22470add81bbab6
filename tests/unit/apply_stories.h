/* SPDX-License-Identifier: MIT */
/* Transactions on a followed source, as SQL; for tests/unit/engine/test_apply.c. */
#ifndef TESTS_UNIT_APPLY_STORIES_H
#define TESTS_UNIT_APPLY_STORIES_H

struct story {
    int since; /* server_version_num */
    const char *name;
    const char *schema;
    const char *changes; /* each line ending with "; " is one transaction */
};

static const struct story stories[] = {
    {100000, "plain rows",
     "CREATE TABLE item (id int PRIMARY KEY, text text, number numeric(10,2), at timestamptz)",
     "INSERT INTO item SELECT i, 'item ' || i, i / 7.0, now() FROM generate_series(1, 2000) i;\n"
     "UPDATE item SET text = text || '!' WHERE id % 3 = 0;\n"
     "UPDATE item SET number = NULL WHERE id % 5 = 0;\n"
     "DELETE FROM item WHERE id % 7 = 0;\n"
     "BEGIN; INSERT INTO item VALUES (5000, 'a'); UPDATE item SET text = 'b' WHERE id = 5000;"
     " DELETE FROM item WHERE id = 5000; INSERT INTO item VALUES (5000, 'c'); COMMIT;\n"
     "INSERT INTO item VALUES (6000, 'x'); DELETE FROM item WHERE id = 6000;\n"
     "DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (1, 'again');\n"},
    {100000, "keys that change",
     "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT i, 'v' || i"
     " FROM generate_series(1, 100) i",
     "UPDATE item SET id = id + 1000;\n"
     "UPDATE item SET id = -id, v = v || '-' WHERE id % 2 = 0;\n"
     "BEGIN; UPDATE item SET id = 1 WHERE id = 1001; UPDATE item SET id = 2 WHERE id = 1;"
     " INSERT INTO item VALUES (1, 'new'); UPDATE item SET id = 3 WHERE id = 2; COMMIT;\n"
     "BEGIN; DELETE FROM item WHERE id = 3; UPDATE item SET id = 3 WHERE id = 1003; COMMIT;\n"},
    {100000, "toast",
     "CREATE TABLE item (id int PRIMARY KEY, small text, large text, other text);"
     "ALTER TABLE item ALTER large SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL;"
     "INSERT INTO item SELECT i, 's', repeat('x' || i, 5000), repeat('y' || i, 3000) FROM generate_series(1, "
     "20) i",
     "UPDATE item SET small = 't' || id;\n"
     "UPDATE item SET other = repeat('z', 4000) WHERE id % 2 = 0;\n"
     "UPDATE item SET large = NULL WHERE id % 3 = 0;\n"
     "UPDATE item SET id = id + 100 WHERE id < 10;\n"
     "BEGIN; UPDATE item SET small = 'u' WHERE id = 15; UPDATE item SET id = 200 WHERE id = 15;"
     " UPDATE item SET small = 'w' WHERE id = 200; COMMIT;\n"
     "BEGIN; INSERT INTO item VALUES (300, 'n', repeat('n', 9000), NULL); UPDATE item SET small = 'o' WHERE "
     "id = 300;"
     " UPDATE item SET id = 301 WHERE id = 300; COMMIT;\n"},
    {100000, "rows without a key",
     "CREATE TABLE log (a int, b text, c json, p point); ALTER TABLE log REPLICA IDENTITY FULL;"
     "INSERT INTO log SELECT i % 10, 'b' || i % 3, '{\"a\": 1}', point(i % 3, 0.1) FROM generate_series(1, "
     "300) i",
     "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log LIMIT 7);\n"
     "UPDATE log SET b = NULL WHERE a = 3;\n"
     "UPDATE log SET a = a + 1;\n"
     "INSERT INTO log SELECT 1, 'b1', NULL, NULL FROM generate_series(1, 5);\n"
     "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE a = 1 AND p IS NULL LIMIT 2);\n"
     "BEGIN; INSERT INTO log VALUES (99, 'x'); INSERT INTO log VALUES (99, 'x'); DELETE FROM log WHERE ctid ="
     " (SELECT max(ctid) FROM log); COMMIT;\n"},
    {100000, "full identity with toast and a key",
     "CREATE TABLE item (id int PRIMARY KEY, t text, u text); ALTER TABLE item ALTER t SET STORAGE EXTERNAL;"
     "ALTER TABLE item REPLICA IDENTITY FULL; INSERT INTO item SELECT i, repeat('t', 5000), 'u' FROM"
     " generate_series(1, 30) i",
     "UPDATE item SET u = id::text;\nUPDATE item SET id = id + 100;\nDELETE FROM item WHERE id > 125;\n"},
    {100000, "full identity with toast, no key",
     "CREATE TABLE item (id int, t text, u text); ALTER TABLE item ALTER t SET STORAGE EXTERNAL;"
     "ALTER TABLE item REPLICA IDENTITY FULL; INSERT INTO item SELECT i, repeat('t', 5000), 'u' FROM"
     " generate_series(1, 30) i",
     "UPDATE item SET u = id::text;\nUPDATE item SET id = id + 100;\nDELETE FROM item WHERE id > 125;\n"},
    {100000, "identity by index",
     "CREATE TABLE item (a int, code text NOT NULL, n numeric NOT NULL, v int); CREATE UNIQUE INDEX "
     "item_code ON item"
     " (code, n); ALTER TABLE item REPLICA IDENTITY USING INDEX item_code",
     "INSERT INTO item SELECT i, 'c' || i % 10, i, 0 FROM generate_series(1, 100) i;\n"
     "UPDATE item SET v = v + 1 WHERE a < 50;\nUPDATE item SET n = n + 0.50 WHERE a > 90;\n"
     "DELETE FROM item WHERE code = 'c3';\n"},
    {100000, "another unique index",
     "CREATE TABLE member (id int PRIMARY KEY, mail text UNIQUE, n int); INSERT INTO member SELECT i, 'm' || "
     "i, 0"
     " FROM generate_series(1, 50) i",
     "BEGIN; UPDATE member SET mail = 'free' WHERE id = 1; UPDATE member SET mail = 'm1' WHERE id = 2;"
     " UPDATE member SET mail = 'm2' WHERE id = 1; COMMIT;\n"
     "DELETE FROM member WHERE id = 3; INSERT INTO member VALUES (99, 'm3');\n"
     "BEGIN; INSERT INTO member VALUES (100, 'new'); UPDATE member SET mail = 'older' WHERE id = 100;"
     " INSERT INTO member VALUES (101, 'new'); DELETE FROM member WHERE id = 101; INSERT INTO member VALUES "
     "(102,"
     " 'new'); COMMIT;\n"
     "UPDATE member SET id = id + 500, n = n + 1 WHERE id < 20;\n"},
    {100000, "unique indexes of every kind",
     "CREATE TABLE m (id int PRIMARY KEY, mail text, n int, big text, span int4range, EXCLUDE USING gist "
     "(span WITH &&));"
     "ALTER TABLE m ALTER big SET STORAGE EXTERNAL; CREATE UNIQUE INDEX ON m (lower(mail)) WHERE n >= 0;"
     "INSERT INTO m SELECT i, 'M' || i, i, repeat('b' || i, 3000), int4range(i * 10, i * 10 + 5) FROM"
     " generate_series(1, 60) i",
     "UPDATE m SET n = n + 1000;\n"
     "BEGIN; UPDATE m SET mail = 'free' WHERE id = 1; UPDATE m SET mail = 'm1' WHERE id = 2; UPDATE m SET "
     "mail = 'm2'"
     " WHERE id = 1; COMMIT;\n"
     "BEGIN; UPDATE m SET span = int4range(1000, 1001) WHERE id = 5; UPDATE m SET span = int4range(50, 55), "
     "big = 'x'"
     " WHERE id = 6; UPDATE m SET span = int4range(60, 65) WHERE id = 5; COMMIT;\n"
     "UPDATE m SET n = -1 WHERE id IN (10, 11);\nUPDATE m SET mail = 'm12' WHERE id = 10;\n"
     "DELETE FROM m WHERE id = 20; UPDATE m SET mail = 'm20' WHERE id = 21; UPDATE m SET id = 20 WHERE id = "
     "22;\n"
     "UPDATE m SET mail = NULL WHERE id > 50;\nUPDATE m SET id = id + 100, mail = 'q' || id WHERE id BETWEEN "
     "30 AND"
     " 40;\n"},
    {110000, "truncate",
     "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);"
     "INSERT INTO a SELECT generate_series(1, 10); INSERT INTO b SELECT i, i FROM generate_series(1, 10) i",
     "INSERT INTO a VALUES (11);\nBEGIN; INSERT INTO b VALUES (11, 11); TRUNCATE a, b; INSERT INTO a VALUES "
     "(1);"
     " COMMIT;\nINSERT INTO b VALUES (1, 1);\nTRUNCATE a CASCADE;\nINSERT INTO a VALUES (7);\n"},
    {110000, "partitions",
     "CREATE TABLE m (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
     "CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
     "CREATE TABLE m2 PARTITION OF m FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
     "CREATE TABLE md PARTITION OF m DEFAULT",
     "INSERT INTO m SELECT i, date '2020-06-01' + i, 'v' FROM generate_series(1, 500) i;\n"
     "UPDATE m SET at = at + 200 WHERE id % 3 = 0;\nDELETE FROM m WHERE id % 5 = 0;\nTRUNCATE m1;\n"
     "INSERT INTO m VALUES (1, '2019-01-01', 'd');\nTRUNCATE m;\nINSERT INTO m VALUES (2, '2020-02-02');\n"},
    {110000, "hash partitions of an enum",
     "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'angry', 'tired'); CREATE TABLE m (id int, mood mood, "
     "v int,"
     " PRIMARY KEY (id, mood)) PARTITION BY HASH (mood); CREATE TABLE leaf0 PARTITION OF m FOR VALUES WITH "
     "(MODULUS 2,"
     " REMAINDER 0); CREATE TABLE leaf1 PARTITION OF m FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
     "INSERT INTO m SELECT i, (enum_range(NULL::mood))[1 + i % 5], 0 FROM generate_series(1, 100) i;\n"
     "UPDATE m SET mood = 'happy' WHERE id % 2 = 0;\nUPDATE m SET v = 1 WHERE id % 3 = 0;\n"
     "DELETE FROM m WHERE id > 80;\n"},
    {110000, "types",
     "CREATE EXTENSION citext; CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE pair AS (a int, "
     "b text);"
     "CREATE TABLE t (id citext PRIMARY KEY, b bool, c char(5), d \"char\", e bit(3), f varbit, g bytea, h "
     "inet,"
     " i interval, j jsonb, k int[], l text[], m money, n name, o oid, p pair, q positive, r int4range, s "
     "tsvector,"
     " u uuid, v varchar(3), w regclass, x xml, y real, z double precision, aa timetz, ab date, ac "
     "numeric[], ad pair[],"
     " ae regtype, af macaddr)",
     "INSERT INTO t (id, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, "
     "ad, ae, af)"
     " VALUES ('A', true, 'ab', 'x', '101', '1', '\\x00ff', '10.0.0.1/8', '1 mon -3 days 04:05:06.7',"
     " '{\"a\": [1, null]}', '{1,NULL,3}', '{\"a\\\"b\",\"c\\\\d\",NULL,\"\"}', '1234.5', 'nm', 7, '(1,\"x "
     "y\")', 5,"
     " '[1,5)', 'a:1 b:2', '11111111-1111-1111-1111-111111111111', 'abc', 'pg_class', '<a>b</a>', 1.1, 0.1,"
     " '12:00:00+03', '0044-03-15 BC', '{1.10,NaN}', '{\"(1,a)\",\"(,)\"}', 'integer[]', "
     "'08:00:2b:01:02:03');\n"
     "UPDATE t SET c = NULL, l = '{}', k = NULL, w = '0', d = '', x = NULL, y = 'NaN', z = '-Infinity', ab = "
     "'infinity';\n"
     "UPDATE t SET id = 'a';\nUPDATE t SET v = 'é', l = ARRAY[E'\\t\\n\\r\\\\', '{}', 'NULL'];\n"},
    {120000, "generated, identity, dropped columns, odd names",
     "CREATE TABLE \"We\"\"ird ' %s\" (\"Key %d\" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int,"
     " \"a,b\" int, double int GENERATED ALWAYS AS (\"a,b\" * 2) STORED, other int GENERATED ALWAYS AS "
     "IDENTITY"
     " (START 1000)); ALTER TABLE \"We\"\"ird ' %s\" DROP COLUMN gone; CREATE TABLE nothing ();"
     "CREATE TABLE only_generated (g int GENERATED ALWAYS AS (1) STORED)",
     "INSERT INTO \"We\"\"ird ' %s\" (\"a,b\") SELECT generate_series(1, 20);\n"
     "UPDATE \"We\"\"ird ' %s\" SET \"a,b\" = \"a,b\" + 1, other = DEFAULT WHERE \"a,b\" > 10;\n"
     "INSERT INTO nothing DEFAULT VALUES;\nINSERT INTO nothing DEFAULT VALUES;\n"
     "INSERT INTO only_generated DEFAULT VALUES;\n"},
    {100000, "triggers and rules",
     "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE seen (id int); CREATE FUNCTION f() RETURNS "
     "trigger"
     " LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NEW; END';"
     "CREATE TRIGGER o AFTER INSERT ON t FOR EACH ROW EXECUTE PROCEDURE f();"
     "CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE PROCEDURE f();"
     "ALTER TABLE t ENABLE ALWAYS TRIGGER a; CREATE RULE r AS ON INSERT TO t WHERE NEW.id > 1000 DO INSTEAD "
     "NOTHING;"
     "ALTER TABLE t ENABLE ALWAYS RULE r",
     "INSERT INTO t SELECT i, 0 FROM generate_series(1, 10) i;\nUPDATE t SET n = 1;\nINSERT INTO t VALUES "
     "(2000, 0);\n"},
    {100000, "foreign keys that cascade",
     "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE "
     "CASCADE ON"
     " UPDATE CASCADE, s int REFERENCES c ON DELETE SET NULL); CREATE TABLE r (p int PRIMARY KEY REFERENCES "
     "p ON DELETE"
     " RESTRICT)",
     "INSERT INTO p SELECT generate_series(1, 50);\nINSERT INTO c SELECT i, i, NULL FROM generate_series(1, "
     "50) i;\n"
     "UPDATE c SET s = id - 1 WHERE id > 1;\nDELETE FROM c WHERE id = 10;\nDELETE FROM p WHERE id < 20;\n"
     "INSERT INTO r VALUES (30);\nBEGIN; DELETE FROM r; DELETE FROM p WHERE id = 30; INSERT INTO p VALUES "
     "(30); INSERT"
     " INTO c VALUES (130, 30); COMMIT;\nUPDATE p SET id = 500 WHERE id = 40;\n"},
    {100000, "many tables and subtransactions",
     "DO $$ BEGIN FOR i IN 1..60 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v int)', i); END "
     "LOOP; END"
     " $$",
     "DO $$ BEGIN FOR i IN 1..60 LOOP EXECUTE format('INSERT INTO t%s SELECT g, 0 FROM generate_series(1, "
     "20) g', i);"
     " BEGIN EXECUTE format('UPDATE t%s SET v = 1', i); IF i % 3 = 0 THEN RAISE EXCEPTION 'back'; END IF; "
     "EXCEPTION WHEN"
     " raise_exception THEN NULL; END; END LOOP; END $$;\n"},
    {100000, "columns of another order on the target", "CREATE TABLE t (a int PRIMARY KEY, b text, c int)",
     "INSERT INTO t VALUES (1, 'x', 2), (2, NULL, 3);\nUPDATE t SET b = 'y' WHERE a = 2;\n"},
};

#endif
