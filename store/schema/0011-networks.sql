-- Virtual networks and private endpoints: kept as clients gave them, so that subnets can be chosen and checked.

CREATE TABLE network_resource (
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    group_name      TEXT NOT NULL COLLATE NOCASE,
    type            TEXT NOT NULL COLLATE NOCASE,  -- 'virtualNetworks', 'privateEndpoints'
    name            TEXT NOT NULL COLLATE NOCASE,  -- in the spelling of the first PUT
    location        TEXT NOT NULL,
    tags            TEXT,                          -- JSON object, NULL: none given
    properties      TEXT NOT NULL,                 -- JSON object
    created_us      INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, group_name, type, name),
    FOREIGN KEY (subscription_id, group_name) REFERENCES resource_group (subscription_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
