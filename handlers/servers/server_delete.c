/* SPDX-License-Identifier: MIT */
/* DELETE of servers: the executor stops and removes a provisioned instance; an attached server is left alone.
 */
#include "core/buf.h"
#include "core/str.h"
#include "handlers/arm/operation.h"
#include "handlers/servers/servers.h"

static int refuse_while_migrating(struct request *request, const struct server *server, struct err *err)
{
    auto_buf struct buf names = BUF_MAX(1000);
    if (active_migrations_of(request, &server->id, 1, err, &names) < 0) {
        return -1;
    }
    if (names.len == 0) {
        return 0;
    }
    return err_set(err, ERR_OPERATION_NOT_ALLOWED,
                   "The server '%s' cannot be deleted while migrations from or to it are active: %s. Cancel "
                   "them, or wait until they end.",
                   server->name, buf_text(&names));
}

static int store_deletion(struct request *request, const struct server *server, struct err *err,
                          struct operation *ret_operation)
{
    struct store *store = request->app->store;
    auto_free char *id = server_resource_id(server);
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || refuse_while_migrating(request, server, err) < 0 ||
        operation_make(request, OPERATION_SERVER_DELETE, server->location, id, NULL, err, ret_operation) <
            0) {
        return -1;
    }
    ret_operation->server_id = server->id;
    if (store_server_set_state(store, server->id, SERVER_STATE_DROPPING, NULL, err) < 0 ||
        store_operation_insert(store, ret_operation, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

void server_delete(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_group(request, &group)) {
        return;
    }
    int found = store_server_get(request->app->store, server_kind_of(request), group.subscription_id,
                                 group.name, request_param(request, "serverName"), &err, &server);
    if (found == 0) {
        reply_empty(request, 204);
    } else if (found < 0 || store_deletion(request, &server, &err, &operation) < 0) {
        reply_error(request, &err);
    } else {
        reply_operation(request, &operation);
    }
}
