/* SPDX-License-Identifier: MIT */
/*
 * Status and result of long-running operations. The location in their paths is whatever we once put there,
 * short name or display name; the id alone counts.
 */
#include "handlers/operation.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/str.h"
#include "handlers/configuration.h"
#include "handlers/fields.h"
#include "handlers/handlers.h"
#include "handlers/server_child.h"
#include "handlers/server_view.h"

int operation_make(const struct request *request, enum operation_kind kind, const char *location,
                   const char *resource_id, json_t *argument, struct err *err,
                   struct operation *ret_operation)
{
    struct operation operation = {.kind = kind, .status = OPERATION_IN_PROGRESS};
    id_new(operation.id);
    operation.started_us = clock_now_us();
    operation.subscription_id = str_dup(request_param(request, "subscriptionId"));
    operation.location = str_dup(location);
    operation.resource_id = str_dup(resource_id);
    operation.api_version = str_dup(request->api_version);
    operation.argument = argument == NULL ? NULL : json_dumps(argument, JSON_COMPACT);
    bool failed = operation.subscription_id == NULL || operation.location == NULL ||
                  operation.resource_id == NULL || (argument != NULL && operation.argument == NULL);
    json_decref(argument);
    if (failed) {
        operation_done(&operation);
        return err_no_memory(err);
    }
    *ret_operation = operation;
    return 0;
}

void reply_operation(struct request *request, const struct operation *operation)
{
    executor_wake(request->app->executor);
    reply_accepted(request, operation->subscription_id, operation->location, operation->id,
                   word_of(WORDS_OPERATION_KIND, (int)operation->kind), operation->started_us);
}

void reply_group_operation(struct request *request, const struct operation *operation)
{
    executor_wake(request->app->executor);
    reply_accepted(request, operation->subscription_id, NULL, operation->id,
                   word_of(WORDS_OPERATION_KIND, (int)operation->kind), operation->started_us);
}

static bool find_operation(struct request *request, struct operation *ret_operation)
{
    struct err err;
    const char *id = request_param(request, "operationId");
    int found = store_operation_get(request->app->store, request_param(request, "subscriptionId"), id, &err,
                                    ret_operation);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(request, ERR_NOT_FOUND,
                   "The operation '%.60s' does not exist, or it ended more than a day ago and is forgotten.",
                   id);
    }
    return found > 0;
}

/* The error of a failed operation; its code is looked up again, so that the status goes with it. */
static void operation_error(const struct operation *operation, struct err *ret_err)
{
    enum err_code code = ERR_CONFLICT;
    for (int i = 0; i < ERR_COUNT; i++) {
        if (str_equals(operation->error_code, err_wire_code((enum err_code)i))) {
            code = (enum err_code)i;
            break;
        }
    }
    err_set(ret_err, code, "%s",
            operation->error_message == NULL ? "The operation failed." : operation->error_message);
}

static void add_retry_after(struct request *request)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", request->app->options->retry_after);
    reply_header(request, "Retry-After", text);
}

void operation_status(struct request *request)
{
    auto_operation struct operation operation = {0};
    if (!find_operation(request, &operation)) {
        return;
    }
    char text[CLOCK_TEXT_SIZE];
    json_t *body = json_object();
    json_set_text(body, "name", operation.id);
    json_set_text(body, "status", word_of(WORDS_OPERATION_STATUS, (int)operation.status));
    json_set_text(body, "startTime", clock_format(operation.started_us, text));
    if (operation.ended_us != 0) {
        json_set_text(body, "endTime", clock_format(operation.ended_us, text));
    }
    if (operation.status == OPERATION_FAILED || operation.status == OPERATION_CANCELED) {
        json_t *error = json_object();
        json_set_text(error, "code",
                      operation.error_code != NULL ? operation.error_code : "OperationCanceled");
        json_set_text(error, "message", operation.error_message != NULL ? operation.error_message : "");
        json_object_set_new(body, "error", error);
    }
    if (operation.status == OPERATION_IN_PROGRESS) {
        add_retry_after(request);
    }
    reply_json(request, 200, body);
}

/* What the call would have answered had it waited: 202 while running, then the resource, or nothing after
 * DELETE. */
static bool reply_unless_succeeded(struct request *request, const struct operation *operation)
{
    if (operation->status == OPERATION_IN_PROGRESS) {
        auto_free char *self = reply_absolute_url(request, request->raw_uri);
        if (self != NULL) {
            reply_header(request, "Location", self);
        }
        add_retry_after(request);
        reply_empty(request, 202);
        return true;
    }
    if (operation->status != OPERATION_SUCCEEDED) {
        struct err err;
        operation_error(operation, &err);
        reply_error(request, &err);
        return true;
    }
    return false;
}

static void reply_database_result(struct request *request, const struct server *server,
                                  const json_t *argument)
{
    struct err err;
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
    struct err err;
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
        reply_json(request, 200,
                   server_child_write(server, type, child.name, json_from_text(child.properties)));
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
    struct err err;
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

static void reply_server_result(struct request *request, const struct server *server,
                                const struct operation *operation)
{
    json_auto_t *argument = json_from_text(operation->argument);
    switch (operation->kind) {
    case OPERATION_SERVER_CREATE:
    case OPERATION_SERVER_UPDATE:
        reply_json(request, 200, server_write(server, request->api_version));
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
    struct err err;
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

void group_operation_result(struct request *request)
{
    auto_operation struct operation operation = {0};
    if (find_operation(request, &operation) && !reply_unless_succeeded(request, &operation)) {
        reply_empty(request, 200);
    }
}
