/* SPDX-License-Identifier: MIT */
#include "core/attr.h"
#include "core/str.h"
#include "store/session/stmt.h"
#include "store/store.h"

static void bind_key(struct stmt *stmt, const struct pending_cleanup *cleanup)
{
    bind_int(stmt, cleanup->migration_id);
    bind_text(stmt, cleanup->database);
    bind_text(stmt, cleanup->side);
    bind_text(stmt, cleanup->kind);
    bind_text(stmt, cleanup->object);
}

int store_cleanup_add(struct store *store, const struct pending_cleanup *cleanup, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CLEANUP_ADD,
                  "INSERT INTO pending_cleanup (migration_id, database, side, kind, object, undo)"
                  " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET undo = excluded.undo",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_key(&stmt, cleanup);
    bind_text(&stmt, cleanup->undo);
    return stmt_run(&stmt, err);
}

int store_cleanup_undo(struct store *store, const struct pending_cleanup *cleanup, struct err *err,
                       char **ret_undo)
{
    auto_stmt struct stmt stmt = {0};
    *ret_undo = NULL;
    if (stmt_open(store, STMT_CLEANUP_UNDO,
                  "SELECT undo FROM pending_cleanup WHERE migration_id = ? AND database = ? AND side = ?"
                  " AND kind = ? AND object = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_key(&stmt, cleanup);
    int found = stmt_next(&stmt, err);
    if (found > 0) {
        *ret_undo = column_text(&stmt);
        found = stmt_check(&stmt, err) < 0 ? -1 : 1;
    }
    return found < 0 ? -1 : 0;
}

int store_cleanup_done(struct store *store, int64_t migration_id, const char *database, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CLEANUP_DONE,
                  "DELETE FROM pending_cleanup WHERE migration_id = ? AND database = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    bind_text(&stmt, database);
    return stmt_run(&stmt, err);
}
