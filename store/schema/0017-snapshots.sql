-- A restore of a snapshot whose rows are committed while its data directories are not all in place: the next start
-- of Malachite finishes it.

CREATE TABLE restore (
    subscription_id TEXT PRIMARY KEY COLLATE NOCASE,
    folder          TEXT NOT NULL  -- holds the data directories that are still to be moved, by instance
) STRICT, WITHOUT ROWID;
