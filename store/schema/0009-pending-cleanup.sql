-- What a migration has changed on its servers and has to undo. A row is written before the change is made, and
-- removed when nothing of it is left.

CREATE TABLE pending_cleanup (
    migration_id INTEGER NOT NULL REFERENCES migration (id) ON DELETE CASCADE,
    database     TEXT NOT NULL,
    side         TEXT NOT NULL,     -- 'source' or 'target'
    kind         TEXT NOT NULL,     -- 'slot', 'publication', 'schema', 'identities'
    object       TEXT NOT NULL,     -- its name
    undo         TEXT,              -- what to give back; identities: JSON object, OID of the table to its own identity
    PRIMARY KEY (migration_id, database, side, kind, object)
) STRICT, WITHOUT ROWID;

-- Of migrations that were active before this table was made.
INSERT INTO pending_cleanup (migration_id, database, side, kind, object)
    SELECT d.migration_id, d.name, k.side, k.kind, d.replication FROM migration_database AS d,
        (SELECT 'source' AS side, 'slot' AS kind UNION ALL SELECT 'source', 'publication' UNION ALL SELECT 'target', 'schema') AS k
    WHERE d.replication IS NOT NULL;
