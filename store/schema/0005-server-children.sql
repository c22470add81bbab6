-- Children of servers that PostgreSQL itself does not keep: firewall rules, virtual network rules, and server
-- parameters of the service's own.

ALTER TABLE server ADD COLUMN minor INTEGER NOT NULL DEFAULT 0;  -- minor version at the last start, 0: unknown

CREATE TABLE server_child (
    server_id  INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,                  -- 'firewallRules', 'virtualNetworkRules', 'configurations'
    name       TEXT NOT NULL COLLATE NOCASE,   -- in the spelling of the first PUT
    properties TEXT NOT NULL,                  -- JSON object as the client sees it
    PRIMARY KEY (server_id, kind, name)
) STRICT, WITHOUT ROWID;
