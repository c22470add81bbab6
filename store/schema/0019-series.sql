-- How fast a migration moved, for charts: what executor/series/ keeps, so that a restart does not lose it.
CREATE TABLE migration_series (
    migration_id INTEGER PRIMARY KEY REFERENCES migration (id) ON DELETE CASCADE,
    points       BLOB NOT NULL                          -- struct ring_point, oldest first
) STRICT;

ALTER TABLE migration_database
    ADD COLUMN last_change_us INTEGER NOT NULL DEFAULT 0; -- commit of the last applied change, by the source's clock
