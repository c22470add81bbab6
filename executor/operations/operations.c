/* SPDX-License-Identifier: MIT */
/*
 * Executes the long-running operations that REST calls on servers, databases and groups store. Each may
 * run again after a crash: creation replaces the remains of an interrupted attempt, deletion accepts
 * missing objects.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/str.h"
#include "engine/pg/pg_point.h"
#include "executor/gate.h"
#include "executor/operations/change_configurations.h"
#include "executor/operations/change_database.h"
#include "executor/operations/clone_server.h"
#include "executor/operations/operation_power.h"
#include "executor/operations/operation_server.h"
#include "executor/operations/operation_waits.h"
#include "executor/operations/operations.h"
#include "executor/retry.h"
#include "executor/servers/address.h"
#include "executor/servers/sides.h"
#include "executor/wake.h"

enum {
    IDLE_WAIT_MS = 5000,
    RETRY_MS = 1000,
    STARTING_WAIT_MS = 200,
    ADDRESS_ATTEMPTS = 5,
    OPERATION_LEASE_US = 3600LL * 1000000, /* of this process; another process releases it at its start */
};

/* ---- servers ---------------------------------------------------------------------------------------------
 */

/* Another program, for example another user's Malachite, may take the address that was free when it was
 * chosen. */
static int create_instance(struct executor *executor, struct server *server, struct err *err)
{
    for (int attempt = 1;; attempt++) {
        if (create_or_clone_instance(executor, server, err) == 0) {
            return 0;
        }
        struct err ignored = {0};
        if (err->code != ERR_CONFLICT || attempt == ADDRESS_ATTEMPTS ||
            move_server(executor, server, &ignored) < 0) {
            return -1;
        }
    }
}

static int visit_provision(struct executor *executor, const struct server *server, struct err *err)
{
    const struct point_subject subject = {
        .subscription = server->subscription_id, .server = server->name, .stop = &executor->stop};
    point_scope_set(&subject);
    auto_free char *doing = str_format("Server '%s'", server->name);
    int result = doing == NULL ? err_no_memory(err) : pg_point_work(POINT_PROVISION, doing, NULL, err);
    point_scope_set(NULL);
    return result;
}

/* A server that failed to start remains, with the reason, and can be started again. */
static int provision_server(struct executor *executor, struct server *server, struct err *err)
{
    if (visit_provision(executor, server, err) < 0 || create_instance(executor, server, err) < 0) {
        struct err ignored = {0};
        if (!stop_requested(&executor->stop)) {
            (void)store_server_set_state(executor->store, server->id, SERVER_STATE_INACCESSIBLE, err->message,
                                         &ignored);
        }
        return -1;
    }
    server_note_version(executor, server);
    return store_server_set_state(executor->store, server->id, SERVER_STATE_READY, NULL, err);
}

static int create_server(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    if (operation_find_server(executor, operation, err, &server) < 0) {
        return -1;
    }
    if (server.attached) {
        return attach_server(executor, &server, err);
    }
    return provision_server(executor, &server, err);
}

static int remove_server(struct executor *executor, const struct server *server, struct err *err)
{
    if (!server->attached && instance_delete(&executor->instances, server->instance, err) < 0) {
        return -1;
    }
    return store_server_delete(executor->store, server->id, err);
}

static int delete_server(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    int found = store_server_get_by_id(executor->store, operation->server_id, err, &server);
    if (found <= 0) {
        return found;
    }
    return await_migrations(executor, &server, err) < 0 ? -1 : remove_server(executor, &server, err);
}

/* ---- groups ----------------------------------------------------------------------------------------------
 */

/* The group's name is the last segment of its id. */
static const char *group_of(const struct operation *operation)
{
    const char *slash = strrchr(operation->resource_id, '/');
    return slash == NULL ? operation->resource_id : slash + 1;
}

/* A group whose deletion failed can be used again. */
static void reopen_group(struct executor *executor, const char *subscription_id, const char *name)
{
    struct err ignored = {0};
    auto_resource_group struct resource_group group = {0};
    if (!stop_requested(&executor->stop) &&
        store_group_get(executor->store, subscription_id, name, &ignored, &group) == 1) {
        group.deleting = false;
        (void)store_group_put(executor->store, &group, &ignored);
    }
}

static int delete_group(struct executor *executor, const struct operation *operation, struct err *err)
{
    const char *group = group_of(operation);
    for (int kind = 0; kind < SERVER_KIND_COUNT; kind++) {
        struct server *servers = NULL;
        size_t count = 0;
        int result = store_server_list(executor->store, (enum server_kind)kind, operation->subscription_id,
                                       group, err, &servers, &count);
        for (size_t i = 0; i < count && result == 0; i++) {
            result = await_migrations(executor, &servers[i], err) < 0 ||
                             await_operations(executor, &servers[i], err) < 0
                         ? -1
                         : remove_server(executor, &servers[i], err);
        }
        servers_free(servers, count);
        if (result < 0) {
            reopen_group(executor, operation->subscription_id, group);
            return -1;
        }
    }
    return store_group_delete(executor->store, operation->subscription_id, group, err);
}

/* ---- the queue -------------------------------------------------------------------------------------------
 */

static int run(struct executor *executor, const struct operation *operation, struct err *err)
{
    switch (operation->kind) {
    case OPERATION_SERVER_CREATE:
        return create_server(executor, operation, err);
    case OPERATION_SERVER_DELETE:
        return delete_server(executor, operation, err);
    case OPERATION_DATABASE_CREATE:
    case OPERATION_DATABASE_DELETE:
        return change_database(executor, operation, err);
    case OPERATION_GROUP_DELETE:
        return delete_group(executor, operation, err);
    case OPERATION_SERVER_UPDATE:
        return update_server(executor, operation, err);
    case OPERATION_SERVER_START:
        return start_server(executor, operation, err);
    case OPERATION_SERVER_STOP:
        return stop_server(executor, operation, err);
    case OPERATION_SERVER_RESTART:
        return restart_server(executor, operation, err);
    case OPERATION_CONFIGURATION_UPDATE:
        return change_configurations(executor, operation, err);
    case OPERATION_CHILD_UPSERT: /* the request that creates them also completes these two */
    case OPERATION_CHILD_DELETE:
        return 0;
    case OPERATION_KIND_COUNT:
        break;
    }
    return err_set(err, ERR_INTERNAL, "unknown kind of operation");
}

/* Operations of an earlier process may need servers that this one is still starting. */
static void await_servers(struct executor *executor, const struct operation *operation)
{
    while (operation->started_us < executor->started_us && !executor_ready(executor) &&
           !stop_requested(&executor->stop)) {
        executor_wait(executor, executor_generation(executor), STARTING_WAIT_MS);
    }
}

static void work_off(struct executor *executor, const struct operation *operation)
{
    struct err failure = {0};
    struct err err = {0};
    await_servers(executor, operation);
    if (stop_requested(&executor->stop)) {
        return;
    }
    int64_t began = clock_monotonic_ms();
    auto_gate_visit struct gate_visit visit = {0};
    int result = gate_enter(executor, operation->subscription_id, NULL, &failure, &visit) < 0 ||
                         operation_is_moot(executor, operation, &failure)
                     ? -1
                     : run(executor, operation, &failure);
    if (operation_is_moot(executor, operation, &failure)) {
        result = -1;
    }
    if (result < 0 && stop_requested(&executor->stop)) {
        return; /* stays in progress: the next process resumes it */
    }
    while (store_operation_finish(executor->store, operation->id, result < 0 ? &failure : NULL, &err) < 0) {
        log_event(LOG_ERROR, "cannot finish an operation", "operation", operation->id, "reason", err.message,
                  NULL);
        if (!failure_is_of_store(&err) || !executor_sleep(executor, RETRY_MS)) {
            break;
        }
    }
    auto_free char *ms = str_format("%lld", (long long)(clock_monotonic_ms() - began));
    log_event(result < 0 ? LOG_WARNING : LOG_INFO, "operation", "id", operation->id, "kind",
              word_of(WORDS_OPERATION_KIND, (int)operation->kind), "resource", operation->resource_id, "ms",
              ms, "failure", result < 0 ? failure.message : NULL, NULL);
    executor_wake(
        executor); /* another operation on the same server, or a migration, may have waited for this one */
}

void *operations_main(void *argument)
{
    struct executor *executor = argument;
    while (!stop_requested(&executor->stop)) {
        uint64_t seen = executor_generation(executor);
        auto_operation struct operation operation = {0};
        struct err err = {0};
        int claimed = store_operation_claim(executor->store, executor->owner,
                                            clock_steady_us() + OPERATION_LEASE_US, &err, &operation);
        if (claimed == 1) {
            work_off(executor, &operation);
        } else {
            if (claimed < 0) {
                log_event(LOG_ERROR, "cannot claim an operation", "reason", err.message, NULL);
            }
            executor_wait(executor, seen, claimed < 0 ? RETRY_MS : IDLE_WAIT_MS);
        }
    }
    store_thread_done(executor->store);
    return NULL;
}
