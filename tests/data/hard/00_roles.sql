-- The roles of the hard test database. May be run alone and again, on any server: owners and grants can arrive then.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['hard_owner', 'hard_other', 'hard_reader', 'hard_writer', 'hard_group',
                                'hard "quoted" Ünï''role']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
    END LOOP;
END
$$;

ALTER ROLE hard_owner LOGIN CREATEDB PASSWORD 'hard-owner';
ALTER ROLE hard_other LOGIN CONNECTION LIMIT 5 VALID UNTIL '2099-12-31 00:00:00+00';
ALTER ROLE hard_reader LOGIN PASSWORD 'hard-reader';
ALTER ROLE hard_writer NOINHERIT;

GRANT hard_group TO hard_owner WITH ADMIN OPTION;
GRANT hard_group TO hard_reader;
GRANT hard_writer TO hard_other;

ALTER ROLE hard_reader SET work_mem = '3MB';
COMMENT ON ROLE hard_group IS 'comment on a role: it''s "global"';
