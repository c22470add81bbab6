-- Migrations. Each group of columns has one kind of writer; nobody writes another's columns.

CREATE TABLE migration (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,  -- grows: lists are paged by it
    uuid                TEXT NOT NULL COLLATE NOCASE UNIQUE, -- properties.migrationId
    target_id           INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    name                TEXT NOT NULL COLLATE NOCASE,       -- taken for ever, also when hidden
    location            TEXT,
    created_us          INTEGER NOT NULL,

    -- written by the user: PUT and PATCH
    tags                TEXT,                               -- JSON object, NULL: none given
    source_id           INTEGER NOT NULL DEFAULT 0,         -- server.id, 0: not one of ours; it may be gone
    source_server_id    TEXT,                               -- resource id, or host:port@user
    source_fqdn         TEXT,
    target_fqdn         TEXT,
    secrets             BLOB,                               -- users, passwords, client secret: sealed; NULL when ended
    aad_client_id       TEXT,
    aad_tenant_id       TEXT,
    identity_id         TEXT,
    migration_group_id  TEXT,
    migration_subnet_id TEXT,
    runtime_server_id   TEXT,
    databases           TEXT,                               -- JSON array of names, NULL: none
    cutover_databases   TEXT,                               -- JSON array
    cancel_databases    TEXT,                               -- JSON array
    mode                TEXT,                               -- 'Offline', 'Online', NULL: not given
    option              TEXT,                               -- 'Migrate' ..., NULL: not given
    source_type         TEXT,
    ssl_mode            TEXT,
    setup_replication   INTEGER,                            -- flags: 1, 0, NULL: not given
    overwrite           INTEGER,
    migrate_roles       INTEGER,
    start_data_migration INTEGER,
    trigger_cutover     INTEGER,
    cancel              INTEGER,
    window_start_us     INTEGER NOT NULL DEFAULT 0,
    window_end_us       INTEGER NOT NULL DEFAULT 0,         -- also by the executor, unless the user was later
    hidden              INTEGER NOT NULL DEFAULT 0,         -- 1: deleted, not listed any more
    user_generation     INTEGER NOT NULL DEFAULT 0,         -- grows with every write of the user

    -- written by the executor
    source_metadata     TEXT,                               -- JSON object, NULL while unknown
    target_metadata     TEXT,
    validation          TEXT,                               -- JSON validationDetails
    state               TEXT NOT NULL,                      -- 'InProgress' ...
    substate            TEXT NOT NULL,                      -- 'MigratingData' ...
    error               TEXT,                               -- currentStatus.error
    ended_us            INTEGER NOT NULL DEFAULT 0,         -- 0 exactly while the state is not terminal

    -- the claim
    attention           INTEGER NOT NULL DEFAULT 0,         -- 1: a worker has something to do
    not_before_us       INTEGER NOT NULL DEFAULT 0,         -- no worker before this moment
    lease_owner         TEXT,                               -- process that works on it
    lease_generation    INTEGER NOT NULL DEFAULT 0,         -- grows with every claim
    lease_until_us      INTEGER NOT NULL DEFAULT 0,         -- 0: free
    claimed_generation  INTEGER NOT NULL DEFAULT 0,         -- user_generation at the last claim
    UNIQUE (target_id, name)
) STRICT;

CREATE INDEX migration_by_target ON migration (target_id);
CREATE INDEX migration_active ON migration (target_id) WHERE ended_us = 0;
CREATE INDEX migration_due ON migration (not_before_us) WHERE attention = 1;
CREATE INDEX migration_leased ON migration (lease_owner) WHERE lease_owner IS NOT NULL;

CREATE TABLE migration_event (
    id           INTEGER PRIMARY KEY,
    migration_id INTEGER NOT NULL REFERENCES migration (id) ON DELETE CASCADE,
    at_us        INTEGER NOT NULL,
    state        TEXT NOT NULL,
    substate     TEXT NOT NULL,
    text         TEXT NOT NULL
) STRICT;

CREATE INDEX migration_event_by_migration ON migration_event (migration_id);
