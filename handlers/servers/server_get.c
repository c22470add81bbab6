/* SPDX-License-Identifier: MIT */
/* GET of servers, one or the list of a group or subscription, flexible or single. */
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/servers/server_child_private.h"
#include "handlers/servers/server_view_private.h"
#include "handlers/servers/servers.h"

/* Also triggers another check of an unreachable server. NULL and err after a failure. */
static json_t *write_server(struct request *request, const struct server *server, struct err *err)
{
    executor_recheck_server(request->app->executor, server);
    json_auto_t *connections = server_connections(request->app->store, server, err);
    return connections == NULL ? NULL : server_write(server, request->api_version, connections);
}

void server_get(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    if (find_server(request, &server)) {
        json_t *body = write_server(request, &server, &err);
        if (body == NULL) {
            reply_error(request, &err);
        } else {
            reply_json(request, 200, body);
        }
    }
}

/* group NULL: of the whole subscription. */
static void list(struct request *request, const char *group)
{
    struct err err = {0};
    struct server *rows = NULL;
    size_t count = 0;
    struct page page;
    if (page_read(request, &err, &page) < 0 ||
        store_server_list(request->app->store, server_kind_of(request),
                          request_param(request, "subscriptionId"), group, &err, &rows, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_auto_t *value = json_array();
    bool complete = true;
    for (size_t i = 0; i < count && complete; i++) {
        complete =
            !page_takes(&page) || json_array_append_new(value, write_server(request, &rows[i], &err)) == 0;
    }
    servers_free(rows, count);
    if (complete) {
        page_reply(request, &page, json_incref(value));
    } else {
        reply_error(request, &err);
    }
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
