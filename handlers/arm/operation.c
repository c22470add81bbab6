/* SPDX-License-Identifier: MIT */
/*
 * Status and result of long-running operations. The location in their paths is the one that Malachite put
 * there, short name or display name; only the id matters.
 */
#include "handlers/arm/operation.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/accepted_private.h"
#include "handlers/arm/arm.h"

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

bool find_operation(struct request *request, struct operation *ret_operation)
{
    struct err err = {0};
    const char *id = request_param(request, "operationId");
    int found = store_operation_get(request->app->store, request_param(request, "subscriptionId"), id, &err,
                                    ret_operation);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(request, ERR_NOT_FOUND,
                   "The operation '%.60s' does not exist, or ended more than a day ago and was removed.", id);
    }
    return found > 0;
}

/* The error of a failed operation; its code is looked up again to get its status. */
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

bool reply_unless_succeeded(struct request *request, const struct operation *operation)
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
        struct err err = {0};
        operation_error(operation, &err);
        reply_error(request, &err);
        return true;
    }
    return false;
}

void group_operation_result(struct request *request)
{
    auto_operation struct operation operation = {0};
    if (find_operation(request, &operation) && !reply_unless_succeeded(request, &operation)) {
        reply_empty(request, 200);
    }
}
