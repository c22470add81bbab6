-- Large objects, addressed by OIDs which applications keep in columns.

CREATE SCHEMA lobs;
CREATE TABLE lobs.kept (object oid, what text);

INSERT INTO lobs.kept VALUES
    (lo_from_bytea(400001, '\x00ff5c0a'), 'small'),
    (lo_create(400002), 'empty'),
    (lo_from_bytea(400003, convert_to('owned by somebody', 'UTF8')), 'owned'),
    (lo_create(400004), 'holes'),
    (lo_create(400005), 'larger than 3 MB'),
    (lo_from_bytea(2147483653, '\x01'), 'number above the signed range');

-- Written at 0 and behind 1 MB; between them no pages exist, though they read as zeros.
SELECT lo_put(400004, 0, '\x616263');
SELECT lo_put(400004, 1048576, '\x78797a');

SELECT lo_put(400005, (i * 32768)::bigint, decode(repeat(md5(i::text), 2048), 'hex')) FROM generate_series(0, 104) AS i;

ALTER LARGE OBJECT 400003 OWNER TO hard_owner;
GRANT SELECT ON LARGE OBJECT 400003 TO hard_reader;
GRANT SELECT, UPDATE ON LARGE OBJECT 400001 TO PUBLIC;
REVOKE ALL ON LARGE OBJECT 400002 FROM CURRENT_USER;
COMMENT ON LARGE OBJECT 400001 IS 'comment on a large object; it''s 4 bytes';
