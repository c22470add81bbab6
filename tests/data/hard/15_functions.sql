-- Functions, procedures and aggregates, with bodies made to mislead whoever splits SQL text.

SELECT current_setting('server_version_num')::int >= 140000 AS pg14 \gset

CREATE SCHEMA code;

CREATE FUNCTION code.semicolons(a int, b text DEFAULT 'x;y', OUT c int, OUT d text) LANGUAGE plpgsql AS $body$
BEGIN
    -- a comment; with a semicolon
    c := a; d := b || ';' || $inner$ $$ ; $$ $inner$;
END;
$body$;

CREATE FUNCTION code.fake_headers() RETURNS text LANGUAGE sql AS $_$
    SELECT '
--
-- Name: x; Type: TABLE; Schema: -; Owner: -
--

COPY public.x (a) FROM stdin;
1
\.

\connect postgres
SET ROLE hard_other;
'::text
$_$;

CREATE FUNCTION code."quote's ""and"" %s %n $1;"("arg '1'" text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 SECURITY DEFINER
    SET search_path = code, pg_temp SET "DateStyle" = 'German, DMY' SET work_mem FROM CURRENT
    AS 'SELECT ''it''''s \ '' || $1';

CREATE FUNCTION code.crlf_body() RETURNS int LANGUAGE sql AS E'SELECT 1\r\n   + 2;\r\n\t-- tab\r\n';

CREATE FUNCTION code.rows(VARIADIC numbers int[]) RETURNS TABLE (number int, "Square" bigint)
    LANGUAGE sql STABLE ROWS 3 LEAKPROOF AS 'SELECT n, n::bigint * n FROM unnest(numbers) AS n';

CREATE FUNCTION code.overloaded(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''int''::text';
CREATE FUNCTION code.overloaded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''text''::text';
CREATE FUNCTION code.overloaded(types.colour[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''colours''::text';

-- Refers to a table that comes later: only check_function_bodies=off lets it be created first.
SET check_function_bodies = off;
CREATE FUNCTION code.later() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM tables.plain';
RESET check_function_bodies;

-- Needs the caller's search path: fails where that is empty.
CREATE FUNCTION code.needs_path(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN RETURN n + pg_catalog.length(code_constant()); END';
CREATE FUNCTION public.code_constant() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''four''::text';

CREATE PROCEDURE code.work(INOUT a int, b text DEFAULT NULL) LANGUAGE plpgsql AS
    $$ BEGIN COMMIT; a := a + 1; END $$;

\if :pg14
CREATE FUNCTION code.atomic(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT 1;
    SELECT a + 1;
END;
CREATE PROCEDURE code.atomic_work(OUT b types.colour) LANGUAGE sql
BEGIN ATOMIC
    SELECT 'red'::types.colour;
END;
\endif

CREATE FUNCTION code.touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$;

-- Aggregates: plain, moving, ordered-set, hypothetical-set, variadic, parallel.
CREATE FUNCTION code.keep_last(anyelement, anyelement) RETURNS anyelement
    LANGUAGE sql IMMUTABLE AS 'SELECT $2';
CREATE AGGREGATE code.last(anyelement) (SFUNC = code.keep_last, STYPE = anyelement);
CREATE AGGREGATE code.moving_sum(int) (
    SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '0',
    COMBINEFUNC = int4pl, PARALLEL = SAFE);
CREATE AGGREGATE code.first_of(float8 ORDER BY anyelement) (
    SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE code.rank_of(VARIADIC "any" ORDER BY VARIADIC "any") (
    SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE code.smallest(int) (SFUNC = int4smaller, STYPE = int, SORTOP = <);

-- A function whose default and a view which each need the other's schema objects.
CREATE TABLE code.base (id int PRIMARY KEY, label text);
INSERT INTO code.base VALUES (1, 'one'), (2, 'two');
CREATE VIEW code.circle AS SELECT id, NULL::text AS label FROM code.base;
CREATE FUNCTION code.of_circle() RETURNS SETOF code.circle LANGUAGE sql STABLE AS 'SELECT * FROM code.base';
CREATE OR REPLACE VIEW code.circle AS SELECT c.id, c.label FROM code.of_circle() AS c;
CREATE FUNCTION code.label_exists(text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RETURN EXISTS (SELECT FROM code.checked WHERE label = $1) OR true; END $$;
CREATE TABLE code.checked (label text DEFAULT code.overloaded(1) CHECK (code.label_exists(label)));
INSERT INTO code.checked VALUES (DEFAULT), ('other');
