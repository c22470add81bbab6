/* SPDX-License-Identifier: MIT */
/* Starts, stops and restarts provisioned servers, and changes the administrator's password. */
#include <jansson.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "executor/operations/operation_power.h"
#include "executor/operations/operation_server.h"
#include "executor/servers/sides.h"
#include "executor/spelling/kept_parameters.h"

enum { STOP_TIMEOUT_MS = 10000 };

/* A server that does not run is Inaccessible with the reason, unless Malachite itself is stopping. */
static int fail(struct executor *executor, const struct server *server, const struct err *err)
{
    struct err ignored = {0};
    if (!stop_requested(&executor->stop)) {
        bool runs = instance_is_running(&executor->instances, server->instance);
        (void)store_server_set_state(executor->store, server->id,
                                     runs ? SERVER_STATE_READY : SERVER_STATE_INACCESSIBLE,
                                     runs ? NULL : err->message, &ignored);
    }
    return -1;
}

static int set_ready(struct executor *executor, const struct server *server, struct err *err)
{
    server_note_version(executor, server);
    return store_server_set_state(executor->store, server->id, SERVER_STATE_READY, NULL, err);
}

static int set_started(struct executor *executor, const struct server *server, struct err *err)
{
    return kept_parameters_restarted(executor->store, server, err) < 0 ? -1
                                                                       : set_ready(executor, server, err);
}

int start_server(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    if (operation_find_server(executor, operation, err, &server) < 0) {
        return -1;
    }
    const struct instance_spec spec = server_instance(&server);
    if (instance_start(&executor->instances, &spec, &executor->stop, err) < 0) {
        return fail(executor, &server, err);
    }
    return set_started(executor, &server, err);
}

int stop_server(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    if (operation_find_server(executor, operation, err, &server) < 0) {
        return -1;
    }
    if (instance_stop(&executor->instances, server.instance, STOP_TIMEOUT_MS, err) < 0) {
        return fail(executor, &server, err);
    }
    return store_server_set_state(executor->store, server.id, SERVER_STATE_STOPPED, NULL, err);
}

int restart_server(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    if (operation_find_server(executor, operation, err, &server) < 0) {
        return -1;
    }
    const struct instance_spec spec = server_instance(&server);
    if (instance_restart(&executor->instances, &spec, &executor->stop, err) < 0) {
        return fail(executor, &server, err);
    }
    return set_started(executor, &server, err);
}

int update_server(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    if (operation_find_server(executor, operation, err, &server) < 0) {
        return -1;
    }
    if (server.attached) {
        return attach_server(executor, &server, err);
    }
    const struct instance_spec spec = server_instance(&server);
    /* An Inaccessible server is started first. */
    if (!instance_is_running(&executor->instances, server.instance) &&
        instance_start(&executor->instances, &spec, &executor->stop, err) < 0) {
        return fail(executor, &server, err);
    }
    if (instance_set_password(&executor->instances, &spec, &executor->stop, err) < 0) {
        err_append(err, " Set the password again when the server is reachable.");
        return fail(executor, &server, err);
    }
    return set_ready(executor, &server, err);
}
