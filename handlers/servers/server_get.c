/* SPDX-License-Identifier: MIT */
/* GET of servers, one or the list of a group or subscription, flexible or single. */
#include "handlers/arm/resource.h"
#include "handlers/servers/server_view_private.h"
#include "handlers/servers/servers.h"

void server_get(struct request *request)
{
    auto_server struct server server = {0};
    if (find_server(request, &server)) {
        executor_ask_again(request->app->executor, &server);
        reply_json(request, 200, server_write(&server, request->api_version));
    }
}

/* group NULL: of the whole subscription. */
static void list(struct request *request, const char *group)
{
    struct err err = {0};
    struct server *rows = NULL;
    size_t count = 0;
    if (store_server_list(request->app->store, server_kind_of(request),
                          request_param(request, "subscriptionId"), group, &err, &rows, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *body = json_object();
    json_t *value = json_array();
    json_object_set_new(body, "value", value);
    for (size_t i = 0; i < count; i++) {
        executor_ask_again(request->app->executor, &rows[i]);
        json_array_append_new(value, server_write(&rows[i], request->api_version));
    }
    servers_free(rows, count);
    reply_json(request, 200, body);
}

void server_list(struct request *request)
{
    list(request, NULL);
}

void server_list_of_group(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (find_group(request, &group)) {
        list(request, group.name);
    }
}
