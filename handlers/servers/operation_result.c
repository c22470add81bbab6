/* SPDX-License-Identifier: MIT */
/* The response that a call with status 202 would have had if it had waited: the resource, or nothing after
 * DELETE. */
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "executor/servers/servers.h"
#include "handlers/arm/operation.h"
#include "handlers/servers/configuration_private.h"
#include "handlers/servers/database_private.h"
#include "handlers/servers/server_child_private.h"
#include "handlers/servers/server_view_private.h"
#include "handlers/servers/servers.h"

static void reply_database_result(struct request *request, const struct server *server,
                                  const json_t *argument)
{
    struct err err = {0};
    json_t *database = NULL;
    const char *name = json_string_value(json_object_get(argument, "database"));
    int found =
        name == NULL ? 0 : executor_get_database(request->app->executor, server, name, &err, &database);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_empty(request, 204);
    } else {
        reply_json(request, 200, database_write(server, database));
    }
}

static void reply_child_result(struct request *request, const struct server *server, const json_t *argument)
{
    struct err err = {0};
    auto_server_child struct server_child child = {0};
    const char *type = json_string_value(json_object_get(argument, "kind"));
    const char *name = json_string_value(json_object_get(argument, "name"));
    int kind = word_to_value(WORDS_SERVER_CHILD, type);
    int found = kind < 0 || name == NULL ? 0
                                         : store_child_get(request->app->store, server->id,
                                                           (enum server_child_kind)kind, name, &err, &child);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_empty(request, 204);
    } else {
        reply_json(request, 200, rule_write(server, &child));
    }
}

static int add_configuration(struct request *request, const struct server *server, const json_t *change,
                             struct err *err, json_t *value)
{
    json_auto_t *found = NULL;
    const char *name = json_string_value(json_object_get(change, "name"));
    if (executor_list_configurations(request->app->executor, server, name, err, &found) < 0) {
        return -1;
    }
    json_t *configuration = json_array_get(found, 0);
    if (configuration != NULL) {
        json_array_append_new(value, configuration_write(server, json_incref(configuration)));
    }
    return 0;
}

/* One parameter as itself, several as a list. */
static void reply_configuration_result(struct request *request, const struct server *server,
                                       const json_t *argument)
{
    struct err err = {0};
    json_auto_t *value = json_array();
    size_t i;
    const json_t *change;
    json_array_foreach (json_object_get(argument, "configurations"), i, change) {
        if (add_configuration(request, server, change, &err, value) < 0) {
            reply_error(request, &err);
            return;
        }
    }
    if (json_is_true(json_object_get(argument, "several"))) {
        reply_json(request, 200, json_pack("{s:O}", "value", value));
    } else if (json_array_size(value) == 0) {
        reply_empty(request, 204);
    } else {
        reply_json(request, 200, json_incref(json_array_get(value, 0)));
    }
}

static void reply_server(struct request *request, const struct server *server)
{
    struct err err = {0};
    json_auto_t *connections = server_connections(request->app->store, server, &err);
    if (connections == NULL) {
        reply_error(request, &err);
    } else {
        reply_json(request, 200, server_write(server, request->api_version, connections));
    }
}

static void reply_server_result(struct request *request, const struct server *server,
                                const struct operation *operation)
{
    json_auto_t *argument = json_from_text(operation->argument);
    switch (operation->kind) {
    case OPERATION_SERVER_CREATE:
    case OPERATION_SERVER_UPDATE:
        reply_server(request, server);
        return;
    case OPERATION_SERVER_START:
    case OPERATION_SERVER_STOP:
    case OPERATION_SERVER_RESTART:
        reply_empty(request, 200);
        return;
    case OPERATION_DATABASE_CREATE:
        reply_database_result(request, server, argument);
        return;
    case OPERATION_CHILD_UPSERT:
        reply_child_result(request, server, argument);
        return;
    case OPERATION_CONFIGURATION_UPDATE:
        reply_configuration_result(request, server, argument);
        return;
    case OPERATION_SERVER_DELETE:
    case OPERATION_DATABASE_DELETE:
    case OPERATION_CHILD_DELETE:
    case OPERATION_GROUP_DELETE:
    case OPERATION_KIND_COUNT:
        break;
    }
    reply_empty(request, 204);
}

void operation_result(struct request *request)
{
    struct err err = {0};
    auto_operation struct operation operation = {0};
    if (!find_operation(request, &operation) || reply_unless_succeeded(request, &operation)) {
        return;
    }
    auto_server struct server server = {0};
    int found = store_server_get_by_id(request->app->store, operation.server_id, &err, &server);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_empty(request, 204);
    } else {
        reply_server_result(request, &server, &operation);
    }
}
