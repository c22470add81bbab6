-- DELETE frees the name of a migration: that of a deleted one carries its uuid, which no client can spell.

UPDATE migration SET name = name || '/' || uuid WHERE hidden = 1;

-- 1: DELETE canceled it while it was active; a PUT of the same name replaces it.
ALTER TABLE migration ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0;
