/* SPDX-License-Identifier: MIT */
/* Starts the provisioned servers with Malachite, and stops them with it. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/fault.h"
#include "executor/executor_parts.h"
#include "executor/operations/instances.h"
#include "executor/operations/recheck.h"
#include "executor/servers/sides.h"

enum { STOPPERS = 8 };

/* Excludes servers that are being created, deleted or stopped: an operation in progress handles those
 * after all others run. */
static bool should_run(const struct server *server)
{
    return !server->attached && server->state != SERVER_STATE_PROVISIONING &&
           server->state != SERVER_STATE_DROPPING && server->state != SERVER_STATE_STOPPING &&
           server->state != SERVER_STATE_STOPPED;
}

static void start_one(struct executor *executor, const struct server *server)
{
    struct err err = {0};
    const struct instance_spec spec = server_instance(server);
    /* The rules that a killed Malachite made faults for are gone. */
    fault_prepare_start(&executor->instances, &spec);
    if (instance_start(&executor->instances, &spec, &executor->stop, &err) == 0) {
        if (fault_recover(&executor->instances, &spec, &executor->stop, &err) != 0) {
            log_event(LOG_ERROR, "cannot undo a fault", "server", server->name, "reason", err.message, NULL);
        }
        server_note_version(executor, server);
        (void)store_server_set_state(executor->store, server->id, SERVER_STATE_READY, NULL, &err);
        log_event(LOG_INFO, "server runs", "server", server->name, "address", server->host, NULL);
    } else if (!stop_requested(&executor->stop)) {
        log_event(LOG_ERROR, "server does not start", "server", server->name, "reason", err.message, NULL);
        struct err ignored = {0};
        (void)store_server_set_state(executor->store, server->id, SERVER_STATE_INACCESSIBLE, err.message,
                                     &ignored);
    }
}

int instances_mark_starting(struct executor *executor, struct err *err)
{
    struct server *servers = NULL;
    size_t count = 0;
    int result = store_server_list_all(executor->store, err, &servers, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (should_run(&servers[i])) {
            result = store_server_set_state(executor->store, servers[i].id, SERVER_STATE_STARTING, NULL, err);
        }
    }
    servers_free(servers, count);
    return result;
}

void *instances_starter_main(void *argument)
{
    struct executor *executor = argument;
    struct server *servers = NULL;
    size_t count = 0;
    struct err err = {0};
    if (store_server_list_all(executor->store, &err, &servers, &count) < 0) {
        log_event(LOG_ERROR, "cannot list servers", "reason", err.message, NULL);
    }
    for (size_t i = 0; i < count && !stop_requested(&executor->stop); i++) {
        if (should_run(&servers[i])) {
            start_one(executor, &servers[i]);
        }
    }
    servers_free(servers, count);
    atomic_store(&executor->ready, true);
    executor_wake(executor);
    recheck_run(executor);
    store_thread_done(executor->store);
    return NULL;
}

/* ---- stop ------------------------------------------------------------------------------------------------
 */

struct stopping {
    struct executor *executor;
    const struct server *servers;
    size_t count;
    _Atomic size_t next;
    int64_t deadline_ms;
};

static void *stop_some(void *argument)
{
    struct stopping *stopping = argument;
    for (size_t i = atomic_fetch_add(&stopping->next, 1); i < stopping->count;
         i = atomic_fetch_add(&stopping->next, 1)) {
        const struct server *server = &stopping->servers[i];
        struct err err = {0};
        if (!server->attached && instance_stop(&stopping->executor->instances, server->instance,
                                               clock_ms_left(stopping->deadline_ms), &err) < 0) {
            log_event(LOG_ERROR, "server does not stop", "server", server->name, "reason", err.message, NULL);
        }
    }
    return NULL;
}

void instances_stop_all(struct executor *executor, int timeout_ms)
{
    struct server *servers = NULL;
    struct err err = {0};
    struct stopping stopping = {.executor = executor, .deadline_ms = clock_monotonic_ms() + timeout_ms};
    if (store_server_list_all(executor->store, &err, &servers, &stopping.count) < 0) {
        return;
    }
    stopping.servers = servers;
    pthread_t threads[STOPPERS];
    size_t started = 0;
    while (started < STOPPERS && started + 1 < stopping.count &&
           pthread_create(&threads[started], NULL, stop_some, &stopping) == 0) {
        started++;
    }
    stop_some(&stopping);
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    servers_free(servers, stopping.count);
}
