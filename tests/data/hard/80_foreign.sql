-- Foreign data, languages, transforms, publications.

SELECT current_setting('server_version_num')::int >= 130000 AS pg13,
       current_setting('server_version_num')::int >= 150000 AS pg15,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw') AS has_postgres_fdw \gset

CREATE SCHEMA far;

CREATE FOREIGN DATA WRAPPER no_handler OPTIONS (debug 'it''s; "true"');
\if :has_postgres_fdw
CREATE EXTENSION postgres_fdw SCHEMA ext;
CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'it''s', fetch_size '7');
CREATE USER MAPPING FOR hard_owner SERVER away OPTIONS (user 'x', password 'secret; ''quoted''');
CREATE USER MAPPING FOR PUBLIC SERVER away;
CREATE FOREIGN TABLE far.away (id int OPTIONS (column_name 'the id') NOT NULL, v text COLLATE "C" DEFAULT 'x', CHECK (id > 0))
    SERVER away OPTIONS (schema_name 's', table_name 't; x');
ALTER FOREIGN TABLE far.away OWNER TO hard_owner;
-- A partition that lives elsewhere.
CREATE TABLE far.mixed (id int) PARTITION BY RANGE (id);
CREATE TABLE far.mixed_here PARTITION OF far.mixed FOR VALUES FROM (0) TO (10);
CREATE FOREIGN TABLE far.mixed_away PARTITION OF far.mixed FOR VALUES FROM (10) TO (20) SERVER away;
INSERT INTO far.mixed VALUES (1), (2);
\endif
CREATE SERVER "no where" TYPE 'type''s' VERSION '1;2' FOREIGN DATA WRAPPER no_handler OPTIONS (anything 'goes');
CREATE USER MAPPING FOR "hard ""quoted"" Ünï'role" SERVER "no where" OPTIONS (a 'b');
ALTER SERVER "no where" OWNER TO hard_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER no_handler TO hard_other WITH GRANT OPTION;
GRANT USAGE ON FOREIGN SERVER "no where" TO hard_reader;
CREATE FOREIGN TABLE far.nowhere (a int, b text) SERVER "no where" OPTIONS (x 'y');

-- A procedural language: the call handler of PL/pgSQL under another name.
CREATE FUNCTION far.call() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION far.inline(internal) RETURNS void STRICT LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION far.validate(oid) RETURNS void STRICT LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE plhard HANDLER far.call INLINE far.inline VALIDATOR far.validate;
ALTER LANGUAGE plhard OWNER TO hard_owner;
CREATE FUNCTION far.in_plhard(a int) RETURNS int LANGUAGE plhard AS $x$ BEGIN RETURN a + 1; END $x$;

-- A transform needs functions of a certain shape only; none of these is ever called.
CREATE FUNCTION far.colour_to_sql(internal) RETURNS types.colour LANGUAGE internal IMMUTABLE AS 'int4recv';
CREATE FUNCTION far.colour_from_sql(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'prsd_lextype';
CREATE TRANSFORM FOR types.colour LANGUAGE plhard (
    FROM SQL WITH FUNCTION far.colour_from_sql(internal), TO SQL WITH FUNCTION far.colour_to_sql(internal));

CREATE PUBLICATION hard_some FOR TABLE tables.plain, tables."user" WITH (publish = 'insert, delete');
CREATE PUBLICATION "hard nothing; %s";
ALTER PUBLICATION "hard nothing; %s" OWNER TO hard_owner;
\if :pg13
CREATE PUBLICATION hard_root FOR TABLE parts.events WITH (publish_via_partition_root = true);
\endif
\if :pg15
CREATE PUBLICATION hard_filtered FOR TABLE tables.columns_came (a, b) WHERE (a > 3);
CREATE PUBLICATION hard_schema FOR TABLES IN SCHEMA cons;
\endif

-- Optional (psql -v subscription=1), for it forbids DROP DATABASE until it is gone. It never connects.
\if :{?subscription}
CREATE SUBSCRIPTION hard_subscription CONNECTION 'host=192.0.2.1 dbname=nowhere password=secret'
    PUBLICATION one, "Two" WITH (connect = false, slot_name = NONE, synchronous_commit = local);
COMMENT ON SUBSCRIPTION hard_subscription IS 'comment on a subscription';
\endif
