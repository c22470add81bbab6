/* SPDX-License-Identifier: MIT */
#include "engine/transfer/source_window.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/catalog/schema_digest.h"
#include "engine/catalog/source_lock.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/stale.h"
#include "engine/transfer/source_window_private.h"

enum {
    PAUSE_MS = 200,
    SLICE_MS = 10,
    PASS_MS = 500,
    PASS_SLICE_MS = 5,
    BUDGET_MS = 120000, /* for changes of others, but at least so many attempts: */
    ATTEMPTS_LEAST = 10,
    ATTEMPTS_MOST = 200,
    UNEXPLAINED_MOST = 3, /* failures while nobody changed anything */
    MOVED_MOST = 3,       /* online: new slots because of other files */
    PATIENCE_MS = 600000,
    SQL_BYTES = 1024,
};

int window_fail(struct window *window, enum setback setback)
{
    window->setback = setback;
    return -1;
}

int window_changed(struct window *window, struct err *err, const char *what)
{
    err_set(err, ERR_UNAVAILABLE, "%s while the schema was read.", what);
    return window_fail(window, SETBACK_CHANGED);
}

/* ---- locks and snapshot ----------------------------------------------------------------------------------
 */

/* For SQL on the source: what others have done may be why it failed. */
int window_sql_failed(struct window *window, const struct err *err)
{
    if (source_lock_timed_out(err)) {
        return window_fail(window, SETBACK_LOCKED);
    }
    bool by_others = sqlstate_in(err->sqlstate, SQLSTATE_SYNTAX_OR_ACCESS_RULE, SQLSTATE_UNDEFINED_SCHEMA,
                                 SQLSTATE_INTERNAL, SQLSTATE_DATA_EXCEPTION, SQLSTATE_TRANSACTION_ROLLBACK);
    if (by_others && !sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        return window_fail(window, SETBACK_UNKNOWN);
    }
    return window_fail(window, SETBACK_FATAL);
}

static int export_snapshot(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    free(state->snapshot);
    state->snapshot = NULL;
    return pg_value(&state->source, err, &state->snapshot, "SELECT pg_catalog.pg_export_snapshot()", 0,
                    NULL) != 0
               ? window_sql_failed(window, err)
               : 0;
}

/* The slot's snapshot is older than any lock of ours. */
static int import_snapshot(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    const struct transfer_follow *follow = state->transfer->follow;
    const char *snapshot = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_BYTES);
    if (follow->begin(follow->context, err, &snapshot, &state->position) != 0) {
        return window_fail(window, SETBACK_FATAL);
    }
    buf_adds(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ");
    pg_add_literal(&state->source, &sql, snapshot);
    if (pg_run(&state->source, err, buf_text(&sql)) != 0) {
        err->lasting = false; /* the session that has exported it may be lost */
        return window_fail(window, SETBACK_FATAL);
    }
    follow->snapshot_taken(follow->context);
    return 0;
}

static int take_locks(struct window *window, struct err *err)
{
    struct pg *source = &window->state->source;
    auto_result PGresult *tables = NULL;
    bool online = window->state->transfer->follow != NULL;
    if (online && import_snapshot(window, err) != 0) {
        return -1;
    }
    if (source_tables_list(source, err, &tables) != 0) {
        return window_sql_failed(window, err);
    }
    int64_t started_ms = clock_monotonic_ms();
    if ((!online && pg_run(source, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") != 0) ||
        source_tables_lock(source, tables, started_ms, err) != 0) {
        return window_sql_failed(window, err);
    }
    if (export_snapshot(window, err) != 0) {
        return -1;
    }
    return source_sequences_hold(source, started_ms, err) != 0 ? window_sql_failed(window, err) : 0;
}

/* Whether the tables are now as the slot's snapshot shows them. */
static int compare_with_now(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    const struct transfer *transfer = state->transfer;
    auto_free char *before = NULL;
    auto_free char *after = NULL;
    if (window->now.connection == NULL &&
        pg_open(transfer->source, transfer->database, PG_READ, transfer->stop, err, &window->now) != 0) {
        return window_fail(window, SETBACK_FATAL);
    }
    if (schema_digest(&state->source, SCHEMA_TABLES, err, &before) != 0 ||
        schema_digest(&window->now, SCHEMA_TABLES, err, &after) != 0) {
        return window_sql_failed(window, err);
    }
    return strcmp(before, after) == 0 ? 0 : window_changed(window, err, "The definition of a table changed");
}

static int lock_tables(struct window *window, struct err *err)
{
    struct source_tables_check check = {0};
    bool online = window->state->transfer->follow != NULL;
    if (take_locks(window, err) != 0) {
        return -1;
    }
    if (source_tables_check(&window->state->source, err, &check) != 0) {
        return window_sql_failed(window, err);
    }
    if (check.unlocked) {
        return window_changed(window, err, "A table was made or renamed");
    }
    /* The stream or the cutover brings what a snapshot cannot show; better not to need that. */
    if (check.moved && (!online || window->moved++ < MOVED_MOST)) {
        return window_changed(window, err, "A table was truncated or rewritten");
    }
    return online ? compare_with_now(window, err) : 0;
}

/* ---- one attempt -----------------------------------------------------------------------------------------
 */

static int dump_then_lock(struct window *window, struct err *err)
{
    struct pg *source = &window->state->source;
    auto_free char *after = NULL;
    if (pg_run(source, err,
               "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = 100") != 0) {
        return window_sql_failed(window, err);
    }
    if (export_snapshot(window, err) != 0 || window_dump(window, err) != 0) {
        return -1;
    }
    if (pg_run(source, err, "ROLLBACK") != 0) {
        return window_sql_failed(window, err);
    }
    if (lock_tables(window, err) != 0) {
        return -1;
    }
    if (schema_digest(source, SCHEMA_ALL, err, &after) != 0) {
        return window_sql_failed(window, err);
    }
    return strcmp(window->digest, after) == 0 ? 0 : window_changed(window, err, "A definition changed");
}

static int read_catalogs(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    bool online = state->transfer->follow != NULL;
    if (catalog_read(&state->source, state->target_version,
                     source_database_get(&state->database, DATABASE_ENCODING), err, &state->catalog) != 0 ||
        (online && stale_read_origin(&state->source, err, &state->origin) != 0) ||
        trigger_states_read(state, err) != 0 || own_identities_read(state, err) != 0 ||
        pg_run(&state->source, err, "SET LOCAL lock_timeout = 0") != 0) {
        return window_sql_failed(window, err);
    }
    return 0;
}

static int attempt(struct window *window, struct err *err)
{
    free(window->stamp);
    window->stamp = NULL;
    window->setback = SETBACK_FATAL;
    if (schema_stamp(&window->state->source, err, &window->stamp) != 0) {
        return window_sql_failed(window, err);
    }
    int result = window->dump_first ? dump_then_lock(window, err) : lock_tables(window, err);
    if (result == 0 && !window->dump_first) {
        result = window_dump(window, err);
    }
    return result != 0 ? -1 : read_catalogs(window, err);
}

/* ---- after a failure -------------------------------------------------------------------------------------
 */

static void forget_attempt(struct transfer_state *state)
{
    archive_done(&state->archive);
    catalog_done(&state->catalog);
    PQclear(state->trigger_states);
    PQclear(state->own_identities);
    PQclear(state->origin);
    state->trigger_states = state->own_identities = state->origin = NULL;
}

static bool is_usable(const struct pg *source)
{
    return source->connection != NULL && !source->tainted && PQstatus(source->connection) == CONNECTION_OK;
}

/* pg_dump fails with one exit code whatever the reason: what is true of privileges. */
static int look_at_privileges(struct window *window, struct err *err)
{
    struct err ignored;
    auto_free char *table = NULL;
    const struct transfer *transfer = window->state->transfer;
    if (pg_value(&window->state->source, &ignored, &table,
                 "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                 " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"
                 "  AND n.nspname <> 'information_schema' AND NOT (has_schema_privilege(n.oid, 'USAGE')"
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
    struct err ignored;
    auto_free char *stamp = NULL;
    return schema_stamp(&window->state->source, &ignored, &stamp) == 0 && !str_equals(stamp, window->stamp);
}

/* Whether it is worth another attempt, as the error is one that others cause. */
static bool may_be_others(struct window *window, struct err *err)
{
    if (window->setback == SETBACK_UNKNOWN) {
        window->unexplained += catalog_has_changed(window) ? 0 : 1;
        if (window->unexplained >= UNEXPLAINED_MOST || look_at_privileges(window, err) != 0) {
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

/* Whether to wait on for who has a table locked. */
static bool may_wait(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    struct err ignored;
    int64_t now_ms = clock_monotonic_ms();
    int64_t patience_ms = state->transfer->patience_ms > 0 ? state->transfer->patience_ms : PATIENCE_MS;
    if (window->blocker == NULL) {
        (void)source_lock_holder(&state->source, &ignored, &window->blocker);
    }
    const char *who = window->blocker != NULL ? window->blocker : "a table was locked for a moment";
    window->locked_since_ms = window->locked_since_ms == 0 ? now_ms : window->locked_since_ms;
    if (now_ms - window->locked_since_ms < patience_ms) {
        auto_free char *text = str_format("Waiting to lock the tables for reading: %s", who);
        if (text != NULL && window->attempts > 1) {
            transfer_tell_step(state, text);
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

/* Until somebody has just changed the catalog, as he will not do so again at once; or for a moment. */
static bool pause_or_stop(struct window *window)
{
    const struct stop *stop = window->state->transfer->stop;
    int64_t until_ms = clock_monotonic_ms() + PAUSE_MS;
    struct err ignored;
    auto_free char *before = NULL;
    bool same = schema_stamp(&window->state->source, &ignored, &before) == 0;
    while (clock_ms_left(until_ms) > 0) {
        if (stop != NULL && stop_requested(stop)) {
            return false;
        }
        clock_sleep_ms(SLICE_MS);
        if (same && window->setback != SETBACK_LOCKED) {
            auto_free char *now = NULL;
            same = schema_stamp(&window->state->source, &ignored, &now) == 0 && str_equals(before, now);
            if (!same) {
                return true;
            }
        }
    }
    return true;
}

/* Whoever waited for our locks has his turn now; right after him it is a while until the next one comes. */
static void let_pass(struct window *window)
{
    struct err ignored;
    int64_t until_ms = clock_monotonic_ms() + PASS_MS;
    bool passing = true;
    while (passing && clock_ms_left(until_ms) > 0) {
        auto_free char *holder = NULL;
        clock_sleep_ms(PASS_SLICE_MS);
        passing = source_lock_holder(&window->state->source, &ignored, &holder) == 0 && holder != NULL;
    }
}

/* Makes the session ready for another attempt. False: err is the end. */
static bool may_begin_again(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    struct err lost = {0};
    if (err->code == ERR_CANCELED || window->setback == SETBACK_FATAL) {
        return false;
    }
    if (!is_usable(&state->source) || pg_run(&state->source, &lost, "ROLLBACK") != 0) {
        err->lasting = false;
        return false;
    }
    bool locked = window->setback == SETBACK_LOCKED;
    bool by_dump = locked && window->blocker != NULL;
    if (locked ? !may_wait(window, err) : !may_be_others(window, err)) {
        return false;
    }
    window->locked_since_ms = locked ? window->locked_since_ms : 0;
    /* Our own locks come as soon as they are free; the rest may go better the other way round. */
    window->dump_first = locked ? window->dump_first || by_dump : !window->dump_first;
    free(window->blocker);
    window->blocker = NULL;
    forget_attempt(state);
    if (by_dump) {
        let_pass(window);
        return true;
    }
    return pause_or_stop(window) || pg_run(&state->source, err, "SELECT 1") == 0;
}

static int run(struct window *window, struct err *err)
{
    for (;;) {
        window->attempts++;
        if (attempt(window, err) == 0) {
            return 0;
        }
        if (!may_begin_again(window, err)) {
            return -1;
        }
    }
}

int source_window_open(struct transfer_state *state, struct err *err)
{
    struct window window = {.state = state, .started_ms = clock_monotonic_ms()};
    int result = run(&window, err);
    pg_close(&window.now);
    free(window.blocker);
    free(window.digest);
    free(window.stamp);
    return result;
}
