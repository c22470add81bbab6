-- Extensions in schemas of their own, with a version, with changed privileges on a member.
-- Each is left out where the server does not have it.

CREATE SCHEMA ext;
CREATE SCHEMA "Ext Two";

SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hstore') AS has_hstore,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') AS has_citext,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS has_trgm,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gist') AS has_btree_gist \gset

\if :has_hstore
-- An older version than the server would choose.
CREATE EXTENSION hstore SCHEMA ext VERSION '1.4';
COMMENT ON EXTENSION hstore IS 'our own comment on hstore';
CREATE TABLE ext.with_hstore (id int PRIMARY KEY, attributes ext.hstore, several ext.hstore[]);
INSERT INTO ext.with_hstore VALUES
    (1, 'a=>1, "b c"=>"d\"e", n=>NULL', ARRAY['x=>1'::ext.hstore, NULL]),
    (2, '', '{}');
CREATE INDEX with_hstore_attributes ON ext.with_hstore USING gin (attributes);
\endif

\if :has_citext
CREATE EXTENSION citext SCHEMA "Ext Two";
CREATE TABLE ext.with_citext (name "Ext Two".citext PRIMARY KEY, note text);
INSERT INTO ext.with_citext VALUES ('Straße', 'kept as written'), ('ABC', NULL);
REVOKE EXECUTE ON FUNCTION "Ext Two".citext_cmp("Ext Two".citext, "Ext Two".citext) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "Ext Two".citext_cmp("Ext Two".citext, "Ext Two".citext) TO hard_reader;
\endif

\if :has_trgm
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE TABLE ext.with_trgm (word text);
INSERT INTO ext.with_trgm SELECT 'word ' || i FROM generate_series(1, 100) AS i;
CREATE INDEX with_trgm_word ON ext.with_trgm USING gist (word ext.gist_trgm_ops);
\endif

\if :has_btree_gist
CREATE EXTENSION btree_gist SCHEMA ext;
\endif
