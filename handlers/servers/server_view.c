/* SPDX-License-Identifier: MIT */
#include "handlers/servers/server_view_private.h"

#include "core/parse/json_fields.h"
#include "handlers/arm/api_version.h"
#include "handlers/servers/server_description_private.h"
#include "handlers/servers/values/resource_view.h"

json_t *server_write(const struct server *server, const char *api_version, json_t *connections)
{
    json_auto_t *settings = json_from_text(server->properties);
    const struct resource_view view = {.description = server_description(server->kind),
                                       .version = api_version_rank(api_version),
                                       .server = server,
                                       .connections = connections,
                                       .values = settings};
    return properties_write(view.description, view.version, &view);
}
