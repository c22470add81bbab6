/* SPDX-License-Identifier: MIT */
#include "executor/spelling/kept_parameters.h"

#include "core/memory.h"
#include "core/str.h"

const char secure_transport[] = "require_secure_transport";
static const char value_key[] = "value";
static const char reset_key[] = "reset";
static const char running_key[] = "running";

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

/* The server runs with another value of a static parameter. */
static bool waits_for_restart(const json_t *row, const char *value)
{
    const char *running = json_string_value(json_object_get(row, running_key));
    return running != NULL && !str_equals(running, value);
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
                     "isConfigPendingRestart", waits_for_restart(row, value));
}

static int put_row(struct store *store, const struct server *server, const char *name, const json_t *row,
                   struct err *err)
{
    auto_server_child struct server_child child = {
        .server_id = server->id, .kind = CHILD_CONFIGURATION, .name = str_dup(name)};
    child.properties = row == NULL ? NULL : json_dumps(row, JSON_COMPACT);
    return child.name == NULL || child.properties == NULL ? err_no_memory(err)
                                                          : store_child_put(store, &child, err);
}

int kept_parameter_put(struct store *store, const struct server *server,
                       const struct service_parameter *parameter, const char *value, struct err *err)
{
    auto_server_child struct server_child child = {0};
    const char *wanted = value == NULL ? parameter->standard : value;
    int found = store_child_get(store, server->id, CHILD_CONFIGURATION, parameter->name, err, &child);
    if (found < 0) {
        return -1;
    }
    json_auto_t *before = found == 0 ? NULL : memory_parse_text(child.properties, 0);
    const char *given = json_string_value(json_object_get(before, value_key));
    const char *kept = json_string_value(json_object_get(before, running_key));
    const char *running = kept != NULL ? kept : given != NULL ? given : initial_value(parameter);
    /* Malachite does not notice restarts of an attached server. */
    bool waits = parameter->change == CHANGE_STATIC && !server->attached;
    json_auto_t *row = json_pack("{s:s, s:b, s:s*}", value_key, wanted, reset_key, value == NULL, running_key,
                                 waits ? running : NULL);
    return put_row(store, server, parameter->name, row, err);
}

int kept_parameters_restarted(struct store *store, const struct server *server, struct err *err)
{
    auto_configuration_spellings struct configuration_spellings kept = {0};
    if (configuration_spellings_read(store, server, err, &kept) < 0) {
        return -1;
    }
    for (size_t i = 0; i < kept.count; i++) {
        json_auto_t *row = memory_parse_text(kept.rows[i].properties, 0);
        if (json_object_get(row, running_key) != NULL &&
            (json_object_del(row, running_key) < 0 ||
             put_row(store, server, kept.rows[i].name, row, err) < 0)) {
            return -1;
        }
    }
    return 0;
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
