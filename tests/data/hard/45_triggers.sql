-- Triggers and rules in every state of being enabled.

CREATE SCHEMA acts;
CREATE TABLE acts.log (id int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION acts.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO acts.log (what) VALUES (TG_NAME || coalesce(' ' || TG_ARGV[0], ''));
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- Would double every value if it fired while rows are copied.
CREATE FUNCTION acts.twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := NEW.v * 2; RETURN NEW; END $$;

CREATE TABLE acts.watched (id int PRIMARY KEY, v int, w text);
INSERT INTO acts.watched SELECT i, i, 'w' FROM generate_series(1, 10) AS i;
CREATE TRIGGER a_disabled BEFORE INSERT ON acts.watched FOR EACH ROW EXECUTE FUNCTION acts.twice();
CREATE TRIGGER b_always BEFORE INSERT ON acts.watched FOR EACH ROW EXECUTE FUNCTION acts.twice();
CREATE TRIGGER c_replica BEFORE INSERT OR UPDATE ON acts.watched FOR EACH ROW EXECUTE FUNCTION acts.twice();
CREATE TRIGGER d_columns BEFORE UPDATE OF v, w ON acts.watched FOR EACH ROW WHEN (OLD.v IS DISTINCT FROM NEW.v)
    EXECUTE FUNCTION acts.note('it''s; an \ argument', '');
CREATE TRIGGER "e statement %s" AFTER DELETE OR TRUNCATE ON acts.watched FOR EACH STATEMENT
    EXECUTE FUNCTION acts.note();
CREATE TRIGGER f_transition AFTER UPDATE ON acts.watched REFERENCING OLD TABLE AS o NEW TABLE AS "N n"
    FOR EACH STATEMENT EXECUTE FUNCTION acts.note();
CREATE CONSTRAINT TRIGGER g_deferred AFTER INSERT ON acts.watched DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION acts.note();
ALTER TABLE acts.watched DISABLE TRIGGER a_disabled, ENABLE ALWAYS TRIGGER b_always, ENABLE REPLICA TRIGGER c_replica;

CREATE VIEW acts.watched_view AS SELECT id, v FROM acts.watched;
CREATE TRIGGER instead INSTEAD OF INSERT ON acts.watched_view FOR EACH ROW EXECUTE FUNCTION acts.note();
ALTER VIEW acts.watched_view ALTER COLUMN v SET DEFAULT 99;

CREATE TABLE acts.ruled (id int, v text);
INSERT INTO acts.ruled VALUES (1, 'one'), (2, 'two');
CREATE RULE a_plain AS ON INSERT TO acts.ruled DO ALSO INSERT INTO acts.log (what) VALUES ('rule; ' || NEW.v);
CREATE RULE b_always AS ON UPDATE TO acts.ruled WHERE OLD.id = 1 DO INSTEAD NOTHING;
CREATE RULE c_disabled AS ON DELETE TO acts.ruled DO INSTEAD NOTHING;
CREATE RULE "d several" AS ON DELETE TO acts.ruled DO ALSO (
    INSERT INTO acts.log (what) VALUES ('first'); INSERT INTO acts.log (what) VALUES ('second'));
CREATE RULE e_always AS ON INSERT TO acts.ruled DO INSTEAD INSERT INTO acts.log (what) VALUES ('stolen');
ALTER TABLE acts.ruled ENABLE ALWAYS RULE b_always, DISABLE RULE c_disabled, ENABLE ALWAYS RULE e_always;
