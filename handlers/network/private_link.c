/* SPDX-License-Identifier: MIT */
/* privateLinkResources of a server: only the server itself. */
#include "core/str.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/network/network.h"

#define GROUP_ID "postgresqlServer"

static json_t *write_resource(const struct server *server)
{
    auto_free char *parent = server_resource_id(server);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, "privateLinkResources", GROUP_ID);
    auto_free char *type = str_format("%s/%s/privateLinkResources", POSTGRESQL_NAMESPACE,
                                      word_of(WORDS_SERVER_KIND, (int)server->kind));
    return id == NULL || type == NULL
               ? NULL
               : json_pack("{s:s, s:s, s:s, s:{s:s, s:[s], s:[s]}}", "id", id, "name", GROUP_ID, "type", type,
                           "properties", "groupId", GROUP_ID, "requiredMembers", GROUP_ID,
                           "requiredZoneNames", "privatelink.postgres.database.azure.com");
}

void private_link_list(struct request *request)
{
    auto_server struct server server = {0};
    if (find_parent_server(request, "privateLinkResources", &server)) {
        page_reply_whole(request, json_pack("[o]", write_resource(&server)));
    }
}

void private_link_get(struct request *request)
{
    auto_server struct server server = {0};
    if (!find_parent_server(request, "privateLinkResources", &server)) {
        return;
    }
    const char *name = request_param(request, "groupName");
    if (str_iequals(name, GROUP_ID)) {
        reply_json(request, 200, write_resource(&server));
        return;
    }
    auto_free char *full = str_format("%s/%s/privateLinkResources/%s",
                                      word_of(WORDS_SERVER_KIND, (int)server.kind), server.name, name);
    reply_resource_not_found(request, server.group, full);
}
