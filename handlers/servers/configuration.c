/* SPDX-License-Identifier: MIT */
/*
 * Server parameters: read from the running server; a write is checked against the server's description of
 * the parameter, then queued for the executor.
 */
#include "handlers/servers/configuration_private.h"

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "executor/servers/servers.h"
#include "handlers/arm/operation.h"
#include "handlers/arm/page.h"
#include "handlers/servers/servers.h"
#include "handlers/servers/values/resource_view.h"

static const char type[] = "configurations";
enum { UPDATES_MAX = 500 };

struct configuration_request {
    const char *value;
    const char *source;
};

/* clang-format off */
#define RO ACCESS_SHOWN
#define RW (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define P  "properties."
static const struct property configuration_rows[] = {
    {P "value", NULL, RW, "The server parameter's value.", .type = &type_string, .field = offsetof(struct configuration_request, value)},
    {P "description", "string", RO, NULL, .write = write_known},
    {P "defaultValue", "string", RO, NULL, .write = write_known},
    {P "dataType", "string", RO, NULL, .write = write_known},
    {P "allowedValues", "string", RO, NULL, .write = write_known},
    {P "source", NULL, RW, NULL, .type = &type_string, .field = offsetof(struct configuration_request, source)},
    {P "isDynamicConfig", "boolean", RO, NULL, .write = write_known},
    {P "isReadOnly", "boolean", RO, NULL, .write = write_known},
    {P "isConfigPendingRestart", "boolean", RO, NULL, .write = write_known},
    {P "unit", "string", RO, NULL, .write = write_known},
    PROPERTY_DOC(P "documentationLink", "string", RO, NULL),
    CHILD_ROWS,
};
/* clang-format on */
const struct description configuration_descriptions[] = {
    DESCRIPTION("Configuration", configuration_rows, NULL)};
const size_t configuration_description_count = ARRAY_LEN(configuration_descriptions);

json_t *configuration_write(const struct server *server, json_t *configuration)
{
    auto_free char *name = str_dup(json_string_value(json_object_get(configuration, "name")));
    return server_child_write(configuration_descriptions, server, type, name, configuration);
}

void configuration_list(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    json_auto_t *configurations = NULL;
    if (!find_ready_server(request, type, &server)) {
        return;
    }
    if (executor_list_configurations(request->app->executor, &server, NULL, &err, &configurations) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    size_t i;
    json_t *configuration;
    json_array_foreach (configurations, i, configuration) {
        json_array_append_new(value, configuration_write(&server, json_incref(configuration)));
    }
    page_reply_whole(request, value);
}

/* One of the executor's parameters; ERR_RESOURCE_NOT_FOUND if none has that name. */
static int find_in(const json_t *configurations, const struct server *server, const char *name,
                   struct err *err, json_t **ret_configuration)
{
    size_t i;
    json_t *configuration;
    json_array_foreach (configurations, i, configuration) {
        if (str_iequals(json_string_value(json_object_get(configuration, "name")), name)) {
            *ret_configuration = json_incref(configuration);
            return 0;
        }
    }
    auto_free char *full =
        str_format("%s/%s/%s/%s", word_of(WORDS_SERVER_KIND, (int)server->kind), server->name, type, name);
    return resource_not_found(err, server->group, full);
}

static int look_up(struct request *request, const struct server *server, const char *name, struct err *err,
                   json_t **ret_configuration)
{
    json_auto_t *found = NULL;
    return executor_list_configurations(request->app->executor, server, name, err, &found) < 0
               ? -1
               : find_in(found, server, name, err, ret_configuration);
}

void configuration_get(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    json_t *configuration = NULL;
    if (!find_ready_server(request, type, &server)) {
        return;
    }
    if (look_up(request, &server, request_param(request, "configurationName"), &err, &configuration) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, configuration_write(&server, configuration));
}

/* ---- write -----------------------------------------------------------------------------------------------
 */

/* Checks one change ({properties: {value, source}}) against the known parameters and appends {name, value}
 * to changes. The source "system-default" means the default. */
static int add_change(const struct server *server, const json_t *known, const char *name, json_t *body,
                      struct err *err, json_t *changes)
{
    struct configuration_request wanted = {0};
    json_auto_t *configuration = NULL;
    auto_free char *checked = NULL;
    if (properties_read(configuration_descriptions, body, err, &wanted, NULL) < 0) {
        return -1;
    }
    bool reset = str_iequals(wanted.source, "system-default");
    if (wanted.value == NULL && !reset) {
        err_set(err, ERR_BAD_PARAMETER,
                "The property 'properties.value' is required, unless 'properties.source' is "
                "'system-default'.");
        return err_target(err, "properties.value");
    }
    if (find_in(known, server, name, err, &configuration) < 0 ||
        configuration_check(configuration, reset ? NULL : wanted.value, err, &checked) < 0) {
        return -1;
    }
    json_t *change =
        json_pack("{s:O, s:s?}", "name", json_object_get(configuration, "name"), "value", checked);
    return change == NULL || json_array_append_new(changes, change) < 0 ? err_no_memory(err) : 0;
}

/* configuration NULL: several, and the operation is on the server itself. Takes over the reference to
 * changes. */
static int store_changes(struct request *request, const struct server *server, const char *configuration,
                         json_t *changes, struct err *err, struct operation *ret_operation)
{
    auto_free char *parent = server_resource_id(server);
    auto_free char *child =
        parent == NULL || configuration == NULL ? NULL : armid_child(parent, type, configuration);
    json_t *argument = json_pack("{s:o, s:b}", "configurations", changes, "several", configuration == NULL);
    if (operation_make(request, OPERATION_CONFIGURATION_UPDATE, server->location,
                       child != NULL ? child : parent, argument, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server->id;
    return store_operation_insert(request->app->store, ret_operation, err);
}

void configuration_update(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_ready_server(request, type, &server)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    const char *name = request_param(request, "configurationName");
    json_auto_t *known = NULL;
    json_auto_t *changes = json_array();
    if (executor_list_configurations(request->app->executor, &server, name, &err, &known) < 0 ||
        add_change(&server, known, name, body, &err, changes) < 0 ||
        store_changes(request, &server, name, json_incref(changes), &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

/* The path of an error within one of several changes. */
static int fail_update(size_t index, struct err *err)
{
    auto_free char *inner = str_dup(err->target);
    return inner == NULL || inner[0] == '\0' ? -1 : err_target(err, "value[%zu].%s", index, inner);
}

/* The parameters are listed once for all changes, in one session. */
static int read_updates(struct request *request, const struct server *server, json_t *body, struct err *err,
                        json_t *changes)
{
    json_auto_t *known = NULL;
    json_t *value = field_get(body, "value");
    if (value == NULL || !json_is_array(value) || json_array_size(value) > UPDATES_MAX) {
        err_set(err, ERR_BAD_PARAMETER, "The property 'value' must be a list of at most %d parameters.",
                UPDATES_MAX);
        return err_target(err, "value");
    }
    if (executor_list_configurations(request->app->executor, server, NULL, err, &known) < 0) {
        return -1;
    }
    size_t i;
    json_t *item;
    json_array_foreach (value, i, item) {
        const char *name = NULL;
        json_t *properties = NULL;
        if (!json_is_object(item)) {
            return field_wrong_type(item, "value[]", "an object", err);
        }
        if (field_string(item, "value[]", "name", err, &name) < 0 ||
            field_object(item, "value[]", "properties", err, &properties) < 0) {
            return -1;
        }
        if (name == NULL) {
            err_set(err, ERR_BAD_PARAMETER, "The property 'value[].name' is required.");
            return err_target(err, "value[%zu].name", i);
        }
        if (add_change(server, known, name, item, err, changes) < 0) {
            return fail_update(i, err);
        }
    }
    return 0;
}

void configuration_update_all(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_ready_server(request, type, &server)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    json_auto_t *changes = json_array();
    if (read_updates(request, &server, body, &err, changes) < 0 ||
        store_changes(request, &server, NULL, json_incref(changes), &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}
