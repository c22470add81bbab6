-- The database itself: settings that break careless tools, privileges, comment. Last, because they hold from the
-- next session on. With -v read_only=1 sessions are also read-only unless they say otherwise.

SELECT current_setting('server_version_num')::int >= 170000 AS pg17 \gset

ALTER DATABASE :"DBNAME" SET DateStyle = 'SQL, DMY';
ALTER DATABASE :"DBNAME" SET IntervalStyle = 'sql_standard';
ALTER DATABASE :"DBNAME" SET TimeZone = 'Asia/Kathmandu';
ALTER DATABASE :"DBNAME" SET bytea_output = 'escape';
ALTER DATABASE :"DBNAME" SET extra_float_digits = -8;
ALTER DATABASE :"DBNAME" SET array_nulls = off;
ALTER DATABASE :"DBNAME" SET xmloption = 'document';
ALTER DATABASE :"DBNAME" SET quote_all_identifiers = on;
ALTER DATABASE :"DBNAME" SET standard_conforming_strings = off;
ALTER DATABASE :"DBNAME" SET escape_string_warning = off;
ALTER DATABASE :"DBNAME" SET check_function_bodies = on;
ALTER DATABASE :"DBNAME" SET client_min_messages = 'error';
ALTER DATABASE :"DBNAME" SET search_path = "Schema; DROP TABLE ""x"" -- %s", types, public, "$user";
ALTER DATABASE :"DBNAME" SET default_transaction_isolation = 'serializable';
ALTER DATABASE :"DBNAME" SET default_transaction_deferrable = on;
ALTER DATABASE :"DBNAME" SET statement_timeout = '20s';
ALTER DATABASE :"DBNAME" SET lock_timeout = '5s';
ALTER DATABASE :"DBNAME" SET idle_in_transaction_session_timeout = '3s';
\if :pg17
ALTER DATABASE :"DBNAME" SET transaction_timeout = '30s';
\endif
ALTER DATABASE :"DBNAME" SET row_security = off;
ALTER DATABASE :"DBNAME" SET default_table_access_method = 'my_heap';
ALTER DATABASE :"DBNAME" SET my.own_setting = 'it''s; "quoted", and ünï';

ALTER ROLE hard_owner IN DATABASE :"DBNAME" SET search_path = guard, "$user";
ALTER ROLE hard_owner IN DATABASE :"DBNAME" SET my.own_setting = '';
ALTER ROLE hard_reader IN DATABASE :"DBNAME" SET default_transaction_read_only = on;

COMMENT ON DATABASE :"DBNAME" IS 'comment on the database; it''s "hard"';
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO hard_reader, hard_group;
GRANT CREATE, TEMPORARY ON DATABASE :"DBNAME" TO hard_other WITH GRANT OPTION;
ALTER DATABASE :"DBNAME" CONNECTION LIMIT 50;
ALTER DATABASE :"DBNAME" OWNER TO hard_owner;

\if :{?read_only}
ALTER DATABASE :"DBNAME" SET default_transaction_read_only = on;
\endif
