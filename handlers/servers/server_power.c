/* SPDX-License-Identifier: MIT */
/* POST start, stop and restart of servers that Malachite runs; the executor performs them. */
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/operation.h"
#include "handlers/servers/servers.h"

struct power {
    const char *verb; /* for messages */
    enum operation_kind operation;
    enum server_state state_during;
    bool from_stopped; /* otherwise from Ready */
};

static const struct power starting = {"Start", OPERATION_SERVER_START, SERVER_STATE_STARTING, true};
static const struct power stopping = {"Stop", OPERATION_SERVER_STOP, SERVER_STATE_STOPPING, false};
static const struct power restarting = {"Restart", OPERATION_SERVER_RESTART, SERVER_STATE_UPDATING, false};

/* In the words of the service, including "Sever": clients are known to match them. */
static int check_state(const struct server *server, const struct power *power, struct err *err)
{
    if (server->attached) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED,
                "%s is not possible for the server '%s': the PostgreSQL at %s:%d is attached, not "
                "provisioned by Malachite. Use the tools that manage that PostgreSQL.",
                power->verb, server->name, server->host, server->port);
        return -1;
    }
    /* The start of a server that failed to start may be retried. */
    bool again = server->state == SERVER_STATE_INACCESSIBLE && power->operation != OPERATION_SERVER_STOP;
    if (again || server->state == (power->from_stopped ? SERVER_STATE_STOPPED : SERVER_STATE_READY)) {
        return 0;
    }
    return err_set(err, ERR_SERVER_NOT_READY, "%s. Sever Name = %s, Current Server State = %s",
                   power->from_stopped ? "Start Server can only be performed on Stopped servers"
                                       : "Restart or Stop Server can only be performed on Started servers",
                   server->name, word_of(WORDS_SERVER_STATE, (int)server->state));
}

static int store_power(struct request *request, const struct server *seen, const struct power *power,
                       struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    auto_server struct server server = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_server_get_by_id(store, seen->id, err, &server);
    if (found <= 0) {
        return found < 0 ? -1
                         : err_set(err, ERR_RESOURCE_NOT_FOUND, "The server was deleted in the meantime.");
    }
    auto_free char *id = server_resource_id(&server);
    if (check_state(&server, power, err) < 0 ||
        operation_make(request, power->operation, server.location, id, NULL, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server.id;
    if (store_server_set_state(store, server.id, power->state_during, NULL, err) < 0 ||
        store_operation_insert(store, ret_operation, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

static void change_power(struct request *request, const struct power *power)
{
    struct err err = {0};
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_server(request, &server)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (power->operation == OPERATION_SERVER_RESTART &&
        json_is_true(field_get(body, "restartWithFailover"))) {
        reply_fail(request, ERR_OPERATION_NOT_ALLOWED,
                   "The server '%s' has no standby to fail over to: high availability is not enabled.",
                   server.name);
        return;
    }
    if (store_power(request, &server, power, &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

void server_start(struct request *request)
{
    change_power(request, &starting);
}

void server_stop(struct request *request)
{
    change_power(request, &stopping);
}

void server_restart(struct request *request)
{
    change_power(request, &restarting);
}
