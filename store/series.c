/* SPDX-License-Identifier: MIT */
/* The time series of migrations: what they are made of, and what a restart finds again. */
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/store.h"

#define COUNTERS                                                                                             \
    "SELECT m.id, m.ended_us = 0, coalesce(sum(d.rows_copied), 0), coalesce(sum(d.bytes_copied), 0),"        \
    " coalesce(sum(d.applied_changes), 0), coalesce(sum(d.pending_bytes), 0),"                               \
    " coalesce(max(d.latency_seconds), 0), coalesce(max(d.following), 0)"                                    \
    " FROM migration m LEFT JOIN migration_database d ON d.migration_id = m.id"

static int read_counters(struct stmt *stmt, void *row, struct err *err)
{
    struct store_counters *counters = row;
    counters->migration_id = column_int64(stmt);
    counters->active = column_bool(stmt);
    counters->rows = column_int64(stmt);
    counters->bytes = column_int64(stmt);
    counters->changes = column_int64(stmt);
    counters->pending_bytes = column_int64(stmt);
    counters->lag_seconds = column_int64(stmt);
    counters->following = column_bool(stmt);
    return stmt_check(stmt, err);
}

static void release_counters(void *row)
{
    (void)row;
}

static const struct row_type counters_type = {sizeof(struct store_counters), read_counters, release_counters};

int store_counters_list(struct store *store, struct err *err, struct store_counters **ret_rows,
                        size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    void *rows = NULL;
    if (stmt_open(store, STMT_COUNTERS_LIST, COUNTERS " WHERE m.ended_us = 0 GROUP BY m.id", err, &stmt) <
            0 ||
        stmt_get_rows(&stmt, &counters_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

int store_counters_get(struct store *store, int64_t migration_id, struct err *err,
                       struct store_counters *ret_counters)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_COUNTERS_GET, COUNTERS " WHERE m.id = ? GROUP BY m.id", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    return stmt_get_row(&stmt, &counters_type, err, ret_counters);
}

int store_series_put(struct store *store, int64_t migration_id, const void *points, size_t len,
                     struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERIES_PUT,
                  "INSERT INTO migration_series (migration_id, points) SELECT id, ?2 FROM migration"
                  " WHERE id = ?1 ON CONFLICT DO UPDATE SET points = excluded.points",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    bind_blob(&stmt, points, len);
    return stmt_run(&stmt, err);
}

int store_series_get(struct store *store, int64_t migration_id, struct err *err, void **ret_points,
                     size_t *ret_len)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERIES_GET, "SELECT points FROM migration_series WHERE migration_id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    int found = stmt_next(&stmt, err);
    if (found <= 0) {
        return found;
    }
    size_t len = 0;
    const void *bytes = column_blob(&stmt, &len);
    void *copy = len == 0 ? NULL : malloc(len);
    if (len > 0 && copy == NULL) {
        return memory_error(err);
    }
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    *ret_points = copy;
    *ret_len = len;
    return 1;
}
