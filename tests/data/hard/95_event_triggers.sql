-- Event triggers. The first writes a row for every DDL command, so whoever creates it too early changes its table.

CREATE SCHEMA events;
CREATE TABLE events.log (id serial PRIMARY KEY, tag text);
CREATE FUNCTION events.note() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO events.log (tag) VALUES (TG_TAG); END $$;
CREATE FUNCTION events.veto() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no table may be dropped here'; END $$;

CREATE EVENT TRIGGER hard_disabled ON ddl_command_start EXECUTE FUNCTION events.veto();
ALTER EVENT TRIGGER hard_disabled DISABLE;
CREATE EVENT TRIGGER hard_replica ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION events.veto();
ALTER EVENT TRIGGER hard_replica ENABLE REPLICA;
COMMENT ON EVENT TRIGGER hard_disabled IS 'comment on an event trigger';
CREATE EVENT TRIGGER hard_log ON ddl_command_end EXECUTE FUNCTION events.note();
-- Logged by the trigger itself.
CREATE TABLE events.logged_creation (a int);
