/* SPDX-License-Identifier: MIT */
#include "engine/transfer/source_window.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/catalog/schema_stamp.h"
#include "engine/catalog/source_lock.h"
#include "engine/catalog/user_relation.h"
#include "engine/pg/sqlstate.h"
#include "engine/transfer/state/transfer_report.h"
#include "engine/transfer/window_attempt_private.h"

enum {
    PAUSE_MS = 200,
    LONG_MS = 400, /* for an attempt */
    SLICE_MS = 10,
    BUDGET_MS = 120000, /* waits for concurrent changes, but makes at least this many attempts: */
    ATTEMPTS_LEAST = 10,
    ATTEMPTS_MOST = 200,
    UNEXPLAINED_MOST = 3, /* failures without any concurrent change */
    PATIENCE_MS = 600000,
};

/* ---- after a failure -------------------------------------------------------------------------------------
 */

static void forget_attempt(struct transfer_state *state)
{
    archive_done(&state->archive);
    catalog_done(&state->catalog);
    PQclear(state->trigger_states);
    state->trigger_states = NULL;
}

static bool is_usable(const struct pg *source)
{
    return source->connection != NULL && !source->tainted && PQstatus(source->connection) == CONNECTION_OK;
}

/* pg_dump has a single exit code for all failures, so find out about privileges. */
static int check_privileges(struct window *window, struct err *err)
{
    struct err ignored = {0};
    auto_free char *table = NULL;
    const struct transfer *transfer = window->state->transfer;
    if (pg_value(&window->state->source, &ignored, &table,
                 "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                 " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND " USER_SCHEMA
                 " AND NOT (has_schema_privilege(n.oid, 'USAGE')"
                 "   AND has_table_privilege(c.oid, 'SELECT')) LIMIT 1",
                 0, NULL) != 0 ||
        table == NULL) {
        return 0;
    }
    err->code = ERR_OPERATION_NOT_ALLOWED;
    err->service_code = 603110;
    err_append(err,
               " The user '%s' must be able to read every table (not %s, for example): make it the owner, or "
               "grant it pg_read_all_data.",
               transfer->source->user, table);
    return -1;
}

static bool catalog_has_changed(struct window *window)
{
    struct err ignored = {0};
    auto_free char *stamp = NULL;
    return schema_stamp(&window->now, &ignored, &stamp) == 0 && !str_equals(stamp, window->stamp);
}

/* Whether a retry makes sense because other sessions may have caused the error. */
static bool may_be_concurrent(struct window *window, struct err *err)
{
    if (window->setback == SETBACK_UNKNOWN) {
        window->unexplained += catalog_has_changed(window) ? 0 : 1;
        if (window->unexplained >= UNEXPLAINED_MOST || check_privileges(window, err) != 0) {
            return false;
        }
    }
    int64_t spent_ms = clock_monotonic_ms() - window->started_ms;
    if (window->attempts < ATTEMPTS_MOST && (window->attempts < ATTEMPTS_LEAST || spent_ms < BUDGET_MS)) {
        return true;
    }
    err_prefix(
        err,
        "The schema of database '%s' on the %s was changed by others during each of %d attempts to read "
        "it. Pause the job that creates and drops objects, then create a new migration. The last "
        "reason: ",
        window->state->transfer->database, window->state->transfer->source->label, window->attempts);
    err->lasting = true;
    return false;
}

/* Whether to keep waiting for the session that has a table locked. */
static bool may_wait(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    struct err ignored = {0};
    int64_t now_ms = clock_monotonic_ms();
    int64_t patience_ms = state->transfer->patience_ms > 0 ? state->transfer->patience_ms : PATIENCE_MS;
    auto_free char *holder = NULL;
    (void)source_lock_holder(&window->now, &ignored, &holder);
    const char *who = holder != NULL ? holder : "a table was locked for a moment";
    window->locked_since_ms = window->locked_since_ms == 0 ? now_ms : window->locked_since_ms;
    if (now_ms - window->locked_since_ms < patience_ms) {
        auto_free char *text = str_format("Waiting to lock the tables for reading: %s", who);
        if (text != NULL && window->attempts > 1) {
            transfer_report_step(state, text);
        }
        return true;
    }
    err_set(
        err, ERR_UNAVAILABLE,
        "The tables of database '%s' on the %s could not be locked for reading within %lld seconds: %s. End "
        "that session or wait for its end, then create a new migration.",
        state->transfer->database, state->transfer->source->label, (long long)(patience_ms / 1000), who);
    memcpy(err->sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE, sizeof(err->sqlstate));
    err->lasting = true;
    err_target(err, "%s", state->transfer->database);
    return false;
}

/* Waits until a concurrent change of the catalog has committed, because the next one will not follow at
 * once; or for a moment. */
static bool pause_or_stop(struct window *window)
{
    const struct stop *stop = window->state->transfer->stop;
    int64_t now_ms = clock_monotonic_ms();
    int64_t until_ms = now_ms + PAUSE_MS;
    /* Other sessions have waited for Malachite's locks. */
    bool was_long = now_ms - window->locking_ms >= LONG_MS;
    struct err ignored = {0};
    auto_free char *before = NULL;
    bool same = schema_stamp(&window->now, &ignored, &before) == 0;
    while (clock_ms_left(until_ms) > 0) {
        if (stop != NULL && stop_requested(stop)) {
            return false;
        }
        clock_sleep_ms(SLICE_MS);
        if (same && !was_long) {
            auto_free char *now = NULL;
            same = schema_stamp(&window->now, &ignored, &now) == 0 && str_equals(before, now);
            if (!same) {
                return true;
            }
        }
    }
    return true;
}

/* Prepares the session for another attempt. False: err is final. */
static bool may_restart(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    struct err lost = {0};
    if (err->code == ERR_CANCELED || window->setback == SETBACK_FATAL) {
        return false;
    }
    if (!is_usable(&state->source) || !is_usable(&window->now) ||
        pg_run(&state->source, &lost, "ROLLBACK") != 0) {
        err->lasting = false;
        return false;
    }
    bool locked = window->setback == SETBACK_LOCKED;
    if (locked ? !may_wait(window, err) : !may_be_concurrent(window, err)) {
        return false;
    }
    window->locked_since_ms = locked ? window->locked_since_ms : 0;
    forget_attempt(state);
    return pause_or_stop(window) || pg_run(&state->source, err, "SELECT 1") == 0;
}

static int run(struct window *window, struct err *err)
{
    for (;;) {
        window->attempts++;
        if (window_attempt(window, err) == 0) {
            return 0;
        }
        if (!may_restart(window, err)) {
            return -1;
        }
    }
}

int source_window_open(struct transfer_state *state, struct err *err)
{
    struct window window = {.state = state, .started_ms = clock_monotonic_ms()};
    int result = run(&window, err);
    pg_close(&window.now);
    free(window.stamp);
    return result;
}
