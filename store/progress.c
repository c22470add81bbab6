/* SPDX-License-Identifier: MIT */
/* The progress of a migration's databases and tables. */
#include "store/progress_private.h"

#include "core/attr.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/store.h"

/* The columns that the worker writes; the user's order determines position. */
#define DATABASE_VALUES                                                                                      \
    "state, operation, message, target_claimed, started_us, ended_us, tables_queued, tables_loading, "       \
    "tables_completed, tables_errored, rows_copied, bytes_copied, bytes_total, replication, following, "     \
    "cutover_position, evidence, error_code"
/* The columns that the follower writes. */
#define DATABASE_FIGURES                                                                                     \
    "inserts, updates, deletes, applied_changes, pending_bytes, latency_seconds, last_change_us"

static int read_database(struct stmt *stmt, void *row, struct err *err)
{
    struct migration_database *database = row;
    database->migration_id = column_int64(stmt);
    database->position = column_int(stmt);
    database->name = column_text(stmt);
    database->state = (enum database_state)column_word(stmt, WORDS_DATABASE_STATE);
    database->operation = column_text(stmt);
    database->message = column_text(stmt);
    database->target_claimed = column_bool(stmt);
    database->started_us = column_int64(stmt);
    database->ended_us = column_int64(stmt);
    database->tables_queued = column_int(stmt);
    database->tables_loading = column_int(stmt);
    database->tables_completed = column_int(stmt);
    database->tables_errored = column_int(stmt);
    database->rows_copied = column_int64(stmt);
    database->bytes_copied = column_int64(stmt);
    database->bytes_total = column_int64(stmt);
    database->replication = column_text(stmt);
    database->following = column_bool(stmt);
    database->cutover_position = column_text(stmt);
    database->evidence = column_text(stmt);
    database->error_code = column_text(stmt);
    database->figures.inserts = column_int64(stmt);
    database->figures.updates = column_int64(stmt);
    database->figures.deletes = column_int64(stmt);
    database->figures.applied_changes = column_int64(stmt);
    database->figures.pending_bytes = column_int64(stmt);
    database->figures.latency_seconds = column_int(stmt);
    database->figures.last_change_us = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_database(void *row)
{
    migration_database_done(row);
}

static const struct row_type database_type = {sizeof(struct migration_database), read_database,
                                              release_database};

/* Binds the columns of DATABASE_VALUES. */
static void bind_database(struct stmt *stmt, const struct migration_database *database)
{
    bind_word(stmt, WORDS_DATABASE_STATE, (int)database->state);
    bind_text(stmt, database->operation);
    bind_text(stmt, database->message);
    bind_int(stmt, database->target_claimed);
    bind_int(stmt, database->started_us);
    bind_int(stmt, database->ended_us);
    bind_int(stmt, database->tables_queued);
    bind_int(stmt, database->tables_loading);
    bind_int(stmt, database->tables_completed);
    bind_int(stmt, database->tables_errored);
    bind_int(stmt, database->rows_copied);
    bind_int(stmt, database->bytes_copied);
    bind_int(stmt, database->bytes_total);
    bind_text(stmt, database->replication);
    bind_int(stmt, database->following);
    bind_text(stmt, database->cutover_position);
    bind_text(stmt, database->evidence);
    bind_text(stmt, database->error_code);
}

/* Deletes the rows of databases that are no longer listed, with their tables. */
static int drop_other_databases(struct store *store, int64_t migration_id, const char *names_json,
                                struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DATABASE_DROP_OTHERS,
                  "DELETE FROM migration_database WHERE migration_id = ?"
                  " AND name NOT IN (SELECT value FROM json_each(?))",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    bind_text(&stmt, names_json);
    return stmt_run(&stmt, err);
}

int progress_set_databases(struct store *store, int64_t migration_id, const struct str_list *names,
                           struct err *err)
{
    auto_free char *names_json = str_list_to_json(names);
    if (names_json == NULL) {
        return memory_error(err);
    }
    if (drop_other_databases(store, migration_id, names_json, err) < 0) {
        return -1;
    }
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DATABASE_PUT,
                  "INSERT INTO migration_database (migration_id, name, position, state) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET position = excluded.position",
                  err, &stmt) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names->count; i++) {
        stmt_again(&stmt);
        bind_int(&stmt, migration_id);
        bind_text(&stmt, names->items[i]);
        bind_int(&stmt, (int64_t)i);
        bind_word(&stmt, WORDS_DATABASE_STATE, DB_IN_PROGRESS);
        if (stmt_run(&stmt, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int store_database_list(struct store *store, int64_t migration_id, struct err *err,
                        struct migration_database **ret_databases, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DATABASE_LIST,
                  "SELECT migration_id, position, name, " DATABASE_VALUES ", " DATABASE_FIGURES
                  " FROM migration_database WHERE migration_id = ? ORDER BY position",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &database_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_databases = rows;
    return 0;
}

static int run_on_database(struct stmt *stmt, const char *name, struct err *err)
{
    if (stmt_run(stmt, err) < 0) {
        return -1;
    }
    return stmt_changes(stmt) > 0 ? 0
                                  : err_set(err, ERR_RESOURCE_NOT_FOUND,
                                            "Database '%s' is no longer part of the migration.", name);
}

int store_database_update(struct store *store, const struct migration_database *database, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DATABASE_UPDATE,
                  "UPDATE migration_database SET (" DATABASE_VALUES ")"
                  /* the worker does not know that a tester has moved the start into the past */
                  " = (?, ?, ?, ?, min(iif(started_us > 0, started_us, ?5), ?5),"
                  " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                  " WHERE migration_id = ? AND name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_database(&stmt, database);
    bind_int(&stmt, database->migration_id);
    bind_text(&stmt, database->name);
    return run_on_database(&stmt, database->name, err);
}

int store_database_set_figures(struct store *store, int64_t migration_id, const char *name,
                               const struct database_figures *figures, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DATABASE_SET_FIGURES,
                  "UPDATE migration_database SET (" DATABASE_FIGURES ") = (?, ?, ?, ?, ?, ?,"
                  /* a follower that has just begun knows of no change */
                  " max(last_change_us, ?))"
                  " WHERE migration_id = ? AND name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, figures->inserts);
    bind_int(&stmt, figures->updates);
    bind_int(&stmt, figures->deletes);
    bind_int(&stmt, figures->applied_changes);
    bind_int(&stmt, figures->pending_bytes);
    bind_int(&stmt, figures->latency_seconds);
    bind_int(&stmt, figures->last_change_us);
    bind_int(&stmt, migration_id);
    bind_text(&stmt, name);
    return run_on_database(&stmt, name, err);
}

static int read_table(struct stmt *stmt, void *row, struct err *err)
{
    struct migration_table *table = row;
    table->schema = column_text(stmt);
    table->name = column_text(stmt);
    table->state = (enum table_state)column_word(stmt, WORDS_TABLE_STATE);
    table->bytes_total = column_int64(stmt);
    table->bytes_copied = column_int64(stmt);
    table->rows_copied = column_int64(stmt);
    table->started_us = column_int64(stmt);
    table->ended_us = column_int64(stmt);
    table->message = column_text(stmt);
    return stmt_check(stmt, err);
}

static void release_table(void *row)
{
    migration_table_done(row);
}

static const struct row_type table_type = {sizeof(struct migration_table), read_table, release_table};

static int put_tables(struct store *store, const struct migration_database *database,
                      const struct migration_table *tables, size_t count, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_TABLE_PUT,
            "INSERT INTO migration_table (migration_id, database_name, schema_name, name, state, bytes_total,"
            " bytes_copied, rows_copied, started_us, ended_us, message)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET (state, bytes_total, bytes_copied, rows_copied, started_us, ended_us,"
            " message) = (excluded.state, excluded.bytes_total, excluded.bytes_copied, excluded.rows_copied,"
            " excluded.started_us, excluded.ended_us, excluded.message)",
            err, &stmt) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        stmt_again(&stmt);
        bind_int(&stmt, database->migration_id);
        bind_text(&stmt, database->name);
        bind_text(&stmt, tables[i].schema);
        bind_text(&stmt, tables[i].name);
        bind_word(&stmt, WORDS_TABLE_STATE, (int)tables[i].state);
        bind_int(&stmt, tables[i].bytes_total);
        bind_int(&stmt, tables[i].bytes_copied);
        bind_int(&stmt, tables[i].rows_copied);
        bind_int(&stmt, tables[i].started_us);
        bind_int(&stmt, tables[i].ended_us);
        bind_text(&stmt, tables[i].message);
        if (stmt_run(&stmt, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int store_progress_write(struct store *store, const struct migration_database *database,
                         const struct migration_table *tables, size_t count, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0 || store_database_update(store, database, err) < 0 ||
        put_tables(store, database, tables, count, err) < 0) {
        return -1;
    }
    return db_commit(&tx, err);
}

int store_table_forget(struct store *store, int64_t migration_id, const char *database, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_TABLE_FORGET,
                  "DELETE FROM migration_table WHERE migration_id = ? AND database_name = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    bind_text(&stmt, database);
    return stmt_run(&stmt, err);
}

int store_table_list(struct store *store, int64_t migration_id, const char *database, struct err *err,
                     struct migration_table **ret_tables, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_TABLE_LIST,
            "SELECT schema_name, name, state, bytes_total, bytes_copied, rows_copied, started_us, ended_us,"
            " message FROM migration_table WHERE migration_id = ? AND database_name = ?"
            " ORDER BY schema_name, name",
            err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    bind_text(&stmt, database);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &table_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_tables = rows;
    return 0;
}
