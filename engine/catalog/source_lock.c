/* SPDX-License-Identifier: MIT */
#include "engine/catalog/source_lock.h"

#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/catalog/user_relation.h"
#include "engine/pg/sqlstate.h"

enum {
    SQL_MAX_BYTES = 64 * 1024 * 1024,
    LOCKS_PER_STATEMENT = 200,
    /* Below PostgreSQL's deadlock_timeout of one second: an application's session that waits for one of
     * these locks never sees Malachite as part of a deadlock. */
    WAIT_MS = 800,
    WAIT_LEAST_MS = 20,
};

#define USER_TABLES                                                                                          \
    "WITH config AS (SELECT unnest(extconfig) AS oid FROM pg_extension), listed AS ("                        \
    " SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode"                                          \
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                                        \
    "  WHERE c.relkind IN ('r', 'p') AND " USER_RELATION("c.oid IN (SELECT oid FROM config)") ")"

int source_tables_unlocked(struct pg *observer, int pid, struct err *err, PGresult **ret_tables)
{
    auto_free char *number = str_format("%d", pid);
    const char *param = number;
    if (number == NULL) {
        return err_no_memory(err);
    }
    return pg_query(observer, err, ret_tables,
                    USER_TABLES ", locks AS (SELECT relation, pid, mode, granted FROM pg_locks"
                                "  WHERE locktype = 'relation' AND database = (SELECT d.oid"
                                "   FROM pg_database d WHERE d.datname = current_database()))"
                                " SELECT oid, nspname, relname FROM listed WHERE oid NOT IN (SELECT relation"
                                "  FROM locks WHERE pid = $1::int AND mode = 'AccessShareLock' AND granted)"
                                " ORDER BY oid IN (SELECT relation FROM locks"
                                "  WHERE mode = 'AccessExclusiveLock') DESC, oid",
                    1, &param);
}

int source_lock_wait_left(int64_t started_ms)
{
    int left_ms = WAIT_MS - (int)(clock_monotonic_ms() - started_ms);
    return left_ms > WAIT_LEAST_MS ? left_ms : WAIT_LEAST_MS;
}

int source_tables_lock(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err)
{
    auto_buf struct buf names = BUF_MAX(SQL_MAX_BYTES);
    int count = PQntuples(tables);
    for (int row = 0; row < count; row++) {
        buf_adds(&names, names.len == 0 ? "ONLY " : ", ONLY ");
        pg_add_qualified(source, &names, PQgetvalue(tables, row, SOURCE_TABLE_SCHEMA),
                         PQgetvalue(tables, row, SOURCE_TABLE_NAME));
        if (row + 1 < count && (row + 1) % LOCKS_PER_STATEMENT != 0) {
            continue;
        }
        if (buf_failed(&names)) {
            return err_no_memory(err);
        }
        if (pg_runf(source, err, "SET LOCAL lock_timeout = %d; LOCK TABLE %s IN ACCESS SHARE MODE",
                    source_lock_wait_left(started_ms), buf_text(&names)) != 0) {
            err->service_code =
                sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) ? 603110 : err->service_code;
            return err_prefix(err, "Cannot lock the tables of the source database for reading. ");
        }
        buf_reset(&names);
    }
    return 0;
}

bool source_lock_is_gone(const struct err *err)
{
    /* The last one: another object has that name now. */
    return sqlstate_in(err->sqlstate, SQLSTATE_UNDEFINED_TABLE, SQLSTATE_UNDEFINED_SCHEMA,
                       SQLSTATE_UNDEFINED_OBJECT, SQLSTATE_WRONG_OBJECT_TYPE);
}

int source_savepoint_end(struct pg *source, bool keep, struct err *err)
{
    return pg_run(source, err,
                  keep ? "RELEASE SAVEPOINT malachite"
                       : "ROLLBACK TO SAVEPOINT malachite; RELEASE SAVEPOINT malachite");
}

/* Adds one batch of the list, from *row on. */
static void add_batch(struct pg *source, struct buf *sql, const PGresult *tables, int *row)
{
    for (int i = 0; i < LOCKS_PER_STATEMENT && *row < PQntuples(tables); i++, (*row)++) {
        buf_adds(sql, i == 0 ? "ONLY " : ", ONLY ");
        pg_add_qualified(source, sql, PQgetvalue(tables, *row, SOURCE_TABLE_SCHEMA),
                         PQgetvalue(tables, *row, SOURCE_TABLE_NAME));
    }
}

int source_tables_lock_there(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err)
{
    for (int row = 0; row < PQntuples(tables);) {
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        struct err ignored = {0};
        buf_addf(&sql, "SAVEPOINT malachite; SET LOCAL lock_timeout = %d; LOCK TABLE ",
                 source_lock_wait_left(started_ms));
        add_batch(source, &sql, tables, &row);
        buf_adds(&sql, " IN ACCESS SHARE MODE; RELEASE SAVEPOINT malachite");
        if (buf_failed(&sql)) {
            return err_no_memory(err);
        }
        if (pg_run(source, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (!source_lock_is_gone(err)) {
            err->service_code =
                sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) ? 603110 : err->service_code;
            return err_prefix(err, "Cannot lock the tables of the source database for reading. ");
        }
        if (source_savepoint_end(source, false, &ignored) != 0) {
            return -1;
        }
    }
    return 0;
}

int source_tables_check(struct pg *source, struct err *err, struct source_tables_check *ret_check)
{
    auto_result PGresult *row = NULL;
    /* The catalog is read as of the snapshot, but pg_relation_filenode() returns the current file. */
    if (pg_query(source, err, &row,
                 USER_TABLES ", held AS (SELECT relation FROM pg_locks WHERE pid = pg_backend_pid()"
                             "  AND locktype = 'relation' AND mode = 'AccessShareLock' AND granted)"
                             " SELECT coalesce(bool_or(oid NOT IN (SELECT relation FROM held)), false),"
                             "  coalesce(bool_or(relkind = 'r'"
                             "   AND pg_relation_filenode(oid) IS DISTINCT FROM relfilenode), false)"
                             " FROM listed",
                 0, NULL) != 0) {
        return -1;
    }
    *ret_check =
        (struct source_tables_check){.unlocked = pg_is_true(row, 0, 0), .moved = pg_is_true(row, 0, 1)};
    return 0;
}

/* ---- who holds what --------------------------------------------------------------------------------------
 */

/* SQL that describes relation "c". */
#define WHAT                                                                                                 \
    "CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '"      \
    " WHEN 'i' THEN 'index ' WHEN 'I' THEN 'index ' WHEN 'f' THEN 'foreign table ' ELSE 'table ' END"        \
    " || c.oid::regclass"

#define WHO                                                                                                  \
    ", b.pid, coalesce(nullif(a.application_name, ''), '(none)'), coalesce(a.usename::text, '(unknown)'),"   \
    " extract(epoch FROM clock_timestamp() - a.query_start)::bigint"

static char *describe(const PGresult *row)
{
    if (PQntuples(row) == 0) {
        return NULL;
    }
    auto_free char *age =
        PQgetisnull(row, 0, 4) ? NULL : str_format(", its statement is %s s old", PQgetvalue(row, 0, 4));
    return str_format("%s is locked by process %s (application '%s', user '%s'%s)", PQgetvalue(row, 0, 0),
                      PQgetvalue(row, 0, 1), PQgetvalue(row, 0, 2), PQgetvalue(row, 0, 3),
                      age != NULL ? age : "");
}

int source_lock_holder(struct pg *source, struct err *err, char **ret_text)
{
    auto_result PGresult *row = NULL;
    if (pg_query(source, err, &row,
                 "SELECT " WHAT WHO " FROM pg_locks b JOIN pg_class c ON c.oid = b.relation"
                 "  AND c.relkind NOT IN ('t', 'c') AND c.relpersistence <> 't' AND c.oid >= 16384"
                 " LEFT JOIN pg_stat_activity a ON a.pid = b.pid"
                 " WHERE b.locktype = 'relation' AND b.mode = 'AccessExclusiveLock'"
                 "  AND b.pid <> pg_backend_pid() AND b.database = (SELECT d.oid FROM pg_database d"
                 "   WHERE d.datname = current_database())"
                 " ORDER BY b.granted DESC, a.xact_start LIMIT 1",
                 0, NULL) != 0) {
        return -1;
    }
    *ret_text = describe(row);
    return 0;
}

bool source_lock_timed_out(const struct err *err)
{
    return sqlstate_is(err->sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE);
}
