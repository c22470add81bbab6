/* SPDX-License-Identifier: MIT */
#include "store/session/stmt.h"

#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"

static const char *const stmt_names[] = {
#define STMT_NAME(name) #name,
    STMT_LIST(STMT_NAME)
#undef STMT_NAME
};

static int fail(struct stmt *stmt, int rc, struct err *err)
{
    stmt->rc = rc;
    return db_error(stmt->db->sqlite, rc, err);
}

int stmt_open(struct store *store, enum stmt_id id, const char *sql, struct err *err, struct stmt *ret_stmt)
{
    struct db *db = NULL;
    if (db_of_thread(store, err, &db) < 0) {
        return -1;
    }
    if (db->statements[id] == NULL) {
        int rc =
            sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->statements[id], NULL);
        if (rc != SQLITE_OK) {
            db_error(db->sqlite, rc, err);
            return err_prefix(err, "%s: ", stmt_names[id]);
        }
    }
    *ret_stmt = (struct stmt){.db = db, .handle = db->statements[id]};
    return 0;
}

void stmt_again(struct stmt *stmt)
{
    sqlite3_reset(stmt->handle);
    stmt->bound = 0;
    stmt->column = 0;
}

void stmt_close(struct stmt *stmt)
{
    if (stmt->handle != NULL) {
        /* The result repeats an error that stmt_next() has already returned. */
        sqlite3_reset(stmt->handle);
        sqlite3_clear_bindings(stmt->handle);
        stmt->handle = NULL;
    }
}

int stmt_check(struct stmt *stmt, struct err *err)
{
    return stmt->rc == SQLITE_OK ? 0 : db_error(stmt->db->sqlite, stmt->rc, err);
}

int stmt_next(struct stmt *stmt, struct err *err)
{
    if (stmt_check(stmt, err) < 0) {
        return -1;
    }
    stmt->column = 0;
    /* The values to write may be incomplete because of a failed allocation. */
    if (memory_watch_failed() && !sqlite3_stmt_readonly(stmt->handle)) {
        return fail(stmt, SQLITE_NOMEM, err);
    }
    int rc = sqlite3_step(stmt->handle);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        return rc == SQLITE_ROW;
    }
    return fail(stmt, sqlite3_extended_errcode(stmt->db->sqlite), err);
}

int stmt_run(struct stmt *stmt, struct err *err)
{
    int more = stmt_next(stmt, err);
    while (more > 0) {
        more = stmt_next(stmt, err);
    }
    return more;
}

int stmt_changes(const struct stmt *stmt)
{
    return sqlite3_changes(stmt->db->sqlite);
}

bool stmt_hit_unique(const struct stmt *stmt)
{
    return stmt->rc == SQLITE_CONSTRAINT_UNIQUE || stmt->rc == SQLITE_CONSTRAINT_PRIMARYKEY;
}

bool stmt_hit_foreign_key(const struct stmt *stmt)
{
    return stmt->rc == SQLITE_CONSTRAINT_FOREIGNKEY;
}

static void record_failure(struct stmt *stmt, int rc)
{
    if (stmt->rc == SQLITE_OK && rc != SQLITE_OK) {
        stmt->rc = rc;
    }
}

void bind_int(struct stmt *stmt, int64_t value)
{
    record_failure(stmt, sqlite3_bind_int64(stmt->handle, ++stmt->bound, value));
}

void bind_text(struct stmt *stmt, const char *text)
{
    stmt->bound++;
    record_failure(stmt, text == NULL
                             ? sqlite3_bind_null(stmt->handle, stmt->bound)
                             : sqlite3_bind_text(stmt->handle, stmt->bound, text, -1, SQLITE_STATIC));
}

void bind_blob(struct stmt *stmt, const void *bytes, size_t len)
{
    stmt->bound++;
    record_failure(stmt, len == 0
                             ? sqlite3_bind_zeroblob(stmt->handle, stmt->bound, 0)
                             : sqlite3_bind_blob64(stmt->handle, stmt->bound, bytes, len, SQLITE_STATIC));
}

void bind_flag(struct stmt *stmt, enum flag flag)
{
    stmt->bound++;
    record_failure(stmt, flag == FLAG_UNSET ? sqlite3_bind_null(stmt->handle, stmt->bound)
                                            : sqlite3_bind_int(stmt->handle, stmt->bound, flag == FLAG_TRUE));
}

void bind_word(struct stmt *stmt, enum vocabulary vocabulary, int value)
{
    bind_text(stmt, word_of(vocabulary, value));
}

void bind_sealed(struct stmt *stmt, const struct sealed *sealed)
{
    stmt->bound++;
    record_failure(stmt, sealed->bytes == NULL ? sqlite3_bind_null(stmt->handle, stmt->bound)
                                               : sqlite3_bind_blob64(stmt->handle, stmt->bound, sealed->bytes,
                                                                     sealed->len, SQLITE_STATIC));
}

int64_t column_int64(struct stmt *stmt)
{
    return sqlite3_column_int64(stmt->handle, stmt->column++);
}

int column_int(struct stmt *stmt)
{
    return sqlite3_column_int(stmt->handle, stmt->column++);
}

bool column_bool(struct stmt *stmt)
{
    return column_int(stmt) != 0;
}

/* NULL for SQL NULL, and after a failure that is recorded: SQLite may need memory to convert a value. */
static const char *next_text(struct stmt *stmt)
{
    int column = stmt->column++;
    bool given =
        sqlite3_column_type(stmt->handle, column) != SQLITE_NULL; /* without memory it becomes NULL */
    const unsigned char *text = sqlite3_column_text(stmt->handle, column);
    if (text == NULL && given) {
        record_failure(stmt, SQLITE_NOMEM);
    }
    return (const char *)text;
}

char *column_text(struct stmt *stmt)
{
    const char *text = next_text(stmt);
    if (text == NULL) {
        return NULL;
    }
    char *copy = strdup(text);
    record_failure(stmt, copy == NULL ? SQLITE_NOMEM : SQLITE_OK);
    return copy;
}

void column_uuid(struct stmt *stmt, char text[static ID_TEXT_SIZE])
{
    int column = stmt->column;
    const char *uuid = next_text(stmt);
    int len = sqlite3_column_bytes(stmt->handle, column);
    if (uuid == NULL || len >= ID_TEXT_SIZE) {
        record_failure(stmt, SQLITE_CORRUPT);
        return;
    }
    memcpy(text, uuid, (size_t)len + 1);
}

enum flag column_flag(struct stmt *stmt)
{
    if (sqlite3_column_type(stmt->handle, stmt->column) == SQLITE_NULL) {
        stmt->column++;
        return FLAG_UNSET;
    }
    return column_bool(stmt) ? FLAG_TRUE : FLAG_FALSE;
}

int column_word(struct stmt *stmt, enum vocabulary vocabulary)
{
    const char *text = next_text(stmt);
    int value = word_to_value(vocabulary, text);
    record_failure(stmt, text != NULL && value < 0 ? SQLITE_CORRUPT : SQLITE_OK);
    return value;
}

void column_list(struct stmt *stmt, struct str_list *ret_list)
{
    const char *json = next_text(stmt);
    memory_watch_begin();
    bool good = json == NULL || str_list_from_json(json, ret_list);
    bool out_of_memory = memory_watch_end();
    if (!good) {
        record_failure(stmt, out_of_memory ? SQLITE_NOMEM : SQLITE_CORRUPT);
    }
}

const void *column_blob(struct stmt *stmt, size_t *ret_len)
{
    int column = stmt->column++;
    const void *bytes = sqlite3_column_blob(stmt->handle, column);
    *ret_len = (size_t)sqlite3_column_bytes(stmt->handle, column);
    return bytes;
}

int stmt_get_row(struct stmt *stmt, const struct row_type *type, struct err *err, void *ret_row)
{
    int more = stmt_next(stmt, err);
    if (more <= 0) {
        return more;
    }
    auto_free void *row = calloc(1, type->size);
    if (row == NULL) {
        return memory_error(err);
    }
    if (type->read(stmt, row, err) < 0 || stmt_run(stmt, err) < 0) {
        type->done(row);
        return -1;
    }
    memcpy(ret_row, row, type->size);
    return 1;
}

/* Makes room for one more row. False when memory is out. */
static bool reserve_row(char **rows, size_t count, size_t *allocated, size_t row_size)
{
    if (count < *allocated) {
        return true;
    }
    size_t wanted = *allocated == 0 ? 8 : *allocated * 2;
    char *grown = realloc(*rows, wanted * row_size);
    if (grown == NULL) {
        return false;
    }
    *rows = grown;
    *allocated = wanted;
    return true;
}

int stmt_get_rows(struct stmt *stmt, const struct row_type *type, struct err *err, void **ret_rows,
                  size_t *ret_count)
{
    auto_free char *rows = NULL;
    size_t count = 0;
    size_t allocated = 0;
    int more;
    while ((more = stmt_next(stmt, err)) > 0) {
        if (!reserve_row(&rows, count, &allocated, type->size)) {
            more = memory_error(err);
            break;
        }
        char *row = rows + count * type->size;
        memset(row, 0, type->size);
        count++;
        if (type->read(stmt, row, err) < 0) {
            more = -1;
            break;
        }
    }
    if (more < 0) {
        for (size_t i = 0; i < count; i++) {
            type->done(rows + i * type->size);
        }
        return -1;
    }
    *ret_rows = TAKE(rows);
    *ret_count = count;
    return 0;
}
