-- How far a migration has come. Names of PostgreSQL objects are compared byte by byte.

CREATE TABLE migration_database (
    migration_id     INTEGER NOT NULL REFERENCES migration (id) ON DELETE CASCADE,
    name             TEXT NOT NULL,
    position         INTEGER NOT NULL,                   -- in the order of the request
    state            TEXT NOT NULL,                      -- dbDetails.*.migrationState
    operation        TEXT,                               -- text of the running step
    message          TEXT,                               -- what went wrong or did not arrive
    target_claimed   INTEGER NOT NULL DEFAULT 0,         -- 1: we have begun to replace the target database
    started_us       INTEGER NOT NULL DEFAULT 0,
    ended_us         INTEGER NOT NULL DEFAULT 0,
    tables_queued    INTEGER NOT NULL DEFAULT 0,
    tables_loading   INTEGER NOT NULL DEFAULT 0,
    tables_completed INTEGER NOT NULL DEFAULT 0,
    tables_errored   INTEGER NOT NULL DEFAULT 0,
    rows_copied      INTEGER NOT NULL DEFAULT 0,
    bytes_copied     INTEGER NOT NULL DEFAULT 0,
    bytes_total      INTEGER NOT NULL DEFAULT 0,         -- estimate
    inserts          INTEGER NOT NULL DEFAULT 0,         -- applied changes of online migrations
    updates          INTEGER NOT NULL DEFAULT 0,
    deletes          INTEGER NOT NULL DEFAULT 0,
    applied_changes  INTEGER NOT NULL DEFAULT 0,
    pending_bytes    INTEGER NOT NULL DEFAULT 0,         -- WAL that is not applied yet
    latency_seconds  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (migration_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE migration_table (
    migration_id  INTEGER NOT NULL,
    database_name TEXT NOT NULL,
    schema_name   TEXT NOT NULL,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL,                         -- 'Queued', 'Loading', 'Completed', 'Errored'
    bytes_total   INTEGER NOT NULL DEFAULT 0,            -- estimate before the copy
    bytes_copied  INTEGER NOT NULL DEFAULT 0,
    rows_copied   INTEGER NOT NULL DEFAULT 0,
    started_us    INTEGER NOT NULL DEFAULT 0,
    ended_us      INTEGER NOT NULL DEFAULT 0,
    message       TEXT,
    PRIMARY KEY (migration_id, database_name, schema_name, name),
    FOREIGN KEY (migration_id, database_name) REFERENCES migration_database (migration_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
