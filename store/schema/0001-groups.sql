-- Resource groups, provider registrations and the store's own settings.

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,  -- 'key_check': a known text, sealed, that tells whether malachite.key fits
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_group (
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    name            TEXT NOT NULL COLLATE NOCASE,  -- in the spelling of the first PUT
    location        TEXT,
    tags            TEXT,                          -- JSON object, NULL: none given
    managed_by      TEXT,                          -- resource id, NULL: nobody
    deleting        INTEGER NOT NULL DEFAULT 0,    -- 1 while its deletion is running
    PRIMARY KEY (subscription_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE provider (
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    namespace       TEXT NOT NULL COLLATE NOCASE,  -- 'Microsoft.DataMigration'
    registered      INTEGER NOT NULL,              -- 1 Registered, 0 NotRegistered; no row: the default
    PRIMARY KEY (subscription_id, namespace)
) STRICT, WITHOUT ROWID;
