/* SPDX-License-Identifier: MIT */
/* pg_dump of the start window: it is watched for locks that it does not get, and for the moment when it has
 * all. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/str.h"
#include "engine/catalog/schema_digest.h"
#include "engine/catalog/source_lock.h"
#include "engine/transfer/source_window_private.h"

enum {
    BLOCKED_MS = 100, /* pg_dump behind somebody who waits for our locks */
    /* pg_dump behind somebody who has locks of his own: together with a look and the end of its session well
     * below deadlock_timeout (1 s), or the application is told of a deadlock. */
    BLOCKED_ALONE_MS = 500,
    LOOK_MS = 100,
    LOOK_CLOSELY_MS = 20, /* for the moment when it has its locks */
};

/*
 * Between pg_dump's LOCK and its end nobody can change a table: then the digest describes what it dumps.
 * False: it cannot be taken.
 */
static bool take_digest(struct window *window)
{
    struct pg *source = &window->state->source;
    bool held = false;
    if (source_tables_held(source, window->application, &window->failure, &held) != 0) {
        return false;
    }
    return !held || schema_digest(source, SCHEMA_ALL, &window->failure, &window->digest) == 0;
}

/* Whether pg_dump goes on; not when it waits for a lock that it does not get soon. */
static bool watch_dump(void *context)
{
    struct window *window = context;
    struct err ignored = {0};
    auto_free char *blocker = NULL;
    int64_t now_ms = clock_monotonic_ms();
    bool closely = window->dump_first && window->digest == NULL;
    if (now_ms - window->looked_ms < (closely ? LOOK_CLOSELY_MS : LOOK_MS)) {
        return true;
    }
    window->looked_ms = now_ms;
    if (closely && !take_digest(window)) {
        return false;
    }
    if (source_lock_blocker(&window->state->source, window->application, &ignored, &blocker) != 0) {
        return PQstatus(window->state->source.connection) == CONNECTION_OK;
    }
    if (blocker == NULL) {
        window->blocked_since_ms = 0;
        return true;
    }
    if (window->blocked_since_ms == 0) {
        window->blocked_since_ms = now_ms;
    }
    if (now_ms - window->blocked_since_ms < (window->dump_first ? BLOCKED_ALONE_MS : BLOCKED_MS)) {
        return true;
    }
    free(window->blocker);
    window->blocker = TAKE(blocker);
    return false;
}

/* Its session may still wait for a lock when pg_dump itself has ended. */
static void end_dump_session(struct window *window)
{
    struct err ignored;
    auto_free char *count = NULL;
    const char *params[] = {window->application};
    (void)pg_value(
        &window->state->source, &ignored, &count,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1", 1,
        params);
}

static int run_dump(struct window *window, const char *path, struct err *err)
{
    struct transfer_state *state = window->state;
    const struct transfer *transfer = state->transfer;
    const struct tools_major *client = tools_client(transfer->tools, state->source.version / 10000);
    char id[ID_TEXT_SIZE];
    if (client == NULL) {
        int major = state->source.version / 10000;
        char advice[TOOLS_ADVICE_SIZE];
        tools_client_advice(major, advice, sizeof(advice));
        err_set(err, ERR_VERSION_UNAVAILABLE,
                "No pg_dump on this machine can read a server of version %d. %s", major, advice);
        return window_fail(window, SETBACK_FATAL);
    }
    snprintf(window->application, sizeof(window->application), "malachite pg_dump %.36s", id_new(id));
    window->blocked_since_ms = window->looked_ms = 0;
    window->failure = (struct err){0};
    free(window->digest);
    window->digest = NULL;
    const struct archive_request request = {.source = transfer->source,
                                            .database = transfer->database,
                                            .snapshot = state->snapshot,
                                            .encoding = state->encoding,
                                            .client_bin = client->client_bin,
                                            .path = path,
                                            .no_compression = state->no_compression,
                                            .lc_monetary = state->settings.money,
                                            .application = window->application,
                                            .may_go_on = watch_dump,
                                            .context = window,
                                            .stop = transfer->stop};
    if (archive_dump(&request, err) == 0) {
        return 0;
    }
    end_dump_session(window);
    if (window->failure.message[0] != '\0') {
        *err = window->failure;
        return window_sql_failed(window, err);
    }
    return window_fail(window, window->blocker != NULL ? SETBACK_LOCKED : SETBACK_UNKNOWN);
}

/* What pg_dump writes of objects that are dropped while it runs may be wrong without a word. */
static int look_at_result(struct window *window, struct err *err)
{
    auto_free char *dropped = NULL;
    if (window->dump_first && window->digest == NULL) {
        return window_changed(window, err, "A table was made again");
    }
    if (pg_value(&window->state->source, err, &dropped,
                 "WITH spaces AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_'"
                 "  AND nspname <> 'information_schema')"
                 /* These look at the current catalog: NULL for an object that the snapshot alone has. */
                 " SELECT 1 WHERE EXISTS (SELECT 1 FROM pg_proc WHERE pg_function_is_visible(oid) IS NULL"
                 "   AND pronamespace IN (SELECT oid FROM spaces))"
                 "  OR EXISTS (SELECT 1 FROM pg_type WHERE pg_type_is_visible(oid) IS NULL"
                 "   AND typnamespace IN (SELECT oid FROM spaces) AND typrelid = 0 AND typelem = 0)",
                 0, NULL) != 0) {
        return window_sql_failed(window, err);
    }
    return dropped == NULL ? 0 : window_changed(window, err, "A function or a type was dropped");
}

int window_dump(struct window *window, struct err *err)
{
    struct transfer_state *state = window->state;
    char id[ID_TEXT_SIZE];
    auto_free char *path = str_format("%s/schema-%s.dump", state->transfer->work_dir, id_new(id));
    if (path == NULL) {
        err_no_memory(err);
        return window_fail(window, SETBACK_FATAL);
    }
    int result = run_dump(window, path, err);
    if (result == 0 && archive_read(path, err, &state->archive) != 0) {
        result = window_fail(window, SETBACK_FATAL);
    }
    unlink(path);
    return result != 0 ? -1 : look_at_result(window, err);
}
