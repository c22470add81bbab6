/* SPDX-License-Identifier: MIT */
/*
 * Prepared statements. Each is prepared once per thread, on first use, and kept; its SQL is in the
 * function that runs it, its id in the list below. Parameters are bound and columns are read in order.
 *
 * auto_stmt struct stmt stmt = {0};
 * if (stmt_open(store, STMT_SERVER_HIDE, "UPDATE ... WHERE id = ?", err, &stmt) < 0)
 *     return -1;
 * bind_int(&stmt, id);
 * return stmt_run(&stmt, err);
 *
 * Failures of bind_ and column_ calls are remembered and returned by the next stmt_ call.
 */
#ifndef STORE_SESSION_STMT_H
#define STORE_SESSION_STMT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/str_list.h"
#include "store/rows/rows.h"
#include "store/rows/words.h"
#include "store/session/seal_private.h"
#include "store/session/statements_private.h"

struct store;
struct db;

struct stmt {
    struct db *db;
    sqlite3_stmt *handle; /* the thread's, not owned */
    int bound;            /* parameters bound so far */
    int column;           /* next column to read */
    int rc;               /* SQLite's extended result of the first failure, otherwise SQLITE_OK */
};

/* Prepares on first use. Close it with auto_stmt: nothing stays bound or locked. */
int stmt_open(struct store *store, enum stmt_id id, const char *sql, struct err *err, struct stmt *ret_stmt);
void stmt_close(struct stmt *stmt);
#define auto_stmt __attribute__((cleanup(stmt_close)))

/* Steps: 1: a row, 0: done, -1: failed. Also -1 if a column of the previous row could not be read. */
int stmt_next(struct stmt *stmt, struct err *err);
/* Runs a statement without result rows to its end. */
int stmt_run(struct stmt *stmt, struct err *err);
/* Runs it again with other parameters. */
void stmt_again(struct stmt *stmt);
/* Rows changed by the last run. */
int stmt_changes(const struct stmt *stmt);
/* True if the last failure was a duplicate unique name, or a reference to a missing row. */
bool stmt_hit_unique(const struct stmt *stmt);
bool stmt_hit_foreign_key(const struct stmt *stmt);
/* -1 and err if a bind or a column of the current row failed, otherwise 0. */
int stmt_check(struct stmt *stmt, struct err *err);

/* Bound values live until stmt_close or stmt_again. */
void bind_int(struct stmt *stmt, int64_t value);
void bind_text(struct stmt *stmt, const char *text); /* NULL: SQL NULL */
void bind_blob(struct stmt *stmt, const void *bytes, size_t len);
void bind_flag(struct stmt *stmt, enum flag flag);
void bind_word(struct stmt *stmt, enum vocabulary vocabulary, int value); /* -1: SQL NULL */
void bind_sealed(struct stmt *stmt, const struct sealed *sealed);

int64_t column_int64(struct stmt *stmt);
int column_int(struct stmt *stmt);
bool column_bool(struct stmt *stmt);
char *column_text(struct stmt *stmt); /* new memory, or NULL */
/* Copies a uuid into its field. */
void column_uuid(struct stmt *stmt, char text[static ID_TEXT_SIZE]);
enum flag column_flag(struct stmt *stmt);
int column_word(struct stmt *stmt, enum vocabulary vocabulary); /* SQL NULL: -1 */
void column_list(struct stmt *stmt, struct str_list *ret_list);
/* The bytes, valid until the next step; NULL for SQL NULL. */
const void *column_blob(struct stmt *stmt, size_t *ret_len);

/* Reads one row with the cursor at its first column: 0, or -1 with err; row_done releases a half-read row. */
typedef int row_reader(struct stmt *stmt, void *row, struct err *err);
typedef void row_releaser(void *row);
struct row_type {
    size_t size;
    row_reader *read;
    row_releaser *done;
};

/* 1 and the row, 0 if there is none. Runs the statement to its end, which commits a write. */
int stmt_get_row(struct stmt *stmt, const struct row_type *type, struct err *err, void *ret_row);
/* All rows in one allocation; NULL and 0 if there are none. */
int stmt_get_rows(struct stmt *stmt, const struct row_type *type, struct err *err, void **ret_rows,
                  size_t *ret_count);

#endif
