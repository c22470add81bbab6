-- Online migrations: what is left on the servers while changes follow, and what the cutover has shown.

ALTER TABLE migration ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;  -- 1: attention was asked for since the claim
ALTER TABLE migration ADD COLUMN entered_us INTEGER NOT NULL DEFAULT 0; -- last change of the substate

ALTER TABLE migration_database ADD COLUMN replication TEXT;         -- name of slot, publication and helper; NULL: none left
ALTER TABLE migration_database ADD COLUMN following INTEGER NOT NULL DEFAULT 0; -- 1: the base copy is complete
ALTER TABLE migration_database ADD COLUMN cutover_position TEXT;    -- source's WAL position at the trigger
ALTER TABLE migration_database ADD COLUMN evidence TEXT;            -- JSON object

CREATE INDEX migration_database_replicated ON migration_database (migration_id) WHERE replication IS NOT NULL;
