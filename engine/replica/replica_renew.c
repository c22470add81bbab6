/* SPDX-License-Identifier: MIT */
/*
 * The same changes as at the beginning, for what has been made since. Each is written down before it is made,
 * and struck out where the server refuses it: nothing is undone that was not done.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/source_database.h"
#include "engine/replica/replica.h"
#include "engine/replica/replica_changes_private.h"

/* LOCK_MS: a table that somebody holds is waited for so long; then the turn ends, and comes again. */
enum { SQL_MAX_BYTES = 1024 * 1024, LOCK_MS = 10000 };

static int run_text(struct pg *target, const struct buf *sql, struct err *err)
{
    return buf_failed(sql) ? err_no_memory(err) : pg_run(target, err, buf_text(sql));
}

/* The last number of a change of this kind; see replica_changes_private.h. */
static void add_last_number(struct pg *target, struct buf *sql, const char *name, const char *kind)
{
    bool forced = strtol(kind, NULL, 10) == REPLICA_SECURITY_FORCED;
    int least = forced ? REPLICA_FIRST_SECURITY : 0;
    buf_addf(sql, "(SELECT coalesce(max(number), %d) FROM ", least);
    pg_add_qualified(target, sql, name, "changes");
    buf_addf(sql, " WHERE number >= %d AND number < %d)", least,
             forced ? REPLICA_FIRST_EVENT_TRIGGER : REPLICA_FIRST_SECURITY);
}

static int write_down(struct pg *target, const char *name, const PGresult *changes, int row, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "INSERT INTO ");
    pg_add_qualified(target, &sql, name, "changes");
    buf_adds(&sql, " (number, change, undo, kind, relation, part, label) SELECT 1 + ");
    add_last_number(target, &sql, name, PQgetvalue(changes, row, 2));
    buf_adds(&sql, ", ");
    pg_add_literal(target, &sql, PQgetvalue(changes, row, 0));
    buf_adds(&sql, ", ");
    pg_add_literal(target, &sql, PQgetvalue(changes, row, 1));
    buf_addf(&sql, ", %s, %s, %s, ", PQgetvalue(changes, row, 2), PQgetvalue(changes, row, 3),
             PQgetvalue(changes, row, 4));
    pg_add_literal(target, &sql, PQgetvalue(changes, row, 5));
    return run_text(target, &sql, err);
}

static int strike_out(struct pg *target, const char *name, const char *kind, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "DELETE FROM ");
    pg_add_qualified(target, &sql, name, "changes");
    buf_adds(&sql, " WHERE number = ");
    add_last_number(target, &sql, name, kind);
    return run_text(target, &sql, err);
}

static int change_one(struct pg *target, const char *name, const PGresult *changes, int row, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    struct err reason = {0};
    if (write_down(target, name, changes, row, err) != 0) {
        return -1;
    }
    buf_addf(&sql, "SET LOCAL lock_timeout = %d; %s", LOCK_MS, PQgetvalue(changes, row, 0));
    if (run_text(target, &sql, &reason) == 0) {
        return 0;
    }
    bool alive = PQstatus(target->connection) == CONNECTION_OK && reason.code != ERR_CANCELED;
    if (alive && strike_out(target, name, PQgetvalue(changes, row, 2), err) != 0) {
        return -1;
    }
    *err = reason;
    return alive && reason.lasting ? 0 : -1;
}

/* Definitions are to name schemas: the session that undoes them has another search_path. */
static int list_changes(struct pg *target, const char *sql, struct err *err, PGresult **ret_changes)
{
    struct err ignored = {0};
    int result = pg_run(target, err, "BEGIN; SET LOCAL search_path = ''");
    result = result == 0 ? pg_query(target, err, ret_changes, sql, 0, NULL) : result;
    return pg_run(target, result == 0 ? err : &ignored, "COMMIT") != 0 ? -1 : result;
}

static int change_each(struct pg *target, const char *name, struct err *err)
{
    auto_result PGresult *changes = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    replica_add_changes_sql(target, name, &sql);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (list_changes(target, buf_text(&sql), err, &changes) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(changes); row++) {
        if (change_one(target, name, changes, row, err) != 0) {
            return err_prefix(err, "Cannot prepare a table of the target for replication. ");
        }
    }
    return 0;
}

int replica_renew(struct pg *target, const char *name, struct err *err)
{
    auto_free char *before = str_dup(PQparameterStatus(target->connection, "client_encoding"));
    const char *wanted =
        source_database_session_encoding(PQparameterStatus(target->connection, "server_encoding"));
    if (before == NULL) {
        return err_no_memory(err);
    }
    bool same = str_equals(before, wanted);
    if ((!same && pg_set_encoding(target, wanted, err) != 0) || change_each(target, name, err) != 0) {
        return -1;
    }
    return same ? 0 : pg_set_encoding(target, before, err);
}
