/* SPDX-License-Identifier: MIT */
/*
 * Makes the changes of replica_begin() to newer objects, too. One transaction makes each change and records
 * its undo: an interruption can neither lose an undo nor leave one whose change was never made.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/source_database.h"
#include "engine/replica/replica.h"
#include "engine/replica/replica_changes_private.h"

/* LOCK_MS: how long to wait for a table that others have locked; the caller retries later. */
enum { SQL_MAX_BYTES = 1024 * 1024, LOCK_MS = 10000 };

static int run_text(struct pg *target, const struct buf *sql, struct err *err)
{
    return buf_failed(sql) ? err_no_memory(err) : pg_run(target, err, buf_text(sql));
}

enum { CHANGE_SQL, CHANGE_UNDO, CHANGE_KIND, CHANGE_RELATION, CHANGE_PART, CHANGE_LABEL };

/* Adds SQL for the highest number in the range of this kind; see replica_changes_private.h. */
static void add_last_number(struct pg *target, struct buf *sql, const char *name, const char *kind)
{
    bool forced = strtol(kind, NULL, 10) == REPLICA_SECURITY_FORCED;
    int least = forced ? REPLICA_FIRST_SECURITY : 0;
    buf_addf(sql, "(SELECT coalesce(max(number), %d) FROM ", least);
    pg_add_qualified(target, sql, name, "changes");
    buf_addf(sql, " WHERE number >= %d AND number < %d)", least,
             forced ? REPLICA_FIRST_EVENT_TRIGGER : REPLICA_FIRST_SECURITY);
}

static void add_note(struct pg *target, struct buf *sql, const char *name, const PGresult *changes, int row)
{
    buf_adds(sql, "; INSERT INTO ");
    pg_add_qualified(target, sql, name, "changes");
    buf_adds(sql, " (number, change, undo, kind, relation, part, label) SELECT 1 + ");
    add_last_number(target, sql, name, PQgetvalue(changes, row, CHANGE_KIND));
    buf_adds(sql, ", ");
    pg_add_literal(target, sql, PQgetvalue(changes, row, CHANGE_SQL));
    buf_adds(sql, ", ");
    pg_add_literal(target, sql, PQgetvalue(changes, row, CHANGE_UNDO));
    buf_addf(sql, ", %s, %s, %s, ", PQgetvalue(changes, row, CHANGE_KIND),
             PQgetvalue(changes, row, CHANGE_RELATION), PQgetvalue(changes, row, CHANGE_PART));
    pg_add_literal(target, sql, PQgetvalue(changes, row, CHANGE_LABEL));
}

static bool has_kind(const PGresult *changes, int row, int kind)
{
    return strtol(PQgetvalue(changes, row, CHANGE_KIND), NULL, 10) == kind;
}

/* The row that validates the key that this row sets aside, for the same transaction. -1: there is none. */
static int validation_of(const PGresult *changes, int row)
{
    for (int other = row + 1; has_kind(changes, row, REPLICA_KEY_MADE) && other < PQntuples(changes);
         other++) {
        if (has_kind(changes, other, REPLICA_KEY_VALIDATED) &&
            str_equals(PQgetvalue(changes, other, CHANGE_RELATION),
                       PQgetvalue(changes, row, CHANGE_RELATION)) &&
            str_equals(PQgetvalue(changes, other, CHANGE_LABEL), PQgetvalue(changes, row, CHANGE_LABEL))) {
            return other;
        }
    }
    return -1;
}

/* An object that the server refuses to change stays as it is. */
static int change_one(struct pg *target, const char *name, const PGresult *changes, int row, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    struct err reason = {0};
    int validation = validation_of(changes, row);
    buf_addf(&sql, "SET LOCAL lock_timeout = %d; %s", LOCK_MS, PQgetvalue(changes, row, CHANGE_SQL));
    add_note(target, &sql, name, changes, row);
    if (validation >= 0) {
        add_note(target, &sql, name, changes, validation);
    }
    if (run_text(target, &sql, &reason) == 0) {
        return 0;
    }
    bool alive = PQstatus(target->connection) == CONNECTION_OK && reason.code != ERR_CANCELED;
    *err = reason;
    return alive && reason.lasting ? 0 : -1;
}

/* An empty search_path makes definitions name schemas: the session that runs an undo may have another path.
 */
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
        if (!has_kind(changes, row, REPLICA_KEY_VALIDATED) &&
            change_one(target, name, changes, row, err) != 0) {
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
