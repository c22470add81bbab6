/* SPDX-License-Identifier: MIT */
/*
 * Child resources that servers have on the real service and never here: replicas, backups, log files,
 * directory administrators ... Lists are empty and single ones are not found, below a server that must
 * exist; not_implemented() replies 501 to their creation.
 */
#include <string.h>

#include "core/str.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/servers/servers.h"

static bool find_parent(struct request *request, size_t type_at, struct server *ret_server)
{
    return find_parent_server(request, request->segments[type_at], ret_server);
}

/* .../{server}/{type} */
void absent_child_list(struct request *request)
{
    auto_server struct server server = {0};
    if (find_parent(request, request->segment_count - 1, &server)) {
        page_reply_whole(request, json_array());
    }
}

/* .../{server}/{type}/{name} */
void absent_child_get(struct request *request)
{
    auto_server struct server server = {0};
    size_t at = request->segment_count - 2;
    if (find_parent(request, at, &server)) {
        auto_free char *name = str_format("%s/%s/%s/%s", word_of(WORDS_SERVER_KIND, (int)server.kind),
                                          server.name, request->segments[at], request->segments[at + 1]);
        reply_resource_not_found(request, server.group, name);
    }
}

/* DELETE of a resource that never exists. */
void absent_child_delete(struct request *request)
{
    auto_server struct server server = {0};
    if (find_parent(request, request->segment_count - 2, &server)) {
        reply_empty(request, 204);
    }
}

/* .../{server}/{type}, of which there is at most one. */
void absent_child_get_only(struct request *request)
{
    auto_server struct server server = {0};
    size_t at = request->segment_count - 1;
    if (find_parent(request, at, &server)) {
        auto_free char *name = str_format("%s/%s/%s", word_of(WORDS_SERVER_KIND, (int)server.kind),
                                          server.name, request->segments[at]);
        reply_resource_not_found(request, server.group, name);
    }
}
