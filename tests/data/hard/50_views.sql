-- Views and materialized views, on each other, with options, one never filled.

SELECT current_setting('server_version_num')::int >= 150000 AS pg15,
       current_setting('server_version_num')::int >= 170000 AS pg17 \gset

CREATE SCHEMA views;

CREATE VIEW views.simple AS SELECT id, name AS "Name" FROM tables.plain WHERE id < 100 WITH CASCADED CHECK OPTION;
CREATE VIEW views.on_simple AS SELECT * FROM views.simple WHERE "Name" <> 'it''s; x' WITH LOCAL CHECK OPTION;
CREATE VIEW views.barrier WITH (security_barrier) AS SELECT * FROM tables.columns_came WHERE a > 3;
\if :pg15
CREATE VIEW views.invoker WITH (security_invoker) AS SELECT count(*) AS n FROM tables.plain;
\endif
-- Legal only thanks to the primary key, which comes after the data.
CREATE VIEW views.needs_key AS SELECT id, name, made, count(*) AS n FROM tables.plain GROUP BY id;
CREATE VIEW views.on_needs_key AS SELECT sum(n) AS total FROM views.needs_key;
CREATE VIEW views.conflict AS
    WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n, n::text AS "?column?" FROM t;
CREATE RECURSIVE VIEW views.counts (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counts WHERE n < 3;
CREATE VIEW views.dropped_below AS SELECT b FROM tables.columns_went;
CREATE VIEW views.no_columns AS SELECT FROM tables.no_columns;
CREATE TEMPORARY VIEW never_copied AS SELECT 1;

CREATE MATERIALIZED VIEW views.first WITH (fillfactor = 60) AS
    SELECT id % 10 AS bucket, count(*) AS n FROM tables.plain GROUP BY 1;
CREATE UNIQUE INDEX first_bucket ON views.first (bucket);
CREATE VIEW views.between AS SELECT bucket, n * 2 AS doubled FROM views.first;
-- Sorts before the one it reads.
CREATE MATERIALIZED VIEW views.a_second AS SELECT sum(doubled) AS total FROM views.between;
CREATE MATERIALIZED VIEW views.a_first_of_second AS SELECT total + 1 AS more FROM views.a_second;
CREATE MATERIALIZED VIEW views.empty AS SELECT * FROM tables.plain WHERE false;
CREATE MATERIALIZED VIEW views.unpopulated AS SELECT * FROM tables.plain WITH NO DATA;
CREATE INDEX unpopulated_name ON views.unpopulated (name);
CREATE MATERIALIZED VIEW views.on_key AS SELECT id, n FROM views.needs_key WHERE id < 20;
\if :pg17
\else
-- Its function resolves names by the search path of whoever refreshes. From 17 on the server always refreshes under
-- a restricted path, so there such a view can neither be filled nor arrive filled.
CREATE MATERIALIZED VIEW views.needs_path AS SELECT code.needs_path(i) AS v FROM generate_series(1, 3) AS i;
\endif
COMMENT ON MATERIALIZED VIEW views.first IS 'comment; on -- a matview';
ALTER MATERIALIZED VIEW views.first CLUSTER ON first_bucket;
ALTER MATERIALIZED VIEW views.a_second OWNER TO hard_owner;
GRANT SELECT ON views.between TO hard_owner;
GRANT USAGE ON SCHEMA views TO hard_owner;
