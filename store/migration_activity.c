/* SPDX-License-Identifier: MIT */
/*
 * Which active migrations block a request. A migration that is being canceled as a whole ends soon: it
 * blocks no request, and the executor waits for its end. One that only validates writes nothing.
 */
#include "core/attr.h"
#include "core/str.h"
#include "store/migration_row_private.h"
#include "store/session/stmt.h"
#include "store/store.h"

#define IS_CANCELED "(cancel IS 1 AND cancel_databases IS NULL)"
#define WRITES      "option IS NOT 'Validate'"

static int read_count(struct stmt *stmt, struct err *err, int *ret_count)
{
    if (stmt_next(stmt, err) < 0) {
        return -1;
    }
    *ret_count = column_int(stmt);
    return 0;
}

int store_migration_count_active(struct store *store, int64_t target_id, struct err *err, int *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_COUNT_ACTIVE,
                  "SELECT count(*) FROM migration WHERE ended_us = 0 AND target_id = ? AND NOT " IS_CANCELED,
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, target_id);
    return read_count(&stmt, err, ret_count);
}

int store_migration_count_of(struct store *store, int64_t server_id, struct err *err, int *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_COUNT_OF,
                  "SELECT count(*) FROM migration WHERE ended_us = 0 AND (target_id = ?1 OR source_id = ?1)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    return read_count(&stmt, err, ret_count);
}

int store_migration_active_of(struct store *store, int64_t server_id, size_t max, struct err *err,
                              struct str_list *ret_names, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_ACTIVE_OF,
                  "SELECT name FROM migration WHERE ended_us = 0 AND (target_id = ?1 OR source_id = ?1)"
                  " AND NOT " IS_CANCELED " ORDER BY id",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    int found = 0;
    while ((found = stmt_next(&stmt, err)) > 0) {
        auto_free char *name = column_text(&stmt);
        if (name == NULL || (*ret_count < max && !str_list_add(ret_names, name))) {
            return err_no_memory(err);
        }
        ++*ret_count;
    }
    return found;
}

int store_migration_writing(struct store *store, int64_t target_id, const char *database, int64_t except_id,
                            struct err *err, struct migration *ret_migration)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_WRITING,
                  "SELECT " MIGRATION_COLUMNS
                  " FROM migration WHERE ended_us = 0 AND target_id = ? AND id <> ? AND " WRITES
                  " AND NOT " IS_CANCELED
                  " AND EXISTS (SELECT 1 FROM migration_database AS d WHERE d.migration_id = migration.id"
                  " AND d.name = ?) ORDER BY id LIMIT 1",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, target_id);
    bind_int(&stmt, except_id);
    bind_text(&stmt, database);
    return stmt_get_row(&stmt, &migration_type, err, ret_migration);
}

int store_migration_canceling(struct store *store, int64_t target_id, const char *database, int64_t except_id,
                              struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_CANCELING,
                  "SELECT 1 FROM migration WHERE ended_us = 0 AND target_id = ? AND id <> ? AND " WRITES
                  " AND " IS_CANCELED
                  " AND EXISTS (SELECT 1 FROM migration_database AS d WHERE d.migration_id = migration.id"
                  " AND d.name = ?)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, target_id);
    bind_int(&stmt, except_id);
    bind_text(&stmt, database);
    return stmt_next(&stmt, err);
}
