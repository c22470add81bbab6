-- Servers and the long-running operations on them.

CREATE TABLE server (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: operations outlive their server
    kind            TEXT NOT NULL,                      -- 'flexibleServers' or 'servers'
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    group_name      TEXT NOT NULL COLLATE NOCASE,
    name            TEXT NOT NULL COLLATE NOCASE UNIQUE, -- over both kinds and all groups, as DNS names are
    location        TEXT,
    tags            TEXT,                               -- JSON object, NULL: none given
    sku             TEXT,                               -- JSON object, NULL: none given
    properties      TEXT,                               -- JSON object: what the client set, without secrets
    major           INTEGER NOT NULL DEFAULT 0,         -- major version of the PostgreSQL, 0 while unknown
    administrator   TEXT,
    password        BLOB,                               -- the administrator's, sealed
    state           TEXT NOT NULL,                      -- 'Ready', 'Provisioning' ...
    message         TEXT,                               -- why it is Inaccessible
    attached        INTEGER NOT NULL DEFAULT 0,         -- 1: an existing PostgreSQL, 0: Malachite runs it
    host            TEXT,
    port            INTEGER NOT NULL DEFAULT 0,
    created_us      INTEGER NOT NULL
) STRICT;

CREATE INDEX server_by_group ON server (subscription_id, group_name);

CREATE TABLE operation (
    number          INTEGER PRIMARY KEY,                -- order of arrival
    id              TEXT NOT NULL COLLATE NOCASE UNIQUE, -- uuid in the Azure-AsyncOperation link
    kind            TEXT NOT NULL,                      -- 'UpsertServerManagementOperation' ...
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    location        TEXT,
    resource_id     TEXT NOT NULL COLLATE NOCASE,       -- ARM id of what it works on
    server_id       INTEGER NOT NULL DEFAULT 0,         -- server.id, 0 for groups; the server may be gone
    argument        TEXT,                               -- JSON for the executor
    api_version     TEXT,
    status          TEXT NOT NULL,                      -- 'InProgress', 'Succeeded', 'Failed', 'Canceled'
    error_code      TEXT,                               -- code on the wire
    error_message   TEXT,
    started_us      INTEGER NOT NULL,
    ended_us        INTEGER NOT NULL DEFAULT 0,         -- 0 while in progress
    lease_owner     TEXT,                               -- process that works on it
    lease_until_us  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX operation_in_progress ON operation (number) WHERE ended_us = 0;
CREATE INDEX operation_ended ON operation (ended_us) WHERE ended_us <> 0;
