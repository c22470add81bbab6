/* SPDX-License-Identifier: MIT */
/*
 * The cutover adds the foreign keys that were set aside while it can still wait, because rows of the source
 * may violate them: written under session_replication_role = replica, or after the key was dropped there. One
 * transaction adds all keys or none, so that following can continue. Keys get the source's current
 * definition; keys that only the target has get their old one.
 */
#include <string.h>

#include "core/str.h"
#include "engine/pg/sqlstate.h"
#include "engine/replica/replica.h"
#include "engine/replica/replica_changes_private.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

enum { KEY_KIND, KEY_SCHEMA, KEY_TABLE, KEY_NAME, KEY_AT_ONCE, KEY_OF_SOURCE, KEY_UNDO };
enum { SOURCE_DEFINITION, SOURCE_VALIDATED, SOURCE_COMMENT };

static const char source_key_sql[] =
    "SELECT pg_catalog.pg_get_constraintdef(k.oid), k.convalidated,"
    "  pg_catalog.obj_description(k.oid, 'pg_constraint')"
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE k.contype = 'f' AND n.nspname = $1 AND c.relname = $2 AND k.conname = $3";

/* Skips keys of dropped tables, and keys that somebody has added to the target again. */
static int read_keys(struct pg *target, const char *name, struct err *err, PGresult **ret_keys)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT h.kind, n.nspname, c.relname, h.label, NOT EXISTS (SELECT 1 FROM ");
    pg_add_qualified(target, &sql, name, "changes");
    buf_addf(&sql,
             " v WHERE v.kind = %d AND v.relation = h.relation AND v.label = h.label),"
             " EXISTS (SELECT 1 FROM ",
             REPLICA_KEY_VALIDATED);
    pg_add_qualified(target, &sql, name, "catalog");
    buf_addf(&sql,
             " b, unnest(b.lines) u(line) WHERE b.source AND u.line LIKE 'constraint_%%'"
             "  AND split_part(u.line, E'\\x01', 2) ="
             "    pg_catalog.format('%%I of %%I.%%I', h.label, n.nspname, c.relname)), %s FROM ",
             replica_undo_sql);
    pg_add_qualified(target, &sql, name, "changes");
    buf_addf(&sql,
             " h JOIN pg_catalog.pg_class c ON c.oid = h.relation"
             " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
             " WHERE h.kind IN (%d, %d) AND NOT (h.kind = %d AND EXISTS (SELECT 1"
             "  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conrelid = h.relation"
             "   AND k.conname = h.label)) AND NOT EXISTS (SELECT 1 FROM ",
             REPLICA_KEY_MADE, REPLICA_KEY_VALIDATED, REPLICA_KEY_MADE);
    pg_add_qualified(target, &sql, name, "changes");
    buf_adds(&sql, " e WHERE e.kind = h.kind AND e.relation = h.relation AND e.label = h.label"
                   "  AND e.number < h.number) ORDER BY h.number");
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_keys, buf_text(&sql), 0, NULL);
}

static void add_key(struct pg *target, struct buf *sql, const char *const *key)
{
    pg_add_qualified(target, sql, key[0], key[1]);
}

static void add_made(struct pg *target, struct buf *sql, const char *const *key, const PGresult *there,
                     bool at_once)
{
    bool validated = pg_is_true(there, 0, SOURCE_VALIDATED);
    buf_adds(sql, "ALTER TABLE ");
    add_key(target, sql, key);
    buf_adds(sql, " ADD CONSTRAINT ");
    pg_add_identifier(target, sql, key[2]);
    buf_addf(sql, " %s%s", PQgetvalue(there, 0, SOURCE_DEFINITION),
             validated && !at_once ? " NOT VALID" : "");
    if (!PQgetisnull(there, 0, SOURCE_COMMENT)) {
        buf_adds(sql, "; COMMENT ON CONSTRAINT ");
        pg_add_identifier(target, sql, key[2]);
        buf_adds(sql, " ON ");
        add_key(target, sql, key);
        buf_adds(sql, " IS ");
        pg_add_literal(target, sql, PQgetvalue(there, 0, SOURCE_COMMENT));
    }
}

static void add_validated(struct pg *target, struct buf *sql, const char *const *key, const PGresult *there)
{
    if (pg_is_true(there, 0, SOURCE_VALIDATED)) {
        buf_adds(sql, "ALTER TABLE ");
        add_key(target, sql, key);
        buf_adds(sql, " VALIDATE CONSTRAINT ");
        pg_add_identifier(target, sql, key[2]);
    }
}

/* Waits if rows violate the key or the target does not accept its definition: the user can correct both. */
static int wait_for_key(const char *const *key, struct err *err)
{
    if (!sqlstate_is(err->sqlstate, SQLSTATE_INTEGRITY_CONSTRAINT) &&
        !sqlstate_is(err->sqlstate, SQLSTATE_SYNTAX_OR_ACCESS_RULE)) {
        return -1;
    }
    err->waiting = true;
    err->lasting = false;
    return err_prefix(err,
                      "Cannot add the foreign key %s of %s.%s, which Malachite removed from the target for "
                      "the time of replication. Correct the rows on the source, or drop the key there and "
                      "add it again as NOT VALID. The cutover waits until then. ",
                      key[2], key[0], key[1]);
}

static int make_key(struct pg *source, struct pg *target, const PGresult *keys, int row, struct err *err)
{
    auto_result PGresult *there = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *const key[] = {PQgetvalue(keys, row, KEY_SCHEMA), PQgetvalue(keys, row, KEY_TABLE),
                               PQgetvalue(keys, row, KEY_NAME)};
    if (pg_query(source, err, &there, source_key_sql, 3, key) != 0) {
        return -1;
    }
    if (PQntuples(there) == 0) {
        /* The source has dropped the key, or only the target ever had it. */
        bool dropped = pg_is_true(keys, row, KEY_OF_SOURCE);
        return dropped || pg_run(target, err, PQgetvalue(keys, row, KEY_UNDO)) == 0 ? 0
                                                                                    : wait_for_key(key, err);
    }
    int64_t kind = 0;
    str_to_int(PQgetvalue(keys, row, KEY_KIND), 0, INT32_MAX, &kind);
    if (kind == REPLICA_KEY_MADE) {
        add_made(target, &sql, key, there, pg_is_true(keys, row, KEY_AT_ONCE));
    } else {
        add_validated(target, &sql, key, there);
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    return sql.len == 0 || pg_run(target, err, buf_text(&sql)) == 0 ? 0 : wait_for_key(key, err);
}

static int forget_keys(struct pg *target, const char *name, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "DELETE FROM ");
    pg_add_qualified(target, &sql, name, "changes");
    buf_addf(&sql, " WHERE kind IN (%d, %d); COMMIT", REPLICA_KEY_MADE, REPLICA_KEY_VALIDATED);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

int replica_restore_keys(struct pg *source, struct pg *target, const char *name, struct err *err)
{
    auto_result PGresult *keys = NULL;
    if (read_keys(target, name, err, &keys) != 0) {
        return -1;
    }
    if (PQntuples(keys) == 0) {
        return 0;
    }
    int result = pg_run(target, err, "BEGIN");
    for (int row = 0; result == 0 && row < PQntuples(keys); row++) {
        result = make_key(source, target, keys, row, err);
    }
    if (result == 0) {
        return forget_keys(target, name, err);
    }
    struct err ignored = {0};
    (void)pg_run(target, &ignored, "ROLLBACK");
    return -1;
}
