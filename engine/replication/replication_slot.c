/* SPDX-License-Identifier: MIT */
/*
 * Creates the slot with its snapshot, takes it from a session that still holds it, and drops it. The
 * walsender of a killed Malachite holds its slot until the server notices the broken connection, so it is
 * terminated.
 */
#include "engine/replication/replication.h"

#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/replication_private.h"
#include "engine/replication/tables/position.h"

enum {
    OBSERVE_MS = 1000,
    FREE_MS = 10000,
    FREE_PAUSE_MS = 50,
    COMMAND_MAX_BYTES = 2048,
    SNAPSHOT_IN_PARENTHESES = 150000,
    NO_SLOT_CODE = 603105,
    WAL_LEVEL_CODE = 603107,
};

int replication_pause(const struct stop *stop, int64_t deadline_ms, int ms, struct err *err,
                      const char *waiting)
{
    if (stop != NULL && stop_requested(stop)) {
        return err_set(err, ERR_CANCELED, "The work was stopped while %s.", waiting);
    }
    if (clock_ms_left(deadline_ms) == 0) {
        err_set(err, ERR_UNAVAILABLE, "Time ran out while %s.", waiting);
        err->lasting = false;
        return -1;
    }
    clock_sleep_ms(ms < clock_ms_left(deadline_ms) ? ms : clock_ms_left(deadline_ms));
    return 0;
}

int replication_control(const struct replication *replication, const struct stop *stop, struct err *err,
                        struct pg *ret_pg)
{
    if (pg_open(replication->source, replication->database, PG_ADMIN, stop, err, ret_pg) != 0) {
        return -1;
    }
    ret_pg->statement_timeout_ms = stop == NULL ? FREE_MS : 0;
    /* The application's event triggers should neither log nor reject Malachite's changes. */
    return ret_pg->superuser ? pg_run(ret_pg, err, "SET session_replication_role = replica") : 0;
}

void replication_add_name(struct buf *sql, const char *name)
{
    buf_addc(sql, '"');
    for (; *name != '\0'; name++) {
        buf_adds(sql, *name == '"' ? "\"" : "");
        buf_addc(sql, *name);
    }
    buf_addc(sql, '"');
}

/* ---- freeing and dropping --------------------------------------------------------------------------------
 */

int replication_free_slot(struct pg *control, const char *name, struct err *err)
{
    auto_result PGresult *result = NULL;
    if (pg_query(control, err, &result,
                 "SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots"
                 " WHERE slot_name = $1 AND active_pid IS NOT NULL",
                 1, &name) != 0) {
        return err_prefix(err, "The session that uses the replication slot '%s' cannot be ended. ", name);
    }
    return 0;
}

/* 1: it does not exist (any longer), 0: it is in use, -1: error. */
static int try_drop(struct pg *control, const char *name, struct err *err)
{
    auto_result PGresult *result = NULL;
    if (replication_free_slot(control, name, err) != 0) {
        return -1;
    }
    if (pg_query(control, err, &result,
                 "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots"
                 " WHERE slot_name = $1",
                 1, &name) == 0 ||
        sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_OBJECT)) {
        return 1;
    }
    return sqlstate_is(err->sqlstate, SQLSTATE_OBJECT_IN_USE) ? 0 : -1;
}

int replication_drop_slot(struct pg *control, const char *name, int64_t deadline_ms, struct err *err)
{
    for (;;) {
        int gone = try_drop(control, name, err);
        if (gone != 0) {
            return gone > 0 ? 0 : -1;
        }
        if (replication_pause(control->stop, deadline_ms, FREE_PAUSE_MS, err,
                              "waiting for the session that uses the replication slot to end") != 0) {
            return -1;
        }
    }
}

/* ---- creating --------------------------------------------------------------------------------------------
 */

/* The transactions that the server waits for before it can create the slot: those of all its databases,
 * including prepared ones. Only some logins see when other users' sessions began. The server does not wait
 * for younger transactions yet. */
#define RUNNING_SQL                                                                                          \
    "SELECT count(*), to_char(min(t.since) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),"                    \
    " coalesce((pg_catalog.array_agg(t.name ORDER BY t.since, t.name))[1], '')"                              \
    " FROM (SELECT DISTINCT l.virtualtransaction,"                                                           \
    "  coalesce(a.xact_start, p.prepared) AS since,"                                                         \
    "  CASE WHEN p.gid IS NULL THEN 'process ' || coalesce(l.pid::text, '?')"                                \
    "   ELSE 'prepared transaction ''' || p.gid || '''' END"                                                 \
    "  || coalesce(', database ' || coalesce(a.datname, p.database), '') AS name"                            \
    "  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"                  \
    "  LEFT JOIN pg_catalog.pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid"        \
    "  WHERE l.locktype = 'transactionid' AND l.granted AND l.pid IS DISTINCT FROM $1::integer) t"           \
    " WHERE t.since IS NULL OR t.since < pg_catalog.clock_timestamp() - interval '1 s'"

static void observe(struct pg *control, int walsender, const struct replication_observer *observer)
{
    struct err ignored = {0};
    auto_result PGresult *result = NULL;
    auto_free char *pid = str_format("%d", walsender);
    const char *param = pid;
    if (pid == NULL || pg_query(control, &ignored, &result, RUNNING_SQL, 1, &param) != 0) {
        return;
    }
    const char *count = PQgetvalue(result, 0, 0);
    bool one = strcmp(count, "1") == 0;
    auto_free char *text =
        strcmp(count, "0") == 0
            ? str_dup("Waiting for the replication slot.")
            : str_format("Waiting for %s transaction%s on the source that began before%s%s%s%s%s.", count,
                         one ? "" : "s", one ? ": " : "; the oldest: ", PQgetvalue(result, 0, 2),
                         PQgetisnull(result, 0, 1) ? "" : ", since ", PQgetvalue(result, 0, 1),
                         PQgetisnull(result, 0, 1) ? "" : " (UTC)");
    if (text != NULL) {
        observer->waiting(observer->context, text);
    }
}

/* Waits for the result of the creation. A failure does not cancel the command. */
static int await_creation(struct pg *walsender, struct pg *control,
                          const struct replication_observer *observer, struct err *err)
{
    for (;;) {
        int64_t look_ms = clock_monotonic_ms() + OBSERVE_MS;
        int flushed = PQflush(walsender->connection);
        if (flushed < 0 || !PQconsumeInput(walsender->connection)) {
            return pg_error(walsender, NULL, err, "while creating the replication slot");
        }
        if (flushed == 0 && !PQisBusy(walsender->connection)) {
            return 0;
        }
        if (pg_wait(walsender, false, look_ms, err) == 0) {
            continue;
        }
        if (err->code != ERR_UNAVAILABLE) {
            return -1;
        }
        if (observer != NULL && observer->waiting != NULL) {
            observe(control, PQbackendPID(walsender->connection), observer);
        }
    }
}

static int read_slot(const PGresult *result, struct replication_slot *slot, struct err *err)
{
    bool usable = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
                  PQnfields(result) >= 3 && !PQgetisnull(result, 0, 2) &&
                  position_parse(PQgetvalue(result, 0, 1), &slot->position);
    if (!usable) {
        return err_set(err, ERR_INTERNAL, "The source server created a replication slot without a snapshot.");
    }
    slot->snapshot = str_dup(PQgetvalue(result, 0, 2));
    return slot->snapshot == NULL ? err_no_memory(err) : 0;
}

/* Uses the service's codes for parameters that engine/replication/replication_setup.h has checked, and
 * which may have changed since. */
static int refuse_creation(struct pg *walsender, const PGresult *result, struct err *err)
{
    pg_error(walsender, result, err, "while creating the replication slot");
    if (sqlstate_is(err->sqlstate, SQLSTATE_LIMIT_EXCEEDED)) {
        err->service_code = NO_SLOT_CODE;
    } else if (sqlstate_is(err->sqlstate, SQLSTATE_NOT_IN_STATE)) {
        err->service_code = WAL_LEVEL_CODE;
    }
    return -1;
}

static int create(const struct replication *replication, struct pg *control,
                  const struct replication_observer *observer, struct err *err, struct replication_slot *slot)
{
    struct pg *walsender = &slot->connection;
    auto_buf struct buf sql = BUF_MAX(COMMAND_MAX_BYTES);
    if (pg_open(replication->source, replication->database, PG_REPLICATION, replication->stop, err,
                walsender) != 0) {
        return -1;
    }
    buf_adds(&sql, "CREATE_REPLICATION_SLOT ");
    replication_add_name(&sql, replication->name);
    buf_adds(&sql, " LOGICAL pgoutput ");
    buf_adds(&sql, walsender->version >= SNAPSHOT_IN_PARENTHESES ? "(SNAPSHOT 'export')" : "EXPORT_SNAPSHOT");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (!PQsendQuery(walsender->connection, buf_text(&sql))) {
        return pg_error(walsender, NULL, err, "while creating the replication slot");
    }
    if (await_creation(walsender, control, observer, err) != 0) {
        pg_abandon(walsender);
        return -1;
    }
    auto_result PGresult *result = PQgetResult(walsender->connection);
    auto_result PGresult *end = NULL;
    int64_t deadline_ms = clock_monotonic_ms() + FREE_MS;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        return refuse_creation(walsender, result, err);
    }
    return pg_next_result(walsender, deadline_ms, err, &end) != 0 ? -1 : read_slot(result, slot, err);
}

/* A half-created slot ends with its walsender; nothing may remain after this call, even if a stop was
 * requested. */
static void undo(const struct replication *replication, struct replication_slot *slot)
{
    struct err ignored = {0};
    auto_pg struct pg control = {0};
    replication_slot_done(slot);
    if (replication_control(replication, NULL, &ignored, &control) == 0) {
        replication_drop_slot(&control, replication->name, clock_monotonic_ms() + FREE_MS, &ignored);
    }
}

int replication_create_slot(const struct replication *replication,
                            const struct replication_observer *observer, struct err *err,
                            struct replication_slot *ret_slot)
{
    auto_pg struct pg control = {0};
    auto_replication_slot struct replication_slot slot = {0};
    if (replication_control(replication, replication->stop, err, &control) != 0 ||
        replication_drop_slot(&control, replication->name, clock_monotonic_ms() + FREE_MS, err) != 0) {
        return err_prefix(err, "Cannot prepare the replication slot '%s'. ", replication->name);
    }
    if (create(replication, &control, observer, err, &slot) != 0) {
        undo(replication, &slot);
        return -1;
    }
    *ret_slot = slot;
    slot = (struct replication_slot){0};
    return 0;
}

void replication_slot_done(struct replication_slot *slot)
{
    pg_close(&slot->connection);
    free(slot->snapshot);
    slot->snapshot = NULL;
}
