-- What has happened to migrations and servers, for the event stream. Triggers write it in the transaction of the change.
-- They cannot write JSON: with trusted_schema off, SQLite's JSON functions are not allowed here.

CREATE TABLE change_event (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,  -- grows: a client resumes after one
    at_us           INTEGER NOT NULL,
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    source          TEXT NOT NULL,                      -- resource id
    type            TEXT NOT NULL,                      -- 'malachite.migration.changed' ...
    data            TEXT NOT NULL                       -- a letter for the type, name, char(31), value, char(30)
) STRICT;

-- The id and the time of the present moment, for the triggers.
CREATE VIEW migration_resource AS
    SELECT m.id, s.subscription_id, '/subscriptions/' || s.subscription_id || '/resourceGroups/' || s.group_name ||
           '/providers/Microsoft.DBforPostgreSQL/flexibleServers/' || s.name || '/migrations/' || m.name AS source,
           CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER) AS now_us
    FROM migration m JOIN server s ON s.id = m.target_id;

CREATE TRIGGER change_event_of_new_migration AFTER INSERT ON migration
BEGIN
    INSERT INTO change_event (at_us, subscription_id, source, type, data)
        SELECT now_us, subscription_id, source, 'malachite.migration.created',
               
               coalesce('smigrationId' || char(31) || replace(replace(new.uuid, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sname' || char(31) || replace(replace(new.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('ssubstate' || char(31) || replace(replace(new.substate, char(30), ' '), char(31), ' ') || char(30), '')
        FROM migration_resource WHERE id = new.id;
END;

CREATE TRIGGER change_event_of_migration AFTER UPDATE OF state, substate ON migration
WHEN old.state <> new.state OR old.substate <> new.substate
BEGIN
    INSERT INTO change_event (at_us, subscription_id, source, type, data)
        SELECT now_us, subscription_id, source, 'malachite.migration.changed',
               
               coalesce('smigrationId' || char(31) || replace(replace(new.uuid, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sname' || char(31) || replace(replace(new.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('ssubstate' || char(31) || replace(replace(new.substate, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('spreviousState' || char(31) || replace(replace(old.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('spreviousSubstate' || char(31) || replace(replace(old.substate, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('serror' || char(31) || replace(replace(new.error, char(30), ' '), char(31), ' ') || char(30), '')
        FROM migration_resource WHERE id = new.id;
END;

CREATE TRIGGER change_event_of_note AFTER INSERT ON migration_event
BEGIN
    INSERT INTO change_event (at_us, subscription_id, source, type, data)
        SELECT now_us, subscription_id, source, 'malachite.migration.event',
               
               coalesce('smigrationId' || char(31) || replace(replace(m.uuid, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sname' || char(31) || replace(replace(m.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('ssubstate' || char(31) || replace(replace(new.substate, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('stext' || char(31) || replace(replace(new.text, char(30), ' '), char(31), ' ') || char(30), '')
        FROM migration_resource r JOIN migration m ON m.id = r.id WHERE r.id = new.migration_id;
END;

CREATE TRIGGER change_event_of_new_server AFTER INSERT ON server
BEGIN
    INSERT INTO change_event (at_us, subscription_id, source, type, data)
        VALUES (CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER), new.subscription_id,
                '/subscriptions/' || new.subscription_id || '/resourceGroups/' || new.group_name ||
                '/providers/Microsoft.DBforPostgreSQL/' || new.kind || '/' || new.name,
                'malachite.server.created', 
               coalesce('sname' || char(31) || replace(replace(new.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), ''));
END;

CREATE TRIGGER change_event_of_server AFTER UPDATE OF state ON server WHEN old.state <> new.state
BEGIN
    INSERT INTO change_event (at_us, subscription_id, source, type, data)
        VALUES (CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER), new.subscription_id,
                '/subscriptions/' || new.subscription_id || '/resourceGroups/' || new.group_name ||
                '/providers/Microsoft.DBforPostgreSQL/' || new.kind || '/' || new.name,
                'malachite.server.changed',
                
               coalesce('sname' || char(31) || replace(replace(new.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('spreviousState' || char(31) || replace(replace(old.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('smessage' || char(31) || replace(replace(new.message, char(30), ' '), char(31), ' ') || char(30), ''));
END;

CREATE TRIGGER change_event_of_deleted_server AFTER DELETE ON server
BEGIN
    INSERT INTO change_event (at_us, subscription_id, source, type, data)
        VALUES (CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER), old.subscription_id,
                '/subscriptions/' || old.subscription_id || '/resourceGroups/' || old.group_name ||
                '/providers/Microsoft.DBforPostgreSQL/' || old.kind || '/' || old.name,
                'malachite.server.deleted', 
               coalesce('sname' || char(31) || replace(replace(old.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(old.state, char(30), ' '), char(31), ' ') || char(30), ''));
END;

-- The newest 10,000 are kept; nothing of a removed subscription.
CREATE TRIGGER change_event_trim AFTER INSERT ON change_event WHEN new.id % 100 = 0
BEGIN
    DELETE FROM change_event WHERE id <= new.id - 10000;
END;

CREATE TRIGGER change_event_of_removed_subscription AFTER DELETE ON subscription
BEGIN
    DELETE FROM change_event WHERE subscription_id = old.id;
END;

-- How often each state, substate and transition was seen, by subscription.
CREATE TABLE coverage (
    subscription_id TEXT NOT NULL COLLATE NOCASE,
    kind            TEXT NOT NULL,                      -- 'state', 'substate', 'transition'
    name            TEXT NOT NULL,                      -- 'MigratingData', 'MigratingData>Completed'
    count           INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER coverage_of_new_migration AFTER INSERT ON migration
BEGIN
    INSERT INTO coverage (subscription_id, kind, name, count)
        SELECT server.subscription_id, seen.kind, seen.value, 1 FROM server, (
            SELECT 'state' AS kind, new.state AS value UNION ALL SELECT 'substate', new.substate) AS seen
        WHERE server.id = new.target_id
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER coverage_of_migration AFTER UPDATE OF state, substate ON migration
WHEN old.state <> new.state OR old.substate <> new.substate
BEGIN
    INSERT INTO coverage (subscription_id, kind, name, count)
        SELECT server.subscription_id, seen.kind, seen.value, 1 FROM server, (
            SELECT 'state' AS kind, new.state AS value UNION ALL SELECT 'substate', new.substate
            UNION ALL SELECT 'transition', old.substate || '>' || new.substate) AS seen
        WHERE server.id = new.target_id
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER coverage_of_removed_subscription AFTER DELETE ON subscription
BEGIN
    DELETE FROM coverage WHERE subscription_id = old.id;
END;

-- What a client could see of a migration, from its start on: the source of recordings.
CREATE TABLE frame (
    id           INTEGER PRIMARY KEY,
    migration_id INTEGER NOT NULL REFERENCES migration (id) ON DELETE CASCADE,
    at_us        INTEGER NOT NULL,
    data         TEXT NOT NULL                          -- a letter for the type, name, char(31), value, char(30)
) STRICT;

CREATE INDEX frame_by_migration ON frame (migration_id);

CREATE TRIGGER frame_of_new_migration AFTER INSERT ON migration
BEGIN
    INSERT INTO frame (migration_id, at_us, data)
        VALUES (new.id, CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER),
                
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('ssubstate' || char(31) || replace(replace(new.substate, char(30), ' '), char(31), ' ') || char(30), ''));
END;

CREATE TRIGGER frame_of_migration AFTER UPDATE OF state, substate, error ON migration
WHEN old.state <> new.state OR old.substate <> new.substate OR old.error IS NOT new.error
BEGIN
    INSERT INTO frame (migration_id, at_us, data)
        SELECT new.id, CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER),
               
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('ssubstate' || char(31) || replace(replace(new.substate, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('serror' || char(31) || replace(replace(new.error, char(30), ' '), char(31), ' ') || char(30), '')
        WHERE (SELECT count(*) FROM frame WHERE migration_id = new.id) < 6000;
END;

-- Fewer than for the migration itself, so that its end is recorded in any case.
CREATE TRIGGER frame_of_database AFTER UPDATE ON migration_database
WHEN (old.state, old.operation, old.message, old.tables_queued, old.tables_loading, old.tables_completed,
      old.tables_errored, old.rows_copied, old.bytes_copied, old.inserts, old.updates, old.deletes,
      old.applied_changes, old.pending_bytes, old.latency_seconds)
     IS NOT
     (new.state, new.operation, new.message, new.tables_queued, new.tables_loading, new.tables_completed,
      new.tables_errored, new.rows_copied, new.bytes_copied, new.inserts, new.updates, new.deletes,
      new.applied_changes, new.pending_bytes, new.latency_seconds)
BEGIN
    INSERT INTO frame (migration_id, at_us, data)
        SELECT new.migration_id, CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER),
               
               coalesce('sdatabase' || char(31) || replace(replace(new.name, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('sstate' || char(31) || replace(replace(new.state, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('soperation' || char(31) || replace(replace(new.operation, char(30), ' '), char(31), ' ') || char(30), '') ||
               coalesce('smessage' || char(31) || replace(replace(new.message, char(30), ' '), char(31), ' ') || char(30), '') ||
               'itablesQueued' || char(31) || new.tables_queued || char(30) ||
               'itablesLoading' || char(31) || new.tables_loading || char(30) ||
               'itablesCompleted' || char(31) || new.tables_completed || char(30) ||
               'itablesErrored' || char(31) || new.tables_errored || char(30) ||
               'irowsCopied' || char(31) || new.rows_copied || char(30) ||
               'ibytesCopied' || char(31) || new.bytes_copied || char(30) ||
               'ibytesTotal' || char(31) || new.bytes_total || char(30) ||
               'iinserts' || char(31) || new.inserts || char(30) ||
               'iupdates' || char(31) || new.updates || char(30) ||
               'ideletes' || char(31) || new.deletes || char(30) ||
               'iappliedChanges' || char(31) || new.applied_changes || char(30) ||
               'ipendingBytes' || char(31) || new.pending_bytes || char(30) ||
               'ilatencySeconds' || char(31) || new.latency_seconds || char(30)
        WHERE (SELECT count(*) FROM frame WHERE migration_id = new.migration_id) < 5000;
END;

CREATE TABLE recording (
    name       TEXT PRIMARY KEY COLLATE NOCASE,
    created_us INTEGER NOT NULL,
    content    TEXT NOT NULL                            -- JSON object, checked before it was stored
) STRICT, WITHOUT ROWID;

-- How far a migration with the tag malachite.replay has come.
CREATE TABLE replay (
    migration_id INTEGER PRIMARY KEY REFERENCES migration (id) ON DELETE CASCADE,
    content      TEXT NOT NULL,                         -- the recording as it was at the start
    position     INTEGER NOT NULL,                      -- the next entry of its timeline
    base_us      INTEGER NOT NULL                       -- when its instant 0 is, on the steady clock
) STRICT;
