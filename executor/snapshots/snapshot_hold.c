/* SPDX-License-Identifier: MIT */
/* Stops everything of a subscription at a safe point, and starts it again. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/fault.h"
#include "executor/follow/followers.h"
#include "executor/gate.h"
#include "executor/servers/sides.h"
#include "executor/snapshots/snapshots_private.h"
#include "executor/wake.h"
#include "executor/worker.h"

enum {
    BUSY_TIMEOUT_MS = 15000,
    WORKER_TIMEOUT_MS = 20000,
    STOP_TIMEOUT_MS = 20000,
    PAUSE_MS = 2,
    BUSY_PAUSE_MS = 20,
    THREADS_MAX = 8,
    NAMES_MAX_BYTES = 900,
};

/* ---- several servers at once -----------------------------------------------------------------------------
 */

struct crew {
    struct hold *hold;
    int (*fn)(struct hold *hold, size_t index, void *context, struct err *err);
    void *context;
    _Atomic size_t next;
    pthread_mutex_t lock; /* guards the result */
    int result;
    struct err *err;
};

static void *crew_main(void *argument)
{
    struct crew *crew = argument;
    for (size_t i = atomic_fetch_add(&crew->next, 1); i < crew->hold->server_count;
         i = atomic_fetch_add(&crew->next, 1)) {
        struct err err = {0};
        if (crew->fn(crew->hold, i, crew->context, &err) < 0) {
            pthread_mutex_lock(&crew->lock);
            if (crew->result == 0) {
                *crew->err = err;
            }
            crew->result = -1;
            pthread_mutex_unlock(&crew->lock);
        }
    }
    return NULL;
}

static void *crew_thread_main(void *argument)
{
    struct crew *crew = argument;
    crew_main(crew);
    store_thread_done(crew->hold->executor->store);
    return NULL;
}

int hold_each_server(struct hold *hold,
                     int (*fn)(struct hold *hold, size_t index, void *context, struct err *err),
                     void *context, struct err *err)
{
    struct crew crew = {.hold = hold, .fn = fn, .context = context, .err = err};
    pthread_t threads[THREADS_MAX];
    size_t started = 0;
    pthread_mutex_init(&crew.lock, NULL);
    while (started < THREADS_MAX && started + 1 < hold->server_count &&
           pthread_create(&threads[started], NULL, crew_thread_main, &crew) == 0) {
        started++;
    }
    crew_main(&crew);
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_mutex_destroy(&crew.lock);
    return crew.result;
}

/* ---- what is in the subscription -------------------------------------------------------------------------
 */

static void forget(struct hold *hold)
{
    servers_free(hold->servers, hold->server_count);
    snapshot_migrations_free(hold->migrations, hold->migration_count);
    free(hold->ran);
    hold->servers = NULL;
    hold->migrations = NULL;
    hold->ran = NULL;
    hold->server_count = hold->migration_count = 0;
}

/* Keeps the provisioned servers in hold->servers, and writes the names of attached ones. */
static void sort_out(struct hold *hold, struct buf *attached)
{
    size_t kept = 0;
    for (size_t i = 0; i < hold->server_count; i++) {
        struct server *server = &hold->servers[i];
        bool ours = str_iequals(server->subscription_id, hold->subscription_id);
        if (ours && !server->attached) {
            struct server provisioned = *server;
            *server = hold->servers[kept];
            hold->servers[kept++] = provisioned;
        } else if (ours && attached->len + 70 < NAMES_MAX_BYTES) {
            buf_addf(attached, "%s%s", attached->len == 0 ? "" : ", ", server->name);
        }
    }
    for (size_t i = kept; i < hold->server_count; i++) {
        server_done(&hold->servers[i]);
    }
    hold->server_count = kept;
}

static int read_migrations(struct hold *hold, struct err *err)
{
    snapshot_migrations_free(hold->migrations, hold->migration_count);
    hold->migrations = NULL;
    hold->migration_count = 0;
    return store_snapshot_migrations(hold->executor->store, hold->subscription_id, err, &hold->migrations,
                                     &hold->migration_count);
}

static int read_subscription(struct hold *hold, struct buf *attached, struct err *err)
{
    struct store *store = hold->executor->store;
    if (store_server_list_all(store, err, &hold->servers, &hold->server_count) < 0) {
        return -1;
    }
    sort_out(hold, attached);
    hold->ran = calloc(hold->server_count + 1, sizeof(bool));
    if (hold->ran == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < hold->server_count; i++) {
        hold->ran[i] = instance_is_running(&hold->executor->instances, hold->servers[i].instance);
    }
    return read_migrations(hold, err);
}

/* A snapshot holds only what Malachite itself can stop and copy. */
static int check_inside(const struct hold *hold, const struct buf *attached, struct err *err)
{
    if (attached->len > 0) {
        return err_set(err, ERR_CONFLICT,
                       "A snapshot cannot contain attached servers, whose data Malachite does not own: %s.",
                       buf_text(attached));
    }
    for (size_t i = 0; i < hold->migration_count; i++) {
        const struct snapshot_migration *migration = &hold->migrations[i];
        if (migration->active && migration->outside != NULL) {
            return err_set(
                err, ERR_CONFLICT,
                "A snapshot cannot contain the active migration '%s': its source '%s' is not a server"
                " of this subscription.",
                migration->name, migration->outside);
        }
    }
    for (size_t i = 0; i < hold->server_count; i++) {
        if (fault_is_active(&hold->executor->instances, hold->servers[i].instance)) {
            return err_set(err, ERR_CONFLICT,
                           "Server '%s' has an active fault, which would become part of the snapshot. End it"
                           " first.",
                           hold->servers[i].name);
        }
    }
    return 0;
}

int64_t hold_lease_us(void)
{
    enum { LEASE_SECONDS = 3600 };
    return clock_steady_us() + (int64_t)LEASE_SECONDS * 1000000;
}

/* ---- begin -----------------------------------------------------------------------------------------------
 */

/* Closes the gate while no operation and no deployment is running. */
static int close_gate(struct executor *executor, const char *subscription_id, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + BUSY_TIMEOUT_MS;
    for (;;) {
        if (gate_close(executor, subscription_id, clock_ms_left(deadline_ms), err) < 0) {
            return -1;
        }
        int busy = store_snapshot_busy(executor->store, subscription_id, err);
        busy = busy == 0 && !executor_ready(executor) ? 1 : busy; /* servers are starting */
        if (busy == 0) {
            return 0;
        }
        gate_open(executor, subscription_id);
        if (busy < 0) {
            return -1;
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_SERVER_BUSY,
                           "Operations or deployments of subscription '%s' did not end within %d seconds.",
                           subscription_id, BUSY_TIMEOUT_MS / 1000);
        }
        clock_sleep_ms(BUSY_PAUSE_MS);
    }
}

/* Whether the worker has one of the migrations; asks it to stop. */
static bool stop_worker(struct worker *worker, const struct hold *hold)
{
    pthread_mutex_lock(&worker->lock);
    bool has = false;
    for (size_t i = 0; i < hold->migration_count && !has; i++) {
        has = worker->migration_id == hold->migrations[i].id;
    }
    if (has) {
        stop_request(&worker->stop, STOP_SHUTDOWN);
        stop_request(&worker->database_stop, STOP_SHUTDOWN);
    }
    pthread_mutex_unlock(&worker->lock);
    return has;
}

static int stop_workers(const struct hold *hold, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + WORKER_TIMEOUT_MS;
    /* Twice in a row: a worker that has just claimed a migration shows it a moment later. */
    for (int idle = 0; idle < 2;) {
        bool busy = false;
        for (int i = 0; i < hold->executor->worker_count; i++) {
            busy = stop_worker(&hold->executor->workers[i], hold) || busy;
        }
        idle = busy ? 0 : idle + 1;
        if (busy && clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_SERVER_BUSY, "A migration did not reach a safe point within %d seconds.",
                           WORKER_TIMEOUT_MS / 1000);
        }
        clock_sleep_ms(PAUSE_MS);
    }
    return 0;
}

static int stop_followers(const struct hold *hold, struct err *err)
{
    struct executor *executor = hold->executor;
    for (size_t i = 0; i < hold->migration_count; i++) {
        struct migration_database *rows = NULL;
        size_t count = 0;
        if (!hold->migrations[i].active) {
            continue;
        }
        if (store_database_list(executor->store, hold->migrations[i].id, err, &rows, &count) < 0) {
            return -1;
        }
        for (size_t j = 0; j < count; j++) {
            follower_stop(executor->followers, hold->migrations[i].id, rows[j].name);
        }
        migration_databases_free(rows, count);
    }
    return 0;
}

static int stop_server(struct hold *hold, size_t index, void *context, struct err *err)
{
    (void)context;
    return instance_stop(&hold->executor->instances, hold->servers[index].instance, STOP_TIMEOUT_MS, err);
}

/* What faults changed in files of the data directory must not meet restored ones. */
static int end_faults(struct hold *hold, size_t index, void *context, struct err *err)
{
    (void)context;
    const struct instance_spec spec = server_instance(&hold->servers[index]);
    return fault_recover(&hold->executor->instances, &spec, &hold->executor->stop, err);
}

static int stop_everything(struct hold *hold, bool for_restore, struct err *err)
{
    struct executor *executor = hold->executor;
    if (store_snapshot_hold(executor->store, hold->subscription_id, hold_lease_us(), err) < 0 ||
        read_migrations(hold, err) < 0 || stop_workers(hold, err) < 0 || stop_followers(hold, err) < 0 ||
        (for_restore && hold_each_server(hold, end_faults, NULL, err) < 0)) {
        return -1;
    }
    return hold_each_server(hold, stop_server, NULL, err);
}

int hold_begin(struct executor *executor, const char *subscription_id, bool for_restore, struct err *err,
               struct hold *hold)
{
    auto_buf struct buf attached = BUF_MAX(NAMES_MAX_BYTES);
    if (close_gate(executor, subscription_id, err) < 0) {
        return -1;
    }
    *hold = (struct hold){.executor = executor, .subscription_id = subscription_id};
    if (read_subscription(hold, &attached, err) < 0 ||
        (!for_restore && check_inside(hold, &attached, err) < 0) ||
        stop_everything(hold, for_restore, err) < 0) {
        struct err ignored = {0};
        (void)hold_end(hold, &ignored);
        return -1;
    }
    return 0;
}

/* ---- end -------------------------------------------------------------------------------------------------
 */

int hold_renew(struct hold *hold, struct err *err)
{
    auto_buf struct buf ignored = BUF_MAX(NAMES_MAX_BYTES);
    forget(hold);
    if (read_subscription(hold, &ignored, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < hold->server_count; i++) {
        hold->ran[i] = hold->servers[i].state == SERVER_STATE_READY;
    }
    return 0;
}

static int start_server(struct hold *hold, size_t index, void *context, struct err *err)
{
    (void)context;
    struct executor *executor = hold->executor;
    const struct server *server = &hold->servers[index];
    const struct instance_spec spec = server_instance(server);
    if (!hold->ran[index] || instance_start(&executor->instances, &spec, &executor->stop, err) == 0) {
        return 0;
    }
    struct err ignored = {0};
    if (!stop_requested(&executor->stop)) {
        log_event(LOG_ERROR, "server does not start", "server", server->name, "reason", err->message, NULL);
        (void)store_server_set_state(executor->store, server->id, SERVER_STATE_INACCESSIBLE, err->message,
                                     &ignored);
    }
    return -1;
}

int hold_end(struct hold *hold, struct err *err)
{
    struct executor *executor = hold->executor;
    if (executor == NULL) {
        return 0;
    }
    struct err failure = {0};
    int result = hold_each_server(hold, start_server, NULL, err);
    if (store_snapshot_release(executor->store, hold->subscription_id, &failure) < 0) {
        log_event(LOG_ERROR, "cannot release the migrations of a snapshot", "reason", failure.message, NULL);
        *err = result == 0 ? failure : *err;
        result = -1;
    }
    forget(hold);
    hold->executor = NULL;
    gate_open(executor, hold->subscription_id);
    return result;
}
