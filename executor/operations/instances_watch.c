/* SPDX-License-Identifier: MIT */
/*
 * Monitors the provisioned servers. An operation like the user's own starts a server that ended unasked
 * (killed, out of memory), so that nothing else works on it at the same time. The pause doubles with each
 * attempt. A server that keeps ending becomes Inaccessible with the reason, for the user to examine.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/fault.h"
#include "executor/gate.h"
#include "executor/operations/instances.h"
#include "executor/power_operation.h"
#include "executor/servers/sides.h"
#include "executor/wake.h"

enum {
    PERIOD_MS = 1000,
    STEADY_MS = 60000, /* a server that ran this long starts with new attempts */
    PAUSE_LEAST_MS = 1000,
    STARTS_MOST = 5,
};

/* A server that has ended at least once. */
struct watched {
    struct watched *next;
    int64_t server_id;
    int starts;       /* since it last ran for long */
    int64_t due_ms;   /* of the next start */
    int64_t start_ms; /* of the last one */
};

static struct watched *find(struct watched *first, int64_t server_id)
{
    while (first != NULL && first->server_id != server_id) {
        first = first->next;
    }
    return first;
}

static void forget(struct watched **first, const struct watched *watched)
{
    struct watched **at = first;
    while (*at != watched) {
        at = &(*at)->next;
    }
    *at = watched->next;
}

static struct watched *remember(struct watched **first, int64_t server_id)
{
    struct watched *watched = calloc(1, sizeof(*watched));
    if (watched != NULL) {
        watched->server_id = server_id;
        watched->next = *first;
        *first = watched;
    }
    return watched;
}

/* Whether the state means that the server runs, or that it could not be started. */
static bool is_up_to_us(const struct server *server)
{
    return server->state == SERVER_STATE_READY || server->state == SERVER_STATE_INACCESSIBLE;
}

/* If the server is still in the seen state, and no operation has been requested since, sets it to "state". */
static int claim_state(struct executor *executor, const struct server *seen, enum server_state state,
                       const char *message, struct operation *operation, struct err *err)
{
    auto_server struct server now = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(executor->store, err, &tx) < 0) {
        return -1;
    }
    int found = store_server_get_by_id(executor->store, seen->id, err, &now);
    int pending = found == 1 ? store_operation_power_pending(executor->store, seen->id, err) : found;
    if (pending != 0 || found != 1 || now.state != seen->state) {
        return found < 0 || pending < 0 ? -1 : 0;
    }
    if (store_server_set_state(executor->store, seen->id, state, message, err) < 0 ||
        (operation != NULL && store_operation_insert(executor->store, operation, err) < 0)) {
        return -1;
    }
    return store_commit(&tx, err) < 0 ? -1 : 1;
}

static int order_start(struct executor *executor, const struct server *server, struct err *err)
{
    auto_operation struct operation operation = {0};
    if (operation_init_power(server, OPERATION_SERVER_START, err, &operation) < 0) {
        return -1;
    }
    return claim_state(executor, server, SERVER_STATE_STARTING, "It ended unexpectedly and is restarting.",
                       &operation, err);
}

static int mark_inaccessible(struct executor *executor, const struct server *server, struct err *err)
{
    auto_free char *text =
        str_format("The PostgreSQL server ended %d times in a row soon after its start, so Malachite no "
                   "longer restarts it. See its log (%s/instances/%s/log), then start the server.",
                   STARTS_MOST + 1, executor->instances.root, server->instance);
    if (text == NULL) {
        return err_no_memory(err);
    }
    log_event(LOG_ERROR, "server keeps ending", "server", server->name, NULL);
    return claim_state(executor, server, SERVER_STATE_INACCESSIBLE, text, NULL, err);
}

/* The server does not run although it should. */
static int restart_server(struct executor *executor, struct watched *watched, const struct server *server,
                          struct err *err)
{
    int64_t now_ms = clock_monotonic_ms();
    if (watched->starts >= STARTS_MOST) {
        return server->state == SERVER_STATE_READY ? mark_inaccessible(executor, server, err) : 0;
    }
    if (now_ms < watched->due_ms) {
        return 0;
    }
    log_event(LOG_WARNING, "server ended unexpectedly; restarting it", "server", server->name, NULL);
    int ordered = order_start(executor, server, err);
    if (ordered > 0) {
        watched->start_ms = now_ms;
        watched->due_ms = now_ms + ((int64_t)PAUSE_LEAST_MS << watched->starts);
        watched->starts++;
        executor_wake(executor);
    }
    return ordered;
}

static int check_server(struct executor *executor, struct watched **first, const struct server *server,
                        struct err *err)
{
    if (server->attached || !is_up_to_us(server) ||
        fault_holds_down(&executor->instances, server->instance)) {
        return 0;
    }
    struct watched *watched = find(*first, server->id);
    if (instance_is_running(&executor->instances, server->instance)) {
        if (watched != NULL && clock_monotonic_ms() - watched->start_ms >= STEADY_MS) {
            forget(first, watched);
            free(watched);
        }
        return 0;
    }
    if (gate_is_closed_for(executor, server->subscription_id)) {
        return 0; /* a snapshot has stopped it */
    }
    /* The user must handle a server that failed to start with Malachite or on request. */
    if (watched == NULL && server->state == SERVER_STATE_READY) {
        watched = remember(first, server->id);
    }
    return watched == NULL ? 0 : restart_server(executor, watched, server, err);
}

static void check_servers(struct executor *executor, struct watched **first)
{
    struct server *servers = NULL;
    size_t count = 0;
    struct err err = {0};
    int result = store_server_list_all(executor->store, &err, &servers, &count);
    for (size_t i = 0; i < count && result >= 0; i++) {
        result = check_server(executor, first, &servers[i], &err);
    }
    if (result < 0) {
        log_event(LOG_ERROR, "cannot watch the servers", "reason", err.message, NULL);
    }
    servers_free(servers, count);
}

void *instances_watcher_main(void *argument)
{
    struct executor *executor = argument;
    struct watched *first = NULL;
    while (executor_sleep(executor, PERIOD_MS)) {
        if (executor_ready(executor)) {
            check_servers(executor, &first);
        }
    }
    while (first != NULL) {
        struct watched *watched = first;
        first = watched->next;
        free(watched);
    }
    store_thread_done(executor->store);
    return NULL;
}
