/* SPDX-License-Identifier: MIT */
/*
 * The schema's version is SQLite's user_version: the number of the last applied file of store/schema/.
 * Files are only ever added. application_id distinguishes Malachite's files from those of other programs.
 */
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/str.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/schema_private.h"

enum { APPLICATION_ID = 0x4D6C6368 };

static const struct {
    int version;
    const char *file;
    const char *sql;
} schema_files[] = {
#include "schema.inc"
};

/* The first column of the first row as a number; 0 without a row. */
static int query_int(sqlite3 *sqlite, const char *sql, struct err *err, int *ret_value)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    int value = rc == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        db_error(sqlite, rc, err);
        sqlite3_finalize(statement);
        return -1;
    }
    sqlite3_finalize(statement);
    *ret_value = value;
    return 0;
}

static int run(sqlite3 *sqlite, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_error(sqlite, rc, err);
}

/* user_version and application_id take no bound parameter. */
static int set_pragma(sqlite3 *sqlite, const char *name, int value, struct err *err)
{
    auto_free char *sql = str_format("PRAGMA %s = %d", name, value);
    return sql == NULL ? memory_error(err) : run(sqlite, sql, err);
}

static int newest_version(void)
{
    return schema_files[ARRAY_LEN(schema_files) - 1].version;
}

static int check_origin(sqlite3 *sqlite, const char *path, int version, struct err *err)
{
    int application = 0;
    int objects = 0;
    if (query_int(sqlite, "PRAGMA application_id", err, &application) < 0 ||
        query_int(sqlite, "SELECT count(*) FROM sqlite_schema", err, &objects) < 0) {
        return -1;
    }
    if (application != APPLICATION_ID && (application != 0 || objects > 0 || version != 0)) {
        return err_set(err, ERR_INTERNAL,
                       "%s was not created by Malachite: it is the database of another program.", path);
    }
    const int newest = newest_version();
    if (version > newest) {
        return err_set(err, ERR_INTERNAL,
                       "%s was created by a newer Malachite (schema %d, this one supports up to %d). Run the "
                       "newer Malachite, or choose another --data-dir.",
                       path, version, newest);
    }
    return 0;
}

static int apply_files(sqlite3 *sqlite, int version, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(schema_files); i++) {
        if (schema_files[i].version <= version) {
            continue;
        }
        if (run(sqlite, schema_files[i].sql, err) < 0) {
            return err_prefix(err, "Schema file %s: ", schema_files[i].file);
        }
        if (set_pragma(sqlite, "user_version", schema_files[i].version, err) < 0) {
            return -1;
        }
    }
    return set_pragma(sqlite, "application_id", APPLICATION_ID, err);
}

int schema_apply(sqlite3 *sqlite, const char *path, struct err *err)
{
    int version = 0;
    if (query_int(sqlite, "PRAGMA user_version", err, &version) < 0 ||
        check_origin(sqlite, path, version, err) < 0) {
        return -1;
    }
    /* After the check: this writes to the file. */
    if (run(sqlite, "PRAGMA journal_mode = WAL", err) < 0) {
        return -1;
    }
    /* Dropping a table to replace it must not delete the rows that refer to it. The pragma does nothing
     * inside a transaction. */
    if (version == newest_version()) {
        return 0;
    }
    if (run(sqlite, "PRAGMA foreign_keys = OFF", err) < 0 || run(sqlite, "BEGIN IMMEDIATE", err) < 0) {
        return -1;
    }
    if (apply_files(sqlite, version, err) < 0 || run(sqlite, "COMMIT", err) < 0) {
        struct err ignored = {0};
        (void)run(sqlite, "ROLLBACK", &ignored);
        return -1;
    }
    return run(sqlite, "PRAGMA foreign_keys = ON", err);
}
