/* SPDX-License-Identifier: MIT */
/*
 * replica_begin() records every change together with its undo statement before it changes anything. Then it
 * makes the changes in small transactions, so that none needs a lock on every table. The row of progress
 * comes last and makes the helper valid. Therefore the changes can be undone after any interruption.
 */
#include "engine/replica/replica.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "engine/catalog/fingerprint.h"
#include "engine/catalog/identity.h"
#include "engine/catalog/source_database.h"
#include "engine/pg/sqlstate.h"
#include "engine/replica/replica_changes_private.h"
#include "engine/replication/tables/position.h"
#include "engine/replication/tables/seen.h"
#include "engine/replication/tables/stale.h"

enum { BATCH = 50, SQL_MAX_BYTES = 256 * 1024 * 1024 };

/* An encoding that can express every name of the database, set for the duration of a call. */
struct session_encoding {
    struct pg *pg;
    char before[64];
};

static int use_encoding(struct session_encoding *session, struct pg *pg, struct err *err)
{
    const char *now = PQparameterStatus(pg->connection, "client_encoding");
    const char *wanted =
        source_database_session_encoding(PQparameterStatus(pg->connection, "server_encoding"));
    if (now == NULL || str_equals(now, wanted)) {
        return 0;
    }
    /* libpq frees what "now" points to as soon as the encoding changes. */
    snprintf(session->before, sizeof(session->before), "%s", now);
    if (pg_set_encoding(pg, wanted, err) != 0) {
        return -1;
    }
    session->pg = pg;
    return 0;
}

/* A failed session keeps its encoding: callers close it, or set the encoding that they need. */
static void restore_encoding(struct session_encoding *session)
{
    struct err ignored = {0};
    if (session->pg != NULL && PQtransactionStatus(session->pg->connection) == PQTRANS_IDLE) {
        pg_set_encoding(session->pg, session->before, &ignored);
    }
}
#define auto_session_encoding __attribute__((cleanup(restore_encoding)))

static int has_table(struct pg *target, const char *name, const char *table, struct err *err, bool *ret_there)
{
    auto_free char *there = NULL;
    const char *params[] = {name, table};
    int result = pg_value(target, err, &there,
                          "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                          " WHERE n.nspname = $1 AND c.relname = $2",
                          2, params);
    *ret_there = there != NULL;
    return result;
}

static int run_text(struct pg *target, const struct buf *sql, struct err *err)
{
    return buf_failed(sql) ? err_no_memory(err) : pg_run(target, err, buf_text(sql));
}

static void add_table(struct pg *target, struct buf *sql, const char *name, const char *table)
{
    pg_add_qualified(target, sql, name, table);
}

/* The tables have primary keys because the target may have a publication FOR ALL TABLES, which needs them. */
static void add_schema(struct pg *target, struct buf *sql, const char *name)
{
    buf_adds(sql, "CREATE SCHEMA ");
    pg_add_identifier(target, sql, name);
    buf_adds(sql, "; CREATE TABLE ");
    add_table(target, sql, name, "changes");
    buf_adds(
        sql,
        " (number int PRIMARY KEY, change text NOT NULL, undo text NOT NULL, kind int NOT NULL DEFAULT 0,"
        " relation oid NOT NULL DEFAULT 0, part oid NOT NULL DEFAULT 0, label text NOT NULL DEFAULT '');"
        " CREATE TABLE ");
    add_table(target, sql, name, "progress");
    buf_adds(sql, " (single boolean PRIMARY KEY DEFAULT true CHECK (single), position pg_lsn NOT NULL,"
                  " inserts bigint NOT NULL DEFAULT 0, updates bigint NOT NULL DEFAULT 0,"
                  " deletes bigint NOT NULL DEFAULT 0, truncates bigint NOT NULL DEFAULT 0,"
                  " transactions bigint NOT NULL DEFAULT 0, closed boolean NOT NULL DEFAULT false) WITH "
                  "(fillfactor = 20); ");
    stale_add_tables(target, sql, name);
    identity_add_table(target, sql, name);
    fingerprint_add_table(target, sql, name);
    seen_add_table(target, sql, name);
    buf_adds(sql, "INSERT INTO ");
    add_table(target, sql, name, "changes");
    buf_addf(sql,
             " (number, change, undo, kind, relation, part, label) SELECT"
             " CASE c.kind WHEN %d THEN %d ELSE 0 END + row_number() OVER (), c.* FROM (",
             REPLICA_SECURITY_FORCED, REPLICA_FIRST_SECURITY);
    replica_add_changes_sql(target, name, sql);
    buf_adds(sql, ") c; ");
}

/* Disables the event triggers first, so that none fires for the other changes. */
static int write_down(struct pg *target, const char *name, struct err *err)
{
    auto_result PGresult *triggers = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (pg_query(target, err, &triggers, replica_event_triggers_sql, 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(triggers); row++) {
        buf_addf(&sql, "%s; ", PQgetvalue(triggers, row, 0));
    }
    add_schema(target, &sql, name);
    for (int row = 0; row < PQntuples(triggers); row++) {
        buf_adds(&sql, "INSERT INTO ");
        add_table(target, &sql, name, "changes");
        buf_addf(&sql, " VALUES (%d, ", REPLICA_FIRST_EVENT_TRIGGER + row);
        pg_add_literal(target, &sql, PQgetvalue(triggers, row, 0));
        buf_adds(&sql, ", ");
        pg_add_literal(target, &sql, PQgetvalue(triggers, row, 1));
        buf_adds(&sql, "); ");
    }
    return run_text(target, &sql, err);
}

/* Reads the next rows of "changes" after number "after": the number and the expression "what". */
static int read_changes(struct pg *target, const char *name, const char *what, const char *after,
                        struct err *err, PGresult **ret_rows)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_addf(&sql, "SELECT number, %s FROM ", what);
    add_table(target, &sql, name, "changes");
    buf_addf(&sql, " h WHERE number > $1::int ORDER BY number LIMIT %d", BATCH);
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_rows, buf_text(&sql), 1, &after);
}

static int change_all(struct pg *target, const char *name, struct err *err)
{
    char after[16] = "0";
    for (int rows = BATCH; rows == BATCH;) {
        auto_result PGresult *page = NULL;
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        if (read_changes(target, name, "change", after, err, &page) != 0) {
            return -1;
        }
        rows = PQntuples(page);
        for (int row = 0; row < rows; row++) {
            buf_addf(&sql, "%s; ", PQgetvalue(page, row, 1));
            snprintf(after, sizeof(after), "%s", PQgetvalue(page, row, 0));
        }
        if (rows > 0 && run_text(target, &sql, err) != 0) {
            return err_prefix(err, "Cannot prepare a table of the target for replication. ");
        }
    }
    return 0;
}

static int begin_anew(struct pg *target, const char *name, struct err *err)
{
    bool valid = false;
    struct replica_progress progress;
    int there = replica_read(target, name, err, &progress);
    if (there != 0) {
        return there < 0 ? -1
                         : err_set(err, ERR_INTERNAL, "The target already follows the source ('%s').", name);
    }
    if (has_table(target, name, "changes", err, &valid) != 0) {
        return -1;
    }
    /* An interrupted attempt has left a helper that never became valid. */
    return valid && (replica_restore(target, name, err) != 0 || replica_end(target, name, err) != 0) ? -1 : 0;
}

int replica_begin(struct pg *target, const char *name, uint64_t position, struct err *err)
{
    return replica_begin_from(target, name, &(struct replica_start){.position = position}, err);
}

int replica_begin_from(struct pg *target, const char *name, const struct replica_start *start,
                       struct err *err)
{
    auto_session_encoding struct session_encoding session = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    char text[POSITION_TEXT_SIZE];
    if (use_encoding(&session, target, err) != 0 || begin_anew(target, name, err) != 0 ||
        write_down(target, name, err) != 0 || change_all(target, name, err) != 0) {
        return -1;
    }
    if (start->origin != NULL) {
        stale_add_origin(target, &sql, name, start->origin);
        identity_add_origin(target, &sql, name, start->origin);
        fingerprint_add_origin(target, &sql, name, start->origin);
    }
    if (start->seen != NULL) {
        seen_add_copy(target, &sql, name, start->seen);
    }
    /* This commit is durable, and so is everything before it, the base copy included. */
    buf_adds(&sql, "SET LOCAL synchronous_commit = local; INSERT INTO ");
    add_table(target, &sql, name, "progress");
    buf_addf(&sql, " (position) VALUES ('%s')", position_format(start->position, text));
    return run_text(target, &sql, err);
}

static void fill_progress(const PGresult *row, struct replica_progress *progress)
{
    int64_t *const counts[] = {&progress->inserts, &progress->updates, &progress->deletes,
                               &progress->truncates, &progress->transactions};
    *progress = (struct replica_progress){0};
    position_parse(PQgetvalue(row, 0, 0), &progress->position);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        str_to_int(PQgetvalue(row, 0, 1 + (int)i), 0, INT64_MAX, counts[i]);
    }
}

int replica_read(struct pg *target, const char *name, struct err *err, struct replica_progress *ret_progress)
{
    auto_result PGresult *row = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    bool there = false;
    if (has_table(target, name, "progress", err, &there) != 0) {
        return -1;
    }
    if (!there) {
        return 0;
    }
    buf_adds(&sql, "SELECT position, inserts, updates, deletes, truncates, transactions FROM ");
    add_table(target, &sql, name, "progress");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &row, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    if (PQntuples(row) == 0) {
        return 0;
    }
    fill_progress(row, ret_progress);
    return 1;
}

int replica_is_closed(struct pg *target, const char *name, struct err *err, bool *ret_closed)
{
    auto_free char *closed = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    *ret_closed = false;
    bool there = false;
    if (has_table(target, name, "progress", err, &there) != 0) {
        return -1;
    }
    buf_adds(&sql, "SELECT 1 FROM ");
    add_table(target, &sql, name, "progress");
    buf_adds(&sql, " WHERE closed");
    if (there && pg_value(target, err, &closed, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    *ret_closed = closed != NULL;
    return 0;
}

static void add_forget(struct pg *target, struct buf *sql, const char *name, const char *number)
{
    buf_adds(sql, "DELETE FROM ");
    add_table(target, sql, name, "changes");
    buf_addf(sql, " WHERE number <= %s", number);
}

/* The user has dropped or replaced the object in the meantime, or the change was never made. */
static bool is_gone(const struct err *err)
{
    return sqlstate_in(err->sqlstate, SQLSTATE_UNDEFINED_TABLE, SQLSTATE_UNDEFINED_COLUMN,
                       SQLSTATE_UNDEFINED_OBJECT, SQLSTATE_UNDEFINED_SCHEMA, SQLSTATE_WRONG_OBJECT_TYPE,
                       SQLSTATE_NOT_IN_STATE, SQLSTATE_DUPLICATE_OBJECT);
}

/* Rows of the source violate a foreign key. It stays NOT VALID, or dropped where NOT VALID is impossible.
 * Only a migration without a cutover gets here: a cutover waits in replica_restore_keys() instead. */
static bool is_violated(const struct err *err)
{
    bool violated = sqlstate_is(err->sqlstate, SQLSTATE_FOREIGN_KEY_VIOLATION);
    if (violated) {
        log_event(LOG_WARNING, "foreign key of the target left unvalidated", "reason", err->message, NULL);
    }
    return violated;
}

static int restore_each(struct pg *target, const char *name, const PGresult *page, struct err *err)
{
    for (int row = 0; row < PQntuples(page); row++) {
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        if (pg_run(target, err, PQgetvalue(page, row, 1)) != 0 && !is_gone(err) && !is_violated(err)) {
            return err_prefix(err,
                              "Cannot undo a change that Malachite made to a table of the target ('%s'). ",
                              PQgetvalue(page, row, 1));
        }
        add_forget(target, &sql, name, PQgetvalue(page, row, 0));
        if (run_text(target, &sql, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int restore_page(struct pg *target, const char *name, const PGresult *page, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (int row = 0; row < PQntuples(page); row++) {
        buf_addf(&sql, "%s; ", PQgetvalue(page, row, 1));
    }
    add_forget(target, &sql, name, PQgetvalue(page, PQntuples(page) - 1, 0));
    if (run_text(target, &sql, err) == 0) {
        return 0;
    }
    bool over = err->code == ERR_CANCELED || PQstatus(target->connection) != CONNECTION_OK;
    return over ? -1 : restore_each(target, name, page, err);
}

int replica_restore(struct pg *target, const char *name, struct err *err)
{
    auto_session_encoding struct session_encoding session = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    bool there = false;
    if (use_encoding(&session, target, err) != 0 || has_table(target, name, "changes", err, &there) != 0) {
        return -1;
    }
    buf_adds(&sql, "UPDATE ");
    add_table(target, &sql, name, "progress");
    buf_adds(&sql, " SET closed = true WHERE NOT closed");
    if (there && run_text(target, &sql, err) != 0) {
        return -1;
    }
    for (int rows = BATCH; there && rows == BATCH;) {
        auto_result PGresult *page = NULL;
        if (read_changes(target, name, replica_undo_sql, "0", err, &page) != 0) {
            return -1;
        }
        rows = PQntuples(page);
        if (rows > 0 && restore_page(target, name, page, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* One transaction disables the event triggers and enables them again, so nobody else sees them disabled. */
int replica_end(struct pg *target, const char *name, struct err *err)
{
    auto_session_encoding struct session_encoding session = {0};
    auto_result PGresult *triggers = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (use_encoding(&session, target, err) != 0 ||
        pg_query(target, err, &triggers, replica_event_triggers_sql, 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(triggers); row++) {
        buf_addf(&sql, "%s; ", PQgetvalue(triggers, row, 0));
    }
    /* Durable, because the helper must not reappear after a crash of the target. */
    buf_adds(&sql, "SET LOCAL synchronous_commit = local; DROP SCHEMA IF EXISTS ");
    pg_add_identifier(target, &sql, name);
    buf_adds(&sql, " CASCADE");
    for (int row = 0; row < PQntuples(triggers); row++) {
        buf_addf(&sql, "; %s", PQgetvalue(triggers, row, 1));
    }
    return run_text(target, &sql, err);
}
