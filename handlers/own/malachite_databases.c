/* SPDX-License-Identifier: MIT */
/* The databases of a server with their sizes, which Azure's interface does not show. */
#include "executor/servers/servers.h"
#include "handlers/arm/server_reference.h"
#include "handlers/own/own.h"

static int read_server(struct request *request, struct err *err, struct server *ret_server)
{
    bool is_resource = false;
    const char *id = request_query(request, "server");
    if (id == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The query parameter 'server' is required: a resource id.");
        return err_target(err, "server");
    }
    if (server_reference_read(request, "server", id, err, ret_server, &is_resource) < 0) {
        return err_target(err, "server");
    }
    if (!is_resource) {
        err_set(err, ERR_BAD_PARAMETER,
                "The query parameter 'server' must be the resource id of a server, whose password Malachite "
                "has.");
        return err_target(err, "server");
    }
    return server_check_ready(ret_server, err);
}

void malachite_database_list(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    json_t *databases = NULL;
    if (read_server(request, &err, &server) < 0 ||
        executor_list_databases(request->app->executor, &server, &err, &databases) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, json_pack("{s:o}", "value", databases));
}
