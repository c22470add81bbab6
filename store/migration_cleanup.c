/* SPDX-License-Identifier: MIT */
#include "store/migration_cleanup_private.h"

#include <stdlib.h>

#include "core/attr.h"
#include "store/session/stmt.h"
#include "store/store.h"

#define NEEDS_NO_SECRETS "ended_us <> 0 AND secrets IS NOT NULL AND NOT " HAS_PENDING_CLEANUP

int store_migration_attention(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_ATTENTION,
                  "UPDATE migration SET attention = 1, asked = 1, not_before_us = 0"
                  " WHERE id = ? AND (ended_us = 0 OR " HAS_PENDING_CLEANUP ")",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_run(&stmt, err);
}

int store_migration_cleaned_up(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_CLEANED_UP,
                  "UPDATE migration SET secrets = NULL, attention = 0 WHERE id = ? AND " NEEDS_NO_SECRETS,
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_run(&stmt, err);
}

static int clean_up_all(struct store *store, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_CLEANED_UP_ALL,
                  "UPDATE migration SET secrets = NULL, attention = 0 WHERE " NEEDS_NO_SECRETS, err,
                  &stmt) < 0) {
        return -1;
    }
    return stmt_run(&stmt, err);
}

int migration_cleanup_resume(struct store *store, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (clean_up_all(store, err) < 0 ||
        stmt_open(store, STMT_MIGRATION_START_ATTENTION,
                  "UPDATE migration SET attention = 1, not_before_us = 0"
                  " WHERE (ended_us = 0 AND substate = ?) OR " HAS_PENDING_CLEANUP,
                  err, &stmt) < 0) {
        return -1;
    }
    bind_word(&stmt, WORDS_SUBSTATE, SUB_WAITING_FOR_CUTOVER_TRIGGER);
    return stmt_run(&stmt, err);
}

static int read_id(struct stmt *stmt, void *row, struct err *err)
{
    *(int64_t *)row = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_id(void *row)
{
    (void)row;
}

int store_migration_list_pending_cleanup(struct store *store, struct err *err, int64_t **ret_ids,
                                         size_t *ret_count)
{
    static const struct row_type id_type = {sizeof(int64_t), read_id, release_id};
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_PENDING_CLEANUP,
                  "SELECT id FROM migration WHERE ended_us <> 0 AND " HAS_PENDING_CLEANUP " ORDER BY id", err,
                  &stmt) < 0) {
        return -1;
    }
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &id_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_ids = rows;
    return 0;
}
