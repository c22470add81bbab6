/* SPDX-License-Identifier: MIT */
/*
 * Server parameters in the service's words. Some are not PostgreSQL's: azure.replication_support of a single
 * server is its wal_level, azure.extensions of a flexible server is a list that the store keeps, and so are
 * the values of executor/spelling/service_parameters.h.
 */
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/str.h"
#include "engine/admin/settings.h"
#include "executor/executor_parts.h"
#include "executor/servers/servers.h"
#include "executor/servers/sides.h"
#include "executor/spelling/configuration_spelling.h"
#include "executor/spelling/configuration_words.h"
#include "executor/spelling/kept_parameters.h"

static const char *data_type(const char *type)
{
    static const char *const words[][2] = {
        {"bool", "Boolean"}, {"integer", "Integer"}, {"real", "Numeric"}, {"enum", "Enumeration"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_equals(type, words[i][0])) {
            return words[i][1];
        }
    }
    return "String";
}

/* "on,off", "1-100", "a,b,c"; for strings, any value that PostgreSQL accepts. The caller frees. */
static char *allowed_values(const struct server_setting *setting)
{
    if (str_equals(setting->type, "bool")) {
        return str_dup("on,off");
    }
    if (str_equals(setting->type, "enum")) {
        return str_dup(setting->choices);
    }
    bool number = str_equals(setting->type, "integer") || str_equals(setting->type, "real");
    return number ? str_format("%s-%s", setting->minimum, setting->maximum) : str_dup(".*");
}

static json_t *describe(const struct server_setting *setting)
{
    auto_free char *allowed = allowed_values(setting);
    if (allowed == NULL) {
        return NULL;
    }
    bool changed = setting->altered || setting->pending_restart;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s*}", "name", setting->name,
                     "value", setting->value, "description", setting->description, "defaultValue",
                     setting->default_value, "dataType", data_type(setting->type), "allowedValues", allowed,
                     "source", changed ? "user-override" : "system-default", "isDynamicConfig",
                     setting->dynamic, "isReadOnly", setting->fixed, "isConfigPendingRestart",
                     setting->pending_restart, "unit", setting->unit[0] == '\0' ? NULL : setting->unit);
}

static json_t *describe_replication_support(const struct server_setting *wal_level, const char *asked)
{
    const char *word = replication_word(wal_level->value);
    const char *shown = word == NULL ? "REPLICA" : word;
    const char *value = str_iequals(asked, shown) ? asked : shown;
    bool changed = wal_level->altered || wal_level->pending_restart;
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "name", replication_support, "value", value,
        "description",
        "Sets how much the server writes to its write-ahead log for replication: OFF, REPLICA or "
        "LOGICAL (wal_level minimal, replica, logical).",
        "defaultValue", "REPLICA", "dataType", "Enumeration", "allowedValues", "OFF,REPLICA,LOGICAL",
        "source", changed ? "user-override" : "system-default", "isDynamicConfig", false, "isReadOnly", false,
        "isConfigPendingRestart", wal_level->pending_restart);
}

static json_t *describe_extensions(struct executor *executor, const struct server *server,
                                   const struct endpoint *login, struct err *err)
{
    auto_server_child struct server_child child = {0};
    auto_free char *names = NULL;
    int found =
        store_child_get(executor->store, server->id, CHILD_CONFIGURATION, allowed_extensions, err, &child);
    if (found < 0 || settings_available_extensions(login, &executor->stop, err, &names) < 0) {
        return NULL;
    }
    json_auto_t *kept = found > 0 ? memory_parse_text(child.properties, 0) : NULL;
    const char *value = json_string_value(json_object_get(kept, "value"));
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "name", allowed_extensions, "value",
                  value == NULL ? "" : value, "description",
                  "Specifies which extensions are allowed to be created in the server.", "defaultValue", "",
                  "dataType", "Set", "allowedValues", names == NULL ? "" : names, "source",
                  value == NULL ? "system-default" : "user-override", "isDynamicConfig", true, "isReadOnly",
                  false, "isConfigPendingRestart", false);
    if (object == NULL) {
        err_no_memory(err);
    }
    return object;
}

/* Takes over the reference to object. */
static int insert_in_order(json_t *list, json_t *object, struct err *err)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    size_t at = 0;
    while (name != NULL && at < json_array_size(list) &&
           strcmp(json_string_value(json_object_get(json_array_get(list, at), "name")), name) < 0) {
        at++;
    }
    return object == NULL || json_array_insert_new(list, at, object) < 0 ? err_no_memory(err) : 0;
}

static bool has_setting(const struct server_setting *settings, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_iequals(settings[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* name NULL: all. The running server's own parameters take precedence. */
static int add_service_parameters(const struct server *server, const char *name,
                                  const struct configuration_spellings *kept,
                                  const struct server_setting *settings, size_t count, json_t *list,
                                  struct err *err)
{
    for (size_t i = 0; i < service_parameter_count; i++) {
        const struct service_parameter *parameter = &service_parameters[i];
        bool wanted = (parameter->kinds & (1U << server->kind)) != 0 &&
                      (name == NULL || str_iequals(parameter->name, name));
        if (wanted && !has_setting(settings, count, parameter->name) &&
            insert_in_order(list, kept_parameter_describe(parameter, kept), err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int describe_all(struct executor *executor, const struct server *server, const char *name,
                        struct server_setting *settings, size_t count, json_t *list, struct err *err)
{
    auto_configuration_spellings struct configuration_spellings spellings = {0};
    if (configuration_spellings_read(executor->store, server, err, &spellings) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (configuration_spelling_restore(&spellings, &settings[i], err) < 0) {
            return -1;
        }
        if (json_array_append_new(list, describe(&settings[i])) < 0) {
            return err_no_memory(err);
        }
    }
    return add_service_parameters(server, name, &spellings, settings, count, list, err);
}

static int add_replication_support(struct executor *executor, const struct server *server,
                                   const struct endpoint *login, json_t *list, struct err *err)
{
    struct server_setting *wal_level = NULL;
    size_t count = 0;
    auto_free char *asked = NULL;
    if (kept_parameter_get(executor->store, server, replication_support, err, &asked) < 0 ||
        settings_list(login, "wal_level", &executor->stop, err, &wal_level, &count) < 0) {
        return -1;
    }
    int result =
        count == 0 ? 0 : insert_in_order(list, describe_replication_support(&wal_level[0], asked), err);
    settings_free(wal_level, count);
    return result;
}

/* Adds the parameter that a server of this kind has in addition to PostgreSQL's. */
static int add_own(struct executor *executor, const struct server *server, const struct endpoint *login,
                   const char *name, json_t *list, struct err *err)
{
    if (server->kind == SERVER_SINGLE) {
        return name == NULL || str_iequals(name, replication_support)
                   ? add_replication_support(executor, server, login, list, err)
                   : 0;
    }
    if (name != NULL && !str_iequals(name, allowed_extensions)) {
        return 0;
    }
    json_t *object = describe_extensions(executor, server, login, err);
    return object == NULL ? -1 : insert_in_order(list, object, err);
}

int executor_list_configurations(struct executor *executor, const struct server *server, const char *name,
                                 struct err *err, json_t **ret_configurations)
{
    auto_endpoint struct endpoint login = {0};
    struct server_setting *settings = NULL;
    size_t count = 0;
    json_auto_t *list = json_array();
    if (server_superuser_login(executor, server, err, &login) < 0 ||
        settings_list(&login, name, &executor->stop, err, &settings, &count) < 0) {
        return -1;
    }
    int result = describe_all(executor, server, name, settings, count, list, err);
    settings_free(settings, count);
    if (result < 0 || add_own(executor, server, &login, name, list, err) < 0) {
        return -1;
    }
    *ret_configurations = TAKE(list);
    return 0;
}
