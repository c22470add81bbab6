-- Subscriptions, each a world of its own: names of servers are unique within one.

CREATE TABLE subscription (
    id          TEXT PRIMARY KEY COLLATE NOCASE,
    created_us  INTEGER NOT NULL,
    removing    INTEGER NOT NULL DEFAULT 0,     -- 1: everything of it is being removed, 2: the subscription, too
    advanced_us INTEGER NOT NULL DEFAULT 0      -- how far a tester has moved its stored instants into the past
) STRICT, WITHOUT ROWID;

INSERT INTO subscription (id, created_us)
    SELECT subscription_id, 0 FROM resource_group UNION SELECT subscription_id, 0 FROM provider;

-- server without UNIQUE on the name alone. The caller has switched foreign keys off.
CREATE TABLE new_server (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: operations outlive their server
    kind            TEXT NOT NULL,                      -- 'flexibleServers' or 'servers'
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    group_name      TEXT NOT NULL COLLATE NOCASE,
    name            TEXT NOT NULL COLLATE NOCASE,       -- unique over both kinds and all groups of a subscription
    instance        TEXT NOT NULL COLLATE NOCASE UNIQUE, -- folder below instances/: the name, or name.id if another has it
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
    created_us      INTEGER NOT NULL,
    minor           INTEGER NOT NULL DEFAULT 0,         -- minor version at the last start, 0: unknown
    UNIQUE (subscription_id, name)
) STRICT;

INSERT INTO new_server (id, kind, subscription_id, group_name, name, instance, location, tags, sku, properties, major,
                        administrator, password, state, message, attached, host, port, created_us, minor)
    SELECT id, kind, subscription_id, group_name, name, name, location, tags, sku, properties, major,
           administrator, password, state, message, attached, host, port, created_us, minor FROM server;
DELETE FROM sqlite_sequence WHERE name = 'new_server';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_server', seq FROM sqlite_sequence WHERE name = 'server';
DROP TABLE server;
ALTER TABLE new_server RENAME TO server;
CREATE INDEX server_by_group ON server (subscription_id, group_name);
