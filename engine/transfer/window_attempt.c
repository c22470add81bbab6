/* SPDX-License-Identifier: MIT */
#include "engine/transfer/window_attempt_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "engine/catalog/schema_stamp.h"
#include "engine/catalog/source_hold.h"
#include "engine/catalog/source_lock.h"
#include "engine/pg/sqlstate.h"
#include "engine/transfer/trigger_states_private.h"

enum {
    LOCKING_MS = 2000, /* for all tables */
    DUMP_LOCK_MS = 20, /* for objects that are not locked yet: others wait for Malachite's locks */
};

/* Records the kind of failure. Returns -1. */
static int fail(struct window *window, enum setback setback)
{
    window->setback = setback;
    return -1;
}

/* The same for inconsistent results: "A table was renamed". */
static int fail_changed(struct window *window, struct err *err, const char *what)
{
    err_set(err, ERR_UNAVAILABLE, "%s while the schema was read.", what);
    return fail(window, SETBACK_CHANGED);
}

/* The same for SQL that failed on the source, possibly because of concurrent changes. */
static int fail_sql(struct window *window, const struct err *err)
{
    if (source_lock_timed_out(err)) {
        return fail(window, SETBACK_LOCKED);
    }
    bool by_others = sqlstate_in(err->sqlstate, SQLSTATE_SYNTAX_OR_ACCESS_RULE, SQLSTATE_UNDEFINED_SCHEMA,
                                 SQLSTATE_INTERNAL, SQLSTATE_DATA_EXCEPTION, SQLSTATE_TRANSACTION_ROLLBACK);
    if (by_others && !sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        return fail(window, SETBACK_UNKNOWN);
    }
    return fail(window, SETBACK_FATAL);
}

static int begin(struct window *window, struct err *err)
{
    const struct transfer *transfer = window->state->transfer;
    free(window->stamp);
    window->stamp = NULL;
    window->setback = SETBACK_FATAL;
    if (window->now.connection == NULL &&
        pg_open(transfer->source, transfer->database, PG_READ, transfer->stop, err, &window->now) != 0) {
        return -1;
    }
    if (schema_stamp(&window->now, err, &window->stamp) != 0 ||
        /* LOCK TABLE takes no snapshot: that follows the locks. */
        pg_run(&window->state->source, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") != 0) {
        return fail_sql(window, err);
    }
    window->locking_ms = clock_monotonic_ms();
    return 0;
}

/* Repeats until a current look shows no table that is not locked. Locked tables stay locked, so only new
 * tables can appear. */
static int lock_tables(struct window *window, struct err *err)
{
    struct pg *source = &window->state->source;
    int pid = PQbackendPID(source->connection);
    int64_t deadline_ms = window->locking_ms + LOCKING_MS;
    for (;;) {
        auto_result PGresult *tables = NULL;
        if (source_tables_unlocked(&window->now, pid, err, &tables) != 0) {
            return fail_sql(window, err);
        }
        if (PQntuples(tables) == 0) {
            return 0;
        }
        if (source_tables_lock_there(source, tables, window->locking_ms, err) != 0) {
            return fail_sql(window, err);
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return fail_changed(window, err, "Tables were made and dropped");
        }
    }
}

/* The first statement that needs a snapshot takes it for the whole transaction. */
static int hold_schema(struct window *window, struct err *err)
{
    struct pg *source = &window->state->source;
    bool changed = false;
    bool dropped = false;
    struct source_tables_check tables = {0};
    if (source_hold_begin(source, window->locking_ms, err) != 0 ||
        source_tables_check(source, err, &tables) != 0 ||
        source_hold_changed(source, &window->now, err, &changed) != 0 ||
        source_hold_dropped(source, err, &dropped) != 0) {
        return fail_sql(window, err);
    }
    if (tables.unlocked) {
        return fail_changed(window, err, "A table was made or renamed");
    }
    if (tables.moved) {
        return fail_changed(window, err, "A table was truncated or rewritten");
    }
    return changed || dropped ? fail_changed(window, err, "A view, a function or a type was changed") : 0;
}

static int release_schema(struct window *window, struct err *err)
{
    struct pg *source = &window->state->source;
    bool dropped = false;
    if (source_hold_dropped(source, err, &dropped) != 0 || source_hold_end(source, err) != 0) {
        return fail_sql(window, err);
    }
    return dropped ? fail_changed(window, err, "A view, a function or a type was dropped") : 0;
}

static int export_snapshot(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    free(state->snapshot);
    state->snapshot = NULL;
    return pg_value(&state->source, err, &state->snapshot, "SELECT pg_catalog.pg_export_snapshot()", 0,
                    NULL) != 0
               ? fail_sql(window, err)
               : 0;
}

static int read_also(struct window *window, struct err *err)
{
    const struct transfer_reading *also = &window->state->also;
    int result = also->read == NULL ? 1 : also->read(also->context, &window->state->source, err);
    if (result < 0) {
        return fail_sql(window, err);
    }
    return result > 0 ? 0 : fail_changed(window, err, "A transaction was about to end");
}

static int run_dump(struct window *window, const char *path, struct err *err)
{
    struct transfer_state *state = window->state;
    const struct transfer *transfer = state->transfer;
    int major = state->source.version / 10000;
    const struct tools_major *client = tools_client(transfer->tools, major);
    if (client == NULL) {
        char advice[TOOLS_ADVICE_SIZE];
        tools_client_advice(major, advice, sizeof(advice));
        err_set(err, ERR_VERSION_UNAVAILABLE,
                "No pg_dump on this machine can read a server of version %d. %s", major, advice);
        return fail(window, SETBACK_FATAL);
    }
    if (pg_runf(&state->source, err, "SET LOCAL lock_timeout = %d", DUMP_LOCK_MS) != 0) {
        return fail_sql(window, err);
    }
    const struct archive_request request = {.session = &state->source,
                                            .encoding = state->encoding,
                                            .client_bin = client->client_bin,
                                            .directory = transfer->work_dir,
                                            .path = path,
                                            .no_compression = state->no_compression,
                                            .stop = transfer->stop};
    if (archive_dump(&request, err) == 0) {
        return 0;
    }
    /* Without a failed statement, pg_dump itself rejected what it read. */
    bool unknown = (err->sqlstate[0] == '\0' && err->lasting) ||
                   sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE);
    return unknown ? fail(window, SETBACK_UNKNOWN) : fail_sql(window, err);
}

static int dump(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    char id[ID_TEXT_SIZE];
    auto_free char *path = str_format("%s/schema-%s.dump", state->transfer->work_dir, id_new(id));
    if (path == NULL) {
        err_no_memory(err);
        return fail(window, SETBACK_FATAL);
    }
    int result = run_dump(window, path, err);
    if (result == 0 && archive_read(path, err, &state->archive) != 0) {
        result = fail(window, SETBACK_FATAL);
    }
    unlink(path);
    return result;
}

static int read_catalogs(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    if (catalog_read(&state->source, state->target_version,
                     source_database_get(&state->database, DATABASE_ENCODING), err, &state->catalog) != 0 ||
        trigger_states_read(state, err) != 0 ||
        pg_run(&state->source, err, "SET LOCAL lock_timeout = 0") != 0) {
        return fail_sql(window, err);
    }
    return 0;
}

int window_attempt(struct window *window, struct err *err)
{
    return begin(window, err) != 0 || lock_tables(window, err) != 0 || hold_schema(window, err) != 0 ||
                   dump(window, err) != 0 || release_schema(window, err) != 0 ||
                   export_snapshot(window, err) != 0 || read_also(window, err) != 0 ||
                   read_catalogs(window, err) != 0
               ? -1
               : 0;
}
