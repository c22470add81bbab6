/* SPDX-License-Identifier: MIT */
#include "executor/spelling/kept_parameters.h"

#include "core/memory.h"
#include "core/str.h"

const char secure_transport[] = "require_secure_transport";
static const char value_key[] = "value";
static const char reset_key[] = "reset";

/* What a parameter is worth that no client has set. */
static const char *initial_value(const struct service_parameter *parameter)
{
    return str_equals(parameter->name, secure_transport) ? "off" : parameter->standard;
}

/* The row's JSON, or NULL; new reference. */
static json_t *find_kept(const struct configuration_spellings *kept, const char *name)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (str_iequals(kept->rows[i].name, name)) {
            return memory_parse_text(kept->rows[i].properties, 0);
        }
    }
    return NULL;
}

json_t *kept_parameter_describe(const struct service_parameter *parameter,
                                const struct configuration_spellings *kept)
{
    json_auto_t *row = find_kept(kept, parameter->name);
    const char *given = json_string_value(json_object_get(row, value_key));
    const char *value = given != NULL ? given : initial_value(parameter);
    bool standard = given == NULL ? str_equals(value, parameter->standard)
                                  : json_is_true(json_object_get(row, reset_key));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "name", parameter->name, "value",
                     value, "description", parameter->text, "defaultValue", parameter->standard, "dataType",
                     parameter->type, "allowedValues", parameter->allowed, "source",
                     standard ? "system-default" : "user-override", "isDynamicConfig",
                     parameter->change == CHANGE_DYNAMIC, "isReadOnly", parameter->change == CHANGE_READ_ONLY,
                     "isConfigPendingRestart", false);
}

int kept_parameter_put(struct store *store, const struct server *server,
                       const struct service_parameter *parameter, const char *value, struct err *err)
{
    json_auto_t *properties = json_pack("{s:s, s:b}", value_key, value == NULL ? parameter->standard : value,
                                        reset_key, value == NULL);
    auto_server_child struct server_child child = {
        .server_id = server->id, .kind = CHILD_CONFIGURATION, .name = str_dup(parameter->name)};
    child.properties = properties == NULL ? NULL : json_dumps(properties, JSON_COMPACT);
    return child.name == NULL || child.properties == NULL ? err_no_memory(err)
                                                          : store_child_put(store, &child, err);
}

int kept_parameter_get(struct store *store, const struct server *server, const char *name, struct err *err,
                       char **ret_value)
{
    auto_server_child struct server_child child = {0};
    const struct service_parameter *parameter = service_parameter_find(server->kind, name);
    int found = store_child_get(store, server->id, CHILD_CONFIGURATION, name, err, &child);
    if (found < 0) {
        return -1;
    }
    json_auto_t *row = found == 0 ? NULL : memory_parse_text(child.properties, 0);
    const char *given = json_string_value(json_object_get(row, value_key));
    *ret_value = str_dup(given != NULL ? given : parameter == NULL ? "" : initial_value(parameter));
    return *ret_value == NULL ? err_no_memory(err) : 0;
}

bool kept_parameter_is_on(const char *value)
{
    return str_iequals(value, "on") || str_iequals(value, "true") || str_iequals(value, "yes") ||
           str_equals(value, "1");
}
