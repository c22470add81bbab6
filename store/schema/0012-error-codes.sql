-- Codes of errors, so that nobody has to read their texts.

-- 603xxx of the service, a SQLSTATE, or a code of the API ('ServerNotReachable'); NULL: no error, or none known.
ALTER TABLE migration ADD COLUMN error_code TEXT;
-- What a wait for the source has read there ('wal_level=replica'), to notice changes; NULL: nothing.
ALTER TABLE migration ADD COLUMN error_facts TEXT;
-- Of the failure of one database.
ALTER TABLE migration_database ADD COLUMN error_code TEXT;
