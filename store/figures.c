/* SPDX-License-Identifier: MIT */
/* Figures for /metrics, and sums over the tables of a migration. */
#include <stdlib.h>

#include "core/attr.h"
#include "store/session/stmt.h"
#include "store/store.h"

/* Adds the rows (word, count) of a statement to counts. */
static int count_words(struct stmt *stmt, enum vocabulary vocabulary, int64_t *counts, struct err *err)
{
    int more;
    while ((more = stmt_next(stmt, err)) > 0) {
        int word = column_word(stmt, vocabulary);
        if (word >= 0) {
            counts[word] = column_int64(stmt);
        }
    }
    return more;
}

static int count_migrations(struct store *store, struct err *err, struct store_figures *figures)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_FIGURES_MIGRATIONS, "SELECT state, count(*) FROM migration GROUP BY state", err,
                  &stmt) < 0) {
        return -1;
    }
    return count_words(&stmt, WORDS_MIGRATION_STATE, figures->migrations_by_state, err);
}

static int count_servers(struct store *store, struct err *err, struct store_figures *figures)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_FIGURES_SERVERS, "SELECT kind, count(*) FROM server GROUP BY kind", err,
                  &stmt) < 0) {
        return -1;
    }
    return count_words(&stmt, WORDS_SERVER_KIND, figures->servers, err);
}

static int count_operations(struct store *store, struct err *err, struct store_figures *figures)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_FIGURES_OPERATIONS, "SELECT count(*) FROM operation WHERE ended_us = 0", err,
                  &stmt) < 0 ||
        stmt_next(&stmt, err) < 0) {
        return -1;
    }
    figures->operations_in_progress = column_int64(&stmt);
    return 0;
}

static int sum_copied(struct store *store, struct err *err, struct store_figures *figures)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_FIGURES_COPIED,
            "SELECT coalesce(sum(rows_copied), 0), coalesce(sum(bytes_copied), 0) FROM migration_database",
            err, &stmt) < 0 ||
        stmt_next(&stmt, err) < 0) {
        return -1;
    }
    figures->rows_copied = column_int64(&stmt);
    figures->bytes_copied = column_int64(&stmt);
    return 0;
}

int store_figures(struct store *store, struct err *err, struct store_figures *ret_figures)
{
    struct store_figures figures = {0};
    if (count_migrations(store, err, &figures) < 0 || count_servers(store, err, &figures) < 0 ||
        count_operations(store, err, &figures) < 0 || sum_copied(store, err, &figures) < 0) {
        return -1;
    }
    *ret_figures = figures;
    return 0;
}

static int read_lag(struct stmt *stmt, void *row, struct err *err)
{
    struct store_lag *lag = row;
    lag->migration = column_text(stmt);
    lag->database = column_text(stmt);
    lag->pending_bytes = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_lag(void *row)
{
    struct store_lag *lag = row;
    free(lag->migration);
    free(lag->database);
}

int store_lag_list(struct store *store, struct err *err, struct store_lag **ret_lags, size_t *ret_count)
{
    static const struct row_type lag_type = {sizeof(struct store_lag), read_lag, release_lag};
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_FIGURES_LAGS,
                  "SELECT m.uuid, d.name, d.pending_bytes FROM migration m"
                  " JOIN migration_database d ON d.migration_id = m.id"
                  " WHERE m.ended_us = 0 AND d.replication IS NOT NULL AND d.following = 1"
                  " ORDER BY m.id DESC, d.position LIMIT ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, STORE_LAGS_MAX);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &lag_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_lags = rows;
    return 0;
}

void store_lags_free(struct store_lag *lags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        release_lag(&lags[i]);
    }
    free(lags);
}

static int read_sizes(struct stmt *stmt, void *row, struct err *err)
{
    struct store_sizes *sizes = row;
    sizes->database = column_text(stmt);
    sizes->completed = column_int64(stmt);
    sizes->loading = column_int64(stmt);
    sizes->loaded = column_int64(stmt);
    sizes->queued = column_int64(stmt);
    sizes->errored = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_sizes(void *row)
{
    struct store_sizes *sizes = row;
    free(sizes->database);
}

int store_sizes_list(struct store *store, int64_t migration_id, struct err *err,
                     struct store_sizes **ret_sizes, size_t *ret_count)
{
    static const struct row_type sizes_type = {sizeof(struct store_sizes), read_sizes, release_sizes};
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_FIGURES_SIZES,
                  "SELECT database_name, sum(iif(state = 'Completed', bytes_total, 0)),"
                  " sum(iif(state = 'Loading', bytes_total, 0)),"
                  /* COPY may send more bytes than the disk holds: what still loads is not complete */
                  " sum(iif(state = 'Loading', min(bytes_copied, bytes_total - bytes_total / 100), 0)),"
                  " sum(iif(state = 'Queued', bytes_total, 0)), sum(iif(state = 'Errored', bytes_total, 0))"
                  " FROM migration_table WHERE migration_id = ? GROUP BY database_name",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &sizes_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_sizes = rows;
    return 0;
}

void store_sizes_free(struct store_sizes *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        release_sizes(&sizes[i]);
    }
    free(sizes);
}
