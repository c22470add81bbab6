/* SPDX-License-Identifier: MIT */
/* Reads and ends deployments of templates. */
#include "handlers/deployments/deployment_private.h"

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/page.h"
#include "handlers/deployments/deployments.h"

char *deployment_id(const struct deployment *deployment)
{
    return armid_resource(deployment->subscription_id, deployment->group, RESOURCES_NAMESPACE, "deployments",
                          deployment->name);
}

/* ISO 8601 in the service's format: "PT2.345678S". */
static char *write_duration(int64_t us)
{
    return str_format("PT%lld.%06dS", (long long)(us / 1000000), (int)(us % 1000000));
}

json_t *deployment_write(const struct deployment *deployment)
{
    char at[CLOCK_TEXT_SIZE];
    int64_t last_us = deployment->ended_us != 0 ? deployment->ended_us : clock_now_us();
    auto_free char *id = deployment_id(deployment);
    auto_free char *duration = write_duration(last_us - deployment->started_us);
    json_t *properties = json_from_text(deployment->properties);
    json_set_text(properties, "provisioningState", deployment->state);
    json_set_text(properties, "timestamp", clock_format(last_us, at));
    json_set_text(properties, "duration", duration);
    return json_pack("{s:s*, s:s, s:s, s:s*, s:o*, s:o}", "id", id, "name", deployment->name, "type",
                     RESOURCES_NAMESPACE "/deployments", "location", deployment->location, "tags",
                     json_from_text(deployment->tags), "properties", properties);
}

bool find_deployment(struct request *request, struct deployment *ret_deployment)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    const char *name = request_param(request, "deploymentName");
    if (!find_group(request, &group)) {
        return false;
    }
    int found = store_deployment_get(request->app->store, group.subscription_id, group.name, name, &err,
                                     ret_deployment);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(request, ERR_DEPLOYMENT_NOT_FOUND, "Deployment '%.100s' could not be found.", name);
    }
    return found > 0;
}

void deployment_get(struct request *request)
{
    auto_deployment struct deployment deployment = {0};
    if (find_deployment(request, &deployment)) {
        reply_json(request, 200, deployment_write(&deployment));
    }
}

void deployment_head(struct request *request)
{
    struct err err = {0};
    auto_deployment struct deployment deployment = {0};
    int found = store_deployment_get(request->app->store, request_param(request, "subscriptionId"),
                                     request_param(request, "resourceGroupName"),
                                     request_param(request, "deploymentName"), &err, &deployment);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 ? 204 : 404);
    }
}

void deployment_list(struct request *request)
{
    struct err err = {0};
    struct deployment *rows = NULL;
    size_t count = 0;
    auto_resource_group struct resource_group group = {0};
    if (!find_group(request, &group)) {
        return;
    }
    if (store_deployment_list(request->app->store, group.subscription_id, group.name, &err, &rows, &count) <
        0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(value, deployment_write(&rows[i]));
    }
    deployments_free(rows, count);
    page_reply_whole(request, value);
}

/* Templates are deployed to groups only. */
void deployment_list_of_subscription(struct request *request)
{
    page_reply_whole(request, json_array());
}

void deployment_get_of_subscription(struct request *request)
{
    reply_fail(request, ERR_DEPLOYMENT_NOT_FOUND, "Deployment '%s' could not be found.",
               request_param(request, "deploymentName"));
}

void deployment_status(struct request *request)
{
    auto_deployment struct deployment deployment = {0};
    const char *id = request_param(request, "operationId");
    if (!find_deployment(request, &deployment)) {
        return;
    }
    if (!str_iequals(deployment.operation_id, id)) {
        reply_fail(request, ERR_NOT_FOUND,
                   "The deployment '%s' has no operation '%.60s'. A newer run of the deployment may have "
                   "replaced it.",
                   deployment.name, id);
        return;
    }
    json_auto_t *properties = json_from_text(deployment.properties);
    if (deployment.ended_us == 0) {
        auto_free char *retry_after = str_format("%d", request->app->options->retry_after);
        reply_header(request, "Retry-After", retry_after == NULL ? "1" : retry_after);
    }
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:O*}", "name", deployment.operation_id, "status", deployment.state,
                         "error", json_object_get(properties, "error")));
}

static json_t *write_operation(const struct deployment *deployment, json_t *operation)
{
    auto_free char *number = str_format(
        "%016llX", (unsigned long long)json_integer_value(json_object_get(operation, "number")) + 1);
    auto_free char *parent = deployment_id(deployment);
    auto_free char *id = parent == NULL || number == NULL ? NULL : armid_child(parent, "operations", number);
    auto_free char *duration = write_duration(json_integer_value(json_object_get(operation, "durationUs")));
    json_set_text(operation, "duration", duration);
    json_object_del(operation, "number");
    json_object_del(operation, "durationUs");
    if (json_is_null(json_object_get(json_object_get(operation, "statusMessage"), "error"))) {
        json_object_del(operation, "statusMessage");
    }
    return json_pack("{s:s*, s:s*, s:O}", "id", id, "operationId", number, "properties", operation);
}

void deployment_operations(struct request *request)
{
    auto_deployment struct deployment deployment = {0};
    if (!find_deployment(request, &deployment)) {
        return;
    }
    json_auto_t *operations = json_from_text(deployment.operations);
    json_t *value = json_array();
    size_t index;
    json_t *operation;
    json_array_foreach (operations, index, operation) {
        json_array_append_new(value, write_operation(&deployment, operation));
    }
    page_reply_whole(request, value);
}

/* ---- ending them -----------------------------------------------------------------------------------------
 */

void deployment_cancel(struct request *request)
{
    struct err err = {0};
    auto_deployment struct deployment deployment = {0};
    if (!find_deployment(request, &deployment)) {
        return;
    }
    int canceled = store_deployment_cancel(request->app->store, deployment.subscription_id, deployment.group,
                                           deployment.name, &err);
    if (canceled < 0) {
        reply_error(request, &err);
    } else if (canceled == 0) {
        reply_fail(request, ERR_CONFLICT, "The deployment '%s' has ended (%s) and cannot be canceled.",
                   deployment.name, deployment.state);
    } else {
        reply_empty(request, 204);
    }
}

/* The resources stay. */
void deployment_delete(struct request *request)
{
    struct err err = {0};
    auto_deployment struct deployment deployment = {0};
    if (!find_deployment(request, &deployment)) {
        return;
    }
    if (deployment.ended_us == 0) {
        reply_fail(request, ERR_DEPLOYMENT_ACTIVE, "The deployment '%s' is still active. Cancel it first.",
                   deployment.name);
    } else if (store_deployment_delete(request->app->store, deployment.subscription_id, deployment.group,
                                       deployment.name, &err) < 0) {
        reply_error(request, &err);
    } else {
        reply_empty(request, 204);
    }
}
