/* SPDX-License-Identifier: MIT */
/* PATCH of servers. */
#include "core/str.h"
#include "handlers/arm/operation.h"
#include "handlers/servers/server_update_private.h"
#include "handlers/servers/servers.h"

/* The name in the 404 of a server. */
static int not_found(const struct server *server, struct err *err)
{
    auto_free char *name = str_format("%s/%s", word_of(WORDS_SERVER_KIND, (int)server->kind), server->name);
    return resource_not_found(err, server->group, name);
}

/* Changes the current row, and stores the operation that the client polls. */
static int store_patch(struct request *request, const struct server *seen,
                       const struct server_request *wanted, struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    auto_server struct server server = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_server_get_by_id(store, seen->id, err, &server);
    if (found <= 0) {
        return found < 0 ? -1 : not_found(seen, err);
    }
    bool work = false;
    auto_free char *id = server_resource_id(&server);
    if (server_update(store, wanted, &server, err, &work) < 0 ||
        operation_make(request, OPERATION_SERVER_UPDATE, server.location, id, NULL, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server.id;
    if (store_operation_insert(store, ret_operation, err) < 0 ||
        (!work && store_operation_finish(store, ret_operation->id, NULL, err) < 0)) {
        return -1;
    }
    return store_commit(&tx, err);
}

void server_patch(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    if (!find_server(request, &server)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_server_request struct server_request wanted = {0};
    auto_operation struct operation operation = {0};
    bool read = server_request_read(server.kind, body, &err, &wanted) == 0;
    wanted.patch = true;
    wanted.tenant_id = request->app->options->tenant_id;
    if (!read || server_check_network(request->app, &wanted, &err) < 0 ||
        store_patch(request, &server, &wanted, &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}
