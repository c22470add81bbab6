/* SPDX-License-Identifier: MIT */
#include "handlers/servers/server_view_private.h"

#include "core/attr.h"
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

char *server_settings_merge(json_t *settings, const char *kept_before)
{
    json_t *before = json_from_text(kept_before);
    json_auto_t *kept = before == NULL ? json_object() : before;
    const char *name;
    json_t *value;
    json_object_foreach (settings, name, value) {
        json_t *old = json_object_get(kept, name);
        bool both = json_is_object(old) && json_is_object(value);
        if ((both ? json_object_update(old, value) : json_object_set(kept, name, value)) < 0) {
            return NULL;
        }
    }
    return json_dumps(kept, JSON_COMPACT);
}
