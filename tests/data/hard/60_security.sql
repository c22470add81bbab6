-- Owners, privileges of every kind, default privileges, row security.

CREATE SCHEMA guard AUTHORIZATION hard_owner;
GRANT USAGE, CREATE ON SCHEMA guard TO hard_other WITH GRANT OPTION;
GRANT USAGE ON SCHEMA guard TO PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO hard_group;

SET ROLE hard_owner;
CREATE TABLE guard.mine (id int PRIMARY KEY, secret text, public text, "odd ""col""" int);
INSERT INTO guard.mine VALUES (1, 's', 'p', 0), (2, 't', 'q', 1);
GRANT SELECT, INSERT ON guard.mine TO hard_other WITH GRANT OPTION;
GRANT SELECT (id, "odd ""col"""), UPDATE (public) ON guard.mine TO hard_reader;
GRANT SELECT (public) ON guard.mine TO hard_other WITH GRANT OPTION;
GRANT TRIGGER, REFERENCES ON guard.mine TO "hard ""quoted"" Ünï'role";
CREATE TABLE guard.given_away (a int);
REVOKE DELETE, TRUNCATE ON guard.given_away FROM hard_owner;
CREATE TABLE guard.for_nobody (a int);
REVOKE ALL ON guard.for_nobody FROM hard_owner;
CREATE FUNCTION guard.secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 42';
REVOKE ALL ON FUNCTION guard.secret() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.secret() TO hard_reader;
CREATE PROCEDURE guard.procedure() LANGUAGE sql AS 'SELECT 1';
REVOKE ALL ON PROCEDURE guard.procedure() FROM PUBLIC, hard_owner;
CREATE TYPE guard.mood AS ENUM ('good', 'bad');
REVOKE USAGE ON TYPE guard.mood FROM PUBLIC;
GRANT USAGE ON TYPE guard.mood TO hard_other;
CREATE DOMAIN guard.domain AS int;
REVOKE ALL ON DOMAIN guard.domain FROM PUBLIC;
RESET ROLE;

-- Grants made by somebody who is not the owner.
SET ROLE hard_other;
GRANT SELECT ON guard.mine TO hard_group;
GRANT SELECT (public) ON guard.mine TO hard_group;
GRANT USAGE ON SCHEMA guard TO hard_reader;
CREATE TABLE guard.of_other (id int);
RESET ROLE;
GRANT ALL ON guard.of_other TO PUBLIC;
CREATE TABLE guard."of quoted" (id int);
ALTER TABLE guard."of quoted" OWNER TO "hard ""quoted"" Ünï'role";
ALTER FUNCTION code.overloaded(int) OWNER TO hard_owner;
ALTER TYPE types.point3 OWNER TO hard_other;
ALTER VIEW views.simple OWNER TO hard_other;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO hard_owner, hard_other;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO hard_group;

ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO hard_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE hard_owner IN SCHEMA guard GRANT ALL ON SEQUENCES TO hard_other WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE hard_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE hard_owner REVOKE ALL ON TABLES FROM hard_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE hard_other REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE hard_other GRANT USAGE ON SCHEMAS TO hard_group;

-- Who may not bypass row security sees a part of these rows, or none, without any error.
CREATE TABLE guard.hidden (id int PRIMARY KEY, owner name DEFAULT current_user, note text);
INSERT INTO guard.hidden VALUES (1, 'hard_owner', 'a'), (2, 'hard_other', 'b'), (3, 'postgres', 'c');
ALTER TABLE guard.hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE guard.hidden OWNER TO hard_owner;
CREATE POLICY own_rows ON guard.hidden USING (owner = current_user) WITH CHECK (note <> 'it''s; bad');
CREATE POLICY "restrict; %s" ON guard.hidden AS RESTRICTIVE FOR SELECT TO hard_reader, hard_group USING (id < 3);
CREATE POLICY only_insert ON guard.hidden FOR INSERT TO PUBLIC WITH CHECK (EXISTS (SELECT FROM guard.mine WHERE id = 1));
-- Policies that are there but not switched on, and switched on without any.
CREATE TABLE guard.dormant (id int);
CREATE POLICY sleeping ON guard.dormant FOR DELETE USING (false);
CREATE TABLE guard.all_hidden (id int);
INSERT INTO guard.all_hidden VALUES (1), (2);
ALTER TABLE guard.all_hidden ENABLE ROW LEVEL SECURITY;
