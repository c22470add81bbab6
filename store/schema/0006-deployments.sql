-- Deployments of templates. The template itself is not kept: it may hold secrets.

CREATE TABLE deployment (
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    group_name      TEXT NOT NULL COLLATE NOCASE,
    name            TEXT NOT NULL COLLATE NOCASE,  -- in the spelling of the last PUT
    operation_id    TEXT NOT NULL COLLATE NOCASE,  -- uuid of the last PUT, in its Azure-AsyncOperation link
    state           TEXT NOT NULL,                 -- 'Accepted', 'Running', 'Succeeded', 'Failed', 'Canceled'
    cancel          INTEGER NOT NULL DEFAULT 0,    -- 1: the user has asked to cancel
    location        TEXT,
    tags            TEXT,                          -- JSON object, NULL: none given
    properties      TEXT NOT NULL,                 -- JSON object: as GET answers, without provisioningState
    operations      TEXT NOT NULL,                 -- JSON array: one per resource
    started_us      INTEGER NOT NULL,
    ended_us        INTEGER NOT NULL DEFAULT 0,    -- 0 while running
    PRIMARY KEY (subscription_id, group_name, name)
) STRICT, WITHOUT ROWID;
