-- Operators, classes and families, casts, conversions, collations, text search, access methods.

SELECT current_setting('server_version_num')::int >= 130000 AS pg13,
       EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS has_icu \gset

CREATE SCHEMA ops;

CREATE FUNCTION ops.number_lt(types.number, types.number) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION ops.number_le(types.number, types.number) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4le';
CREATE FUNCTION ops.number_eq(types.number, types.number) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION ops.number_ge(types.number, types.number) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
CREATE FUNCTION ops.number_gt(types.number, types.number) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION ops.number_cmp(types.number, types.number) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION ops.number_hash(types.number) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'hashint4';
CREATE OPERATOR ops.< (LEFTARG = types.number, RIGHTARG = types.number, FUNCTION = ops.number_lt,
    COMMUTATOR = OPERATOR(ops.>), NEGATOR = OPERATOR(ops.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR ops.<= (LEFTARG = types.number, RIGHTARG = types.number, FUNCTION = ops.number_le,
    COMMUTATOR = OPERATOR(ops.>=), NEGATOR = OPERATOR(ops.>));
CREATE OPERATOR ops.= (LEFTARG = types.number, RIGHTARG = types.number, FUNCTION = ops.number_eq,
    COMMUTATOR = OPERATOR(ops.=), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR ops.>= (LEFTARG = types.number, RIGHTARG = types.number, FUNCTION = ops.number_ge,
    COMMUTATOR = OPERATOR(ops.<=), NEGATOR = OPERATOR(ops.<));
CREATE OPERATOR ops.> (LEFTARG = types.number, RIGHTARG = types.number, FUNCTION = ops.number_gt,
    COMMUTATOR = OPERATOR(ops.<), NEGATOR = OPERATOR(ops.<=));
CREATE OPERATOR ops.!~~! (RIGHTARG = int, FUNCTION = int4um);

CREATE OPERATOR FAMILY ops.number_family USING btree;
CREATE OPERATOR CLASS ops.number_class DEFAULT FOR TYPE types.number USING btree FAMILY ops.number_family AS
    OPERATOR 1 ops.<, OPERATOR 2 ops.<=, OPERATOR 3 ops.=, OPERATOR 4 ops.>=, OPERATOR 5 ops.>,
    FUNCTION 1 ops.number_cmp(types.number, types.number);
CREATE OPERATOR CLASS ops.number_hash_class DEFAULT FOR TYPE types.number USING hash AS
    OPERATOR 1 ops.=, FUNCTION 1 ops.number_hash(types.number);
-- Members of the family, but of none of its classes.
CREATE FUNCTION ops.mixed_cmp(types.number, int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
ALTER OPERATOR FAMILY ops.number_family USING btree ADD FUNCTION 1 (types.number, int4) ops.mixed_cmp(types.number, int);
CREATE OPERATOR FAMILY ops.empty_family USING gist;

CREATE TABLE ops.numbers (n types.number PRIMARY KEY, m types.number);
INSERT INTO ops.numbers SELECT i::text::types.number, '7' FROM generate_series(1, 50) AS i;
CREATE INDEX numbers_m ON ops.numbers USING hash (m);

CREATE FUNCTION ops.to_number(text) RETURNS types.number LANGUAGE sql IMMUTABLE AS 'SELECT $1::types.number';
CREATE CAST (types.number AS int4) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (int4 AS types.number) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (types.colour AS types.number) WITH INOUT;
CREATE FUNCTION ops.point_to_person(types.point3) RETURNS types.person LANGUAGE sql IMMUTABLE
    AS 'SELECT ROW(NULL, $1, NULL, NULL)::types.person';
CREATE CAST (types.point3 AS types.person) WITH FUNCTION ops.point_to_person(types.point3);
COMMENT ON CAST (types.colour AS types.number) IS 'comment on a cast';

CREATE CONVERSION ops.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION ops.latin_default FOR 'LATIN2' TO 'UTF8' FROM iso8859_to_utf8;

CREATE COLLATION ops.posix (LOCALE = 'C');
\if :has_icu
CREATE COLLATION ops.no_case (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE COLLATION ops.german (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
CREATE TABLE ops.collated (
    a text COLLATE ops.no_case PRIMARY KEY, b text COLLATE ops.german, c text COLLATE ops.posix, d text COLLATE "POSIX");
INSERT INTO ops.collated VALUES ('Ab', 'Ärger', 'x', 'y'), ('ac', 'Argen', 'X', NULL);
CREATE INDEX collated_b ON ops.collated (b COLLATE ops.posix DESC);
CREATE TABLE ops.collated_parts (a text COLLATE ops.no_case) PARTITION BY LIST (a);
CREATE TABLE ops.collated_parts_a PARTITION OF ops.collated_parts FOR VALUES IN ('A');
INSERT INTO ops.collated_parts VALUES ('a'), ('A');
\endif

CREATE TEXT SEARCH PARSER ops.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
    LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE ops.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY ops.dictionary (TEMPLATE = ops.template, STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH DICTIONARY ops."snow ball" (TEMPLATE = snowball, LANGUAGE = 'german');
CREATE TEXT SEARCH CONFIGURATION ops.config (PARSER = ops.parser);
ALTER TEXT SEARCH CONFIGURATION ops.config
    ADD MAPPING FOR asciiword, word, hword WITH ops.dictionary, ops."snow ball", pg_catalog.simple;
ALTER TEXT SEARCH CONFIGURATION ops.config ADD MAPPING FOR int WITH simple;
ALTER TEXT SEARCH CONFIGURATION ops.config OWNER TO hard_owner;
ALTER TEXT SEARCH DICTIONARY ops.dictionary OWNER TO hard_other;

CREATE ACCESS METHOD my_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD my_btree TYPE INDEX HANDLER bthandler;
CREATE TABLE ops.other_heap (a int) USING my_heap;
INSERT INTO ops.other_heap VALUES (1), (2);
