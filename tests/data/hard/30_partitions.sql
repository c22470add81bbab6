-- Partitions: all strategies, of partitions, elsewhere, out of order, with things of their own.

SELECT current_setting('server_version_num')::int >= 130000 AS pg13 \gset

CREATE SCHEMA parts;
CREATE SCHEMA parts_elsewhere;

CREATE TABLE parts.events (at date NOT NULL, kind text NOT NULL, id bigint NOT NULL, note text DEFAULT 'root',
    PRIMARY KEY (at, kind, id)) PARTITION BY RANGE (at);
CREATE TABLE parts.events_old PARTITION OF parts.events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE parts.events_2020 PARTITION OF parts.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')
    PARTITION BY LIST (kind);
CREATE TABLE parts.events_2020_ab PARTITION OF parts.events_2020 FOR VALUES IN ('a', 'b');
CREATE TABLE parts.events_2020_rest PARTITION OF parts.events_2020 DEFAULT PARTITION BY HASH (id);
CREATE TABLE parts.events_2020_rest_0 PARTITION OF parts.events_2020_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts.events_2020_rest_1 PARTITION OF parts.events_2020_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE parts_elsewhere.events_2021 PARTITION OF parts.events (note DEFAULT 'elsewhere', CHECK (note <> ''))
    FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') WITH (fillfactor = 50);
CREATE TABLE parts.events_default PARTITION OF parts.events DEFAULT;

-- Attached with another column order, with a dropped column between.
CREATE TABLE parts.events_2022 (note text, gone int, id bigint NOT NULL, kind text NOT NULL, at date NOT NULL);
ALTER TABLE parts.events_2022 DROP COLUMN gone;
ALTER TABLE parts.events ATTACH PARTITION parts.events_2022 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');

INSERT INTO parts.events (at, kind, id)
SELECT '2019-06-01'::date + i, chr(97 + i % 5), i FROM generate_series(1, 2000) AS i;

CREATE INDEX events_note ON parts.events (note);
CREATE INDEX events_2022_only ON parts.events_2022 (id) WHERE kind = 'a';
-- Left invalid: not every partition has its part of it.
CREATE INDEX events_incomplete ON ONLY parts.events (kind);
CREATE INDEX events_2022_kind ON parts.events_2022 (kind);
ALTER INDEX parts.events_incomplete ATTACH PARTITION parts.events_2022_kind;

-- The hash of an enum is that of its OID, which differs on every server.
CREATE TABLE parts.by_colour (colour types.colour, n int) PARTITION BY HASH (colour);
CREATE TABLE parts.by_colour_0 PARTITION OF parts.by_colour FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parts.by_colour_1 PARTITION OF parts.by_colour FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parts.by_colour_2 PARTITION OF parts.by_colour FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO parts.by_colour SELECT (enum_range(NULL::types.colour))[1 + i % 4], i FROM generate_series(1, 100) AS i;

CREATE TABLE parts.by_expression (a int, b text COLLATE "C") PARTITION BY RANGE ((a % 10), b COLLATE "C" text_pattern_ops);
CREATE TABLE parts.by_expression_low PARTITION OF parts.by_expression
    FOR VALUES FROM (MINVALUE, MINVALUE) TO (5, 'it''s');
CREATE TABLE parts.by_expression_high PARTITION OF parts.by_expression
    FOR VALUES FROM (5, 'it''s') TO (MAXVALUE, MAXVALUE);
INSERT INTO parts.by_expression SELECT i, chr(97 + i % 26) FROM generate_series(1, 100) AS i;

CREATE TABLE parts.by_list (v text) PARTITION BY LIST (lower(v));
CREATE TABLE parts.by_list_null PARTITION OF parts.by_list FOR VALUES IN (NULL, 'null', '');
CREATE TABLE parts.by_list_rest PARTITION OF parts.by_list DEFAULT;
INSERT INTO parts.by_list VALUES (NULL), ('NULL'), (''), ('x');

-- Without any partition, and detached again.
CREATE TABLE parts.childless (a int) PARTITION BY LIST (a);
CREATE TABLE parts.detached PARTITION OF parts.childless FOR VALUES IN (1);
INSERT INTO parts.childless VALUES (1);
ALTER TABLE parts.childless DETACH PARTITION parts.detached;

-- Triggers on a partitioned table are cloned; one clone is disabled.
CREATE TRIGGER events_touch AFTER INSERT ON parts.events FOR EACH ROW EXECUTE FUNCTION code.touch();
ALTER TABLE parts.events_2022 DISABLE TRIGGER events_touch;
\if :pg13
CREATE TRIGGER events_before BEFORE UPDATE ON parts.events FOR EACH ROW EXECUTE FUNCTION code.touch();
ALTER TABLE parts.events_old ENABLE ALWAYS TRIGGER events_before;
\endif

-- Foreign keys from and to partitioned tables.
CREATE TABLE parts.details (at date, kind text, id bigint, line int, PRIMARY KEY (line, at),
    FOREIGN KEY (at, kind, id) REFERENCES parts.events ON DELETE CASCADE) PARTITION BY RANGE (at);
CREATE TABLE parts.details_all PARTITION OF parts.details DEFAULT;
INSERT INTO parts.details SELECT at, kind, id, 1 FROM parts.events WHERE id <= 300;
