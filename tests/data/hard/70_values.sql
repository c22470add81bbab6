-- Values which lose something on a careless way.

SELECT current_setting('server_version_num')::int >= 130000 AS pg13,
       current_setting('server_version_num')::int >= 140000 AS pg14 \gset

CREATE SCHEMA vals;

CREATE TABLE vals.numbers (n int, f4 real, f8 double precision, num numeric, scaled numeric(1000,500), cash money);
INSERT INTO vals.numbers VALUES
    (1, 'NaN', 'NaN', 'NaN', 0, '-92233720368547758.08'),
    (2, '-0', '-0', '-0.000', 1e-500, 0),
    (3, 'Infinity', '-Infinity', 0.1, 1e499, '92233720368547758.07'),
    (4, 1.17549435e-38, 2.2250738585072014e-308, 1e131071, NULL, NULL),
    (5, 1e-45, 4.9406564584124654e-324, 1e-16383, -1e-500, 1.005),
    (6, 3.4028235e38, 1.7976931348623157e308, 123456789012345678901234567890.123456789, 1, 1),
    (7, 0.1, 0.1 + 0.2::float8, 1.10, 1.0, 0.1),
    (-2147483648, 16777217, 9007199254740993, -1, -1, -1);
\if :pg14
INSERT INTO vals.numbers (n, num) VALUES (8, 'Infinity'), (9, '-Infinity');
\endif

CREATE TABLE vals.times (n int, d date, t time, tz timetz, ts timestamp, tstz timestamptz, i interval, r tstzrange);
SET TimeZone = 'UTC';
INSERT INTO vals.times VALUES
    (1, 'infinity', '24:00:00', '24:00:00-12', '-infinity', 'infinity', '178000000 years', '[-infinity,infinity]'),
    (2, '4713-01-01 BC', '00:00:00.000001', '00:00+15:59:59', '4713-01-01 00:00 BC', '4713-01-01 00:00+00 BC',
        '-1 year 2 mons -3 days 04:05:06.789', 'empty'),
    (3, '5874897-12-31', '23:59:59.999999', '12:00:00.5+05:45', '294276-12-31 23:59:59.999999',
        '294276-12-31 23:59:59.999999+00', '-00:00:00.000001', '(,)'),
    (4, '0001-01-01', '12:00', '12:00-08', '2001-02-03 04:05:06', '2021-10-31 02:30:00+01', '0', '[2020-01-01,2020-01-01]'),
    (5, '2001-02-03', NULL, NULL, '1999-12-31 23:59:59.9999995', '1883-11-18 12:03:58-04:56:02', '1 day -24:00', NULL);
RESET TimeZone;

CREATE TABLE vals.texts (n int PRIMARY KEY, t text, c char(5), v varchar(7), one "char", name name);
INSERT INTO vals.texts VALUES
    (1, E'\\.', 'a', E'\\N', E'\\', 'x'), (2, E'\\N', '', '', '', ''), (3, E'line\r\nfeed\rboth\n', E'\t', E'\t', 'x', 'x'),
    (4, E'\x01\x02\x08\x0b\x0c\x1b\x7f', ' a  ', 'a  ', NULL, NULL), (5, 'NULL', 'NULL', 'NULL', NULL, 'NULL'),
    (6, NULL, NULL, NULL, NULL, NULL), (7, '', '', '', '', ''), (8, E'\uFEFFbom', 'ü€😀é', '数据库', NULL, 'ü'),
    (9, '  trailing  ', '     ', '  ', ' ', ' '), (10, E'a\tb\\tc\\\\', E'\\.', E'\\.', '"', '"'),
    (11, E'\\.\n\\.\nCOPY x FROM stdin;\n\\.', NULL, NULL, '''', NULL), (12, '"quoted",''both''', NULL, NULL, ',', NULL),
    (13, E'e\u0301 vs é', NULL, NULL, 'z', NULL);
-- One line of 1.5 MB which does not compress, and one which does.
INSERT INTO vals.texts (n, t)
    SELECT 20, string_agg(md5(i::text), '' ORDER BY i) FROM generate_series(1, 49152) AS i;
INSERT INTO vals.texts (n, t) VALUES (21, repeat('same ', 300000));

CREATE TABLE vals.bytes (n int, b bytea, bits bit(11), more varbit);
INSERT INTO vals.bytes VALUES
    (1, '\x', B'00000000000', ''), (2, '\x00', B'10101010101', B'1'), (3, E'\\\\\\000\\377', NULL, B'0000000001'),
    (4, decode(repeat('00ff5c0a0d27', 1000), 'hex'), NULL, NULL);
INSERT INTO vals.bytes SELECT 5, string_agg(decode(md5(i::text), 'hex'), '' ORDER BY i) FROM generate_series(1, 20000) AS i;

CREATE TABLE vals.documents (n int, j json, jb jsonb, x xml);
INSERT INTO vals.documents VALUES
    (1, E'{ "a" : 1,\n\t"a": 2 , "b":[ ] }', '{"n": 1.10, "big": 1e400, "tiny": 1E-7, "minus": -0.0}', NULL),
    (2, '"\u00e9\u0001 \ud83d\ude00"', '"\ud83d\ude00 \\ \" \n"', NULL), (3, 'null', 'null', NULL),
    (4, NULL, NULL, NULL), (5, ' 1.000e+02 ', '12345678901234567890123456789012345678901234567890.10', NULL),
    (6, '[]', '[[], {}, "", {"": null}]', NULL);
-- xml exists as a type everywhere, but only some builds can read it.
DO $$
BEGIN
    INSERT INTO vals.documents (n, x) VALUES
        (10, XMLPARSE(CONTENT 'text <a b="1">&amp; é</a> <c/>')), (11, XMLPARSE(DOCUMENT '<?xml version="1.0"?><r> <s/></r>'));
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

CREATE TABLE vals.places (p point, l line, s lseg, b box, path path, open path, poly polygon, c circle,
    i inet, i6 inet, net cidr, mac macaddr, mac8 macaddr8, u uuid);
INSERT INTO vals.places VALUES
    ('(1e-300,-0)', '{1,-1,0}', '[(0,0),(1,1)]', '(3,4),(1,2)', '((0,0),(1,1),(2,0))', '[(0,0),(NaN,Infinity)]',
     '((0,0),(1,1),(2,0))', '<(0,0),0.1>', '192.168.0.1/24', '::ffff:1.2.3.4/96', '10.0.0.0/8', '08:00:2b:01:02:03',
     '08:00:2b:01:02:03:04:05', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11');

CREATE TABLE vals.internals (vector tsvector, query tsquery, t xid, c cid, tid tid, lsn pg_lsn, snapshot txid_snapshot,
    o oid, vec int2vector, ovec oidvector, path jsonpath, cursor refcursor);
INSERT INTO vals.internals VALUES
    ('a:1A ''it''''s'':2B,3 b', '''it''''s'' & !b:* | (c <-> d)', '4294967295', '7', '(4294967295,65535)', 'FFFFFFFF/FFFFFFFF',
     '10:20:10,14,15', 4294967295, '1 -2 3', '1 2 4294967295', '$."a b"[*] ? (@ > 1)', 'cursor "x"');
\if :pg13
CREATE TABLE vals.internals_13 (x xid8, s pg_snapshot, c regcollation);
INSERT INTO vals.internals_13 VALUES ('18446744073709551615', '10:20:10,14', 'pg_catalog."C"');
\endif

-- Read with array_nulls=off, an unquoted NULL in an array becomes a string.
CREATE TABLE vals.arrays (t text[], i int[], j jsonb[], d date[], m text[][], b bool[]);
INSERT INTO vals.arrays VALUES
    ('{NULL,"NULL",null,""," ","a,b","\"","\\"}', '{NULL,1}', '{"{\"a\": 1}",NULL}', '{infinity,-infinity,NULL}',
     '{{a,NULL},{b,c}}', '{t,NULL,f}'),
    ('[0:1]={x,y}', '[-5:-4][2:3]={{1,2},{3,4}}', '{}', '{}', '{}', NULL);
