/* SPDX-License-Identifier: MIT */
/* Long-running operations: a queue in which only one operation per server (or group) is executed at a
 * time. */
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/store.h"

#define OPERATION_COLUMNS                                                                                    \
    "id, kind, subscription_id, location, resource_id, server_id, argument, api_version, status, "           \
    "error_code, "                                                                                           \
    "error_message, started_us, ended_us"

static int read_operation(struct stmt *stmt, void *row, struct err *err)
{
    struct operation *operation = row;
    column_uuid(stmt, operation->id);
    operation->kind = (enum operation_kind)column_word(stmt, WORDS_OPERATION_KIND);
    operation->subscription_id = column_text(stmt);
    operation->location = column_text(stmt);
    operation->resource_id = column_text(stmt);
    operation->server_id = column_int64(stmt);
    operation->argument = column_text(stmt);
    operation->api_version = column_text(stmt);
    operation->status = (enum operation_status)column_word(stmt, WORDS_OPERATION_STATUS);
    operation->error_code = column_text(stmt);
    operation->error_message = column_text(stmt);
    operation->started_us = column_int64(stmt);
    operation->ended_us = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_operation(void *row)
{
    operation_done(row);
}

static const struct row_type operation_type = {sizeof(struct operation), read_operation, release_operation};

int store_operation_insert(struct store *store, const struct operation *operation, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_INSERT,
                  "INSERT INTO operation (" OPERATION_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, operation->id);
    bind_word(&stmt, WORDS_OPERATION_KIND, (int)operation->kind);
    bind_text(&stmt, operation->subscription_id);
    bind_text(&stmt, operation->location);
    bind_text(&stmt, operation->resource_id);
    bind_int(&stmt, operation->server_id);
    bind_text(&stmt, operation->argument);
    bind_text(&stmt, operation->api_version);
    bind_word(&stmt, WORDS_OPERATION_STATUS, (int)operation->status);
    bind_text(&stmt, operation->error_code);
    bind_text(&stmt, operation->error_message);
    bind_int(&stmt, operation->started_us);
    bind_int(&stmt, operation->ended_us);
    return stmt_run(&stmt, err);
}

int store_operation_get(struct store *store, const char *subscription_id, const char *id, struct err *err,
                        struct operation *ret_operation)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_GET,
                  "SELECT " OPERATION_COLUMNS " FROM operation WHERE id = ? AND subscription_id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, id);
    bind_text(&stmt, subscription_id);
    return stmt_get_row(&stmt, &operation_type, err, ret_operation);
}

int store_operation_claim(struct store *store, const char *owner, int64_t lease_until_us, struct err *err,
                          struct operation *ret_operation)
{
    /* A claim whose row cannot be read would be renewed for ever without a worker. */
    auto_db_tx struct db_tx tx = {0};
    auto_stmt struct stmt stmt = {0};
    if (db_begin(store, err, &tx) < 0 ||
        stmt_open(store, STMT_OPERATION_CLAIM,
                  "UPDATE operation SET lease_owner = ?1, lease_until_us = ?2 WHERE number = ("
                  " SELECT number FROM operation AS next"
                  " WHERE ended_us = 0 AND lease_owner IS NOT ?1"
                  " AND NOT EXISTS (SELECT 1 FROM operation AS other"
                  "  WHERE other.ended_us = 0 AND other.lease_owner = ?1"
                  "  AND other.server_id = next.server_id"
                  "  AND (other.server_id <> 0 OR other.resource_id = next.resource_id))"
                  " ORDER BY number LIMIT 1)"
                  " RETURNING " OPERATION_COLUMNS,
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, owner);
    bind_int(&stmt, lease_until_us);
    int found = stmt_get_row(&stmt, &operation_type, err, ret_operation);
    if (found == 1 && db_commit(&tx, err) < 0) {
        operation_done(ret_operation);
        return -1;
    }
    return found;
}

int store_operation_power_pending(struct store *store, int64_t server_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_PENDING,
                  "SELECT 1 FROM operation WHERE ended_us = 0 AND server_id = ? AND kind IN (?, ?, ?)", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    bind_word(&stmt, WORDS_OPERATION_KIND, OPERATION_SERVER_START);
    bind_word(&stmt, WORDS_OPERATION_KIND, OPERATION_SERVER_STOP);
    bind_word(&stmt, WORDS_OPERATION_KIND, OPERATION_SERVER_RESTART);
    return stmt_next(&stmt, err);
}

int store_operation_drops(struct store *store, int64_t server_id, const char *database, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_DROPS,
                  "SELECT 1 FROM operation WHERE ended_us = 0 AND server_id = ? AND kind = ?"
                  " AND json_extract(argument, '$.database') = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    bind_word(&stmt, WORDS_OPERATION_KIND, OPERATION_DATABASE_DELETE);
    bind_text(&stmt, database);
    return stmt_next(&stmt, err);
}

int store_operation_queued(struct store *store, const char *resource_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_QUEUED,
                  "SELECT 1 FROM operation WHERE ended_us = 0 AND resource_id = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, resource_id);
    return stmt_next(&stmt, err);
}

int store_operation_running(struct store *store, int64_t server_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_RUNNING,
                  "SELECT 1 FROM operation WHERE ended_us = 0 AND server_id = ? AND lease_owner IS NOT NULL",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    return stmt_next(&stmt, err);
}

int store_operation_finish(struct store *store, const char *id, const struct err *failure, struct err *err)
{
    enum operation_status status = OPERATION_SUCCEEDED;
    if (failure != NULL) {
        status = failure->code == ERR_CANCELED ? OPERATION_CANCELED : OPERATION_FAILED;
    }
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_FINISH,
                  "UPDATE operation SET status = ?, error_code = ?, error_message = ?, ended_us = ?,"
                  " lease_owner = NULL, lease_until_us = 0 WHERE id = ? AND ended_us = 0",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_word(&stmt, WORDS_OPERATION_STATUS, (int)status);
    bind_text(&stmt, failure == NULL ? NULL : err_wire_code(failure->code));
    bind_text(&stmt, failure == NULL ? NULL : failure->message);
    bind_int(&stmt, clock_now_us());
    bind_text(&stmt, id);
    return stmt_run(&stmt, err);
}

int store_operation_forget(struct store *store, int64_t ended_before_us, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_OPERATION_FORGET, "DELETE FROM operation WHERE ended_us <> 0 AND ended_us < ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, ended_before_us);
    return stmt_run(&stmt, err);
}
