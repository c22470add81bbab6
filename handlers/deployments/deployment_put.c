/* SPDX-License-Identifier: MIT */
/*
 * PUT of a deployment checks the template, and the deployer then sends the requests for the resources. The
 * template is stored sealed; of secure parameters only the names are stored in clear.
 */
#include "handlers/arm/naming/names.h"
#include "handlers/deployments/deployment_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/resource_fields.h"
#include "handlers/deployments/deployer.h"
#include "handlers/deployments/deployments.h"

enum {
    NESTING_MAX = 5,       /* deployments that may enclose one another */
    DEPLOYMENTS_MAX = 800, /* in a resource group: Resource Manager's own limit */
};

/* The results of resourceGroup(), subscription(), deployment(), tenant() and environment(). */
static json_t *make_scope(const struct request *request, const struct resource_group *group, const char *name)
{
    const char *tenant = request->app->options->tenant_id;
    auto_free char *subscription_id = str_format("/subscriptions/%s", group->subscription_id);
    auto_free char *id = armid_group(group->subscription_id, group->name);
    auto_free char *base = reply_absolute_url(request, "/");
    json_t *tags = json_from_text(group->tags);
    return json_pack("{s:{s:s*, s:s, s:s, s:s}, s:{s:s*, s:s, s:s, s:s*, s:o, s:{s:s}}, s:{s:s, s:{s:s}}, "
                     "s:{s:s}, s:{s:s, s:s*}}",
                     "subscription", "id", subscription_id, "subscriptionId", group->subscription_id,
                     "tenantId", tenant, "displayName", "Malachite", "resourceGroup", "id", id, "name",
                     group->name, "type", RESOURCES_NAMESPACE "/resourceGroups", "location", group->location,
                     "tags", tags == NULL ? json_object() : tags, "properties", "provisioningState",
                     "Succeeded", "deployment", "name", name, "properties", "mode", "Incremental", "tenant",
                     "tenantId", tenant, "environment", "name", "AzureCloud", "resourceManager", base);
}

static int refuse(const char *target, const char *message, struct err *err)
{
    err_set(err, ERR_INVALID_TEMPLATE, "%s", message);
    return err_target(err, "properties.%s", target);
}

static int check_properties(json_t *properties, struct err *err)
{
    const char *mode = NULL;
    if (properties == NULL) {
        return err_set(err, ERR_BAD_CONTENT, "The request content has no 'properties'.");
    }
    if (field_string(properties, "properties", "mode", err, &mode) < 0) {
        return -1;
    }
    if (field_get(properties, "templateLink") != NULL) {
        return refuse(
            "templateLink",
            "Malachite does not fetch linked templates and template specs; put the template itself into "
            "properties.template.",
            err);
    }
    if (field_get(properties, "parametersLink") != NULL) {
        return refuse("parametersLink",
                      "Malachite does not fetch linked parameters; give them in properties.parameters.", err);
    }
    if (mode != NULL && !str_iequals(mode, "Incremental")) {
        return refuse(
            "mode", "Malachite supports only the deployment mode 'Incremental', which deletes nothing.", err);
    }
    return json_is_object(field_get(properties, "template"))
               ? 0
               : refuse("template", "The deployment has no template.", err);
}

static int read_deployment(struct request *request, const struct resource_group *group, json_t *body,
                           struct deployment_job *job, struct err *err)
{
    const char *name = request_param(request, "deploymentName");
    json_t *properties = NULL;
    const char *location = NULL;
    json_t *given = NULL;
    if (name_check(NAME_DEPLOYMENT, name, err) < 0) {
        return -1;
    }
    if (request->nesting > NESTING_MAX) {
        return err_set(
            err, ERR_INVALID_TEMPLATE,
            "The deployment '%s' is nested in more than %d others. A deployment must not contain itself.",
            name, NESTING_MAX);
    }
    if (field_object(body, "", "properties", err, &properties) < 0 || check_properties(properties, err) < 0 ||
        field_object(properties, "properties", "parameters", err, &given) < 0 ||
        field_tags(body, err, &job->row.tags) < 0 || field_location(body, err, &location) < 0) {
        return -1;
    }
    json_t *source = field_get(properties, "template");
    json_auto_t *scope = make_scope(request, group, name);
    if (scope == NULL || template_read(&job->template, source, given, scope, err) < 0) {
        return scope == NULL ? err_no_memory(err) : -1;
    }
    json_auto_t *shown = json_pack("{s:o, s:s, s:s, s:[], s:[]}", "parameters",
                                   template_shown_parameters(&job->template), "mode", "Incremental",
                                   "correlationId", request->correlation_id, "providers", "dependencies");
    id_new(job->row.operation_id);
    job->row.subscription_id = str_dup(group->subscription_id);
    job->row.group = str_dup(group->name);
    job->row.name = str_dup(name);
    job->row.state = str_dup("Accepted");
    job->row.location = str_dup(location);
    job->row.properties = shown == NULL ? NULL : json_dumps(shown, JSON_COMPACT);
    job->row.operations = str_dup("[]");
    job->row.template = json_dumps(source, JSON_COMPACT);
    job->nesting = request->nesting;
    job->row.started_us = clock_now_us();
    job->https = request->https;
    job->host = str_dup(request->host);
    job->authorization = str_dup(request->authorization);
    memcpy(job->correlation_id, request->correlation_id, sizeof(job->correlation_id));
    bool complete = job->row.subscription_id != NULL && job->row.group != NULL && job->row.name != NULL &&
                    job->row.state != NULL && job->row.properties != NULL && job->row.operations != NULL &&
                    job->row.template != NULL && job->host != NULL;
    return complete ? 0 : err_no_memory(err);
}

static int check_quota(struct store *store, const struct deployment *row, struct err *err)
{
    int64_t count = 0;
    if (store_deployment_count(store, row->subscription_id, row->group, err, &count) < 0) {
        return -1;
    }
    if (count >= DEPLOYMENTS_MAX) {
        return err_set(
            err, ERR_DEPLOYMENT_QUOTA,
            "Creating the deployment '%s' would exceed the quota of '%d' deployments. The resource group "
            "'%s' has %lld. Delete some of them, then deploy again.",
            row->name, DEPLOYMENTS_MAX, row->group, (long long)count);
    }
    return 0;
}

/* 1: replaced an earlier one, 0: new. */
static int store_deployment(struct store *store, const struct deployment *row, struct err *err)
{
    auto_deployment struct deployment before = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 ||
        group_check_lives(store, row->subscription_id, row->group, err) < 0) {
        return -1;
    }
    int found = store_deployment_get(store, row->subscription_id, row->group, row->name, err, &before);
    if (found > 0 && before.ended_us == 0) {
        return err_set(err, ERR_DEPLOYMENT_ACTIVE,
                       "Unable to edit or replace deployment '%s': the previous deployment is still active. "
                       "Wait until it ends, or cancel it.",
                       row->name);
    }
    if (found == 0 && check_quota(store, row, err) < 0) {
        return -1;
    }
    return found < 0 || store_deployment_put(store, row, err) < 0 || store_commit(&tx, err) < 0 ? -1 : found;
}

static void add_links(struct request *request, const struct deployment *row)
{
    auto_free char *id = deployment_id(row);
    auto_free char *path = id == NULL ? NULL
                                      : str_format("%s/operationStatuses/%s?api-version=%s", id,
                                                   row->operation_id, request->api_version);
    auto_free char *url = path == NULL ? NULL : reply_absolute_url(request, path);
    auto_free char *retry_after = str_format("%d", request->app->options->retry_after);
    if (url != NULL && retry_after != NULL) {
        reply_header(request, "Azure-AsyncOperation", url);
        reply_header(request, "Retry-After", retry_after);
    }
}

/* Ends a stored deployment that could not be queued, so that it does not stay active for ever. */
static void end_unqueued(struct request *request, struct deployment *row, const struct err *reason)
{
    struct err err = {0};
    json_auto_t *properties = json_from_text(row->properties);
    json_object_set_new(
        properties, "error",
        json_pack("{s:s, s:s}", "code", err_wire_code(reason->code), "message", reason->message));
    char *text = json_dumps(properties, JSON_COMPACT);
    row->ended_us = clock_now_us();
    if (text == NULL || !str_replace(&row->state, "Failed")) {
        free(text);
        return;
    }
    free(row->properties);
    row->properties = text;
    if (store_deployment_update(request->app->store, row, &err) < 0) {
        log_event(LOG_ERROR, "cannot store a deployment", "deployment", row->name, "reason", err.message,
                  NULL);
    }
}

bool deployment_begin(struct request *request, struct deployment_job *ret_job)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    if (!find_living_group(request, &group)) {
        return false;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return false;
    }
    if (read_deployment(request, &group, body, ret_job, &err) < 0) {
        reply_error(request, &err);
        return false;
    }
    return true;
}

void deployment_put(struct request *request)
{
    struct err err = {0};
    __attribute__((cleanup(deployment_job_done))) struct deployment_job job = {.https = false};
    if (!deployment_begin(request, &job)) {
        return;
    }
    int stored = store_deployment(request->app->store, &job.row, &err);
    json_t *answer = stored < 0 ? NULL : deployment_write(&job.row);
    if (stored >= 0) {
        add_links(request, &job.row);
        if (deployer_submit(request->app->deployer, &job, &err) < 0) {
            end_unqueued(request, &job.row, &err);
            stored = -1;
        }
    }
    if (stored < 0) {
        json_decref(answer);
        reply_error(request, &err);
    } else {
        reply_json(request, stored > 0 ? 200 : 201, answer);
    }
}

void deployment_validate(struct request *request)
{
    __attribute__((cleanup(deployment_job_done))) struct deployment_job job = {.https = false};
    if (!deployment_begin(request, &job)) {
        return;
    }
    json_t *answer = deployment_write(&job.row);
    json_t *properties = json_object_get(answer, "properties");
    json_t *resources = json_array();
    for (size_t i = 0; i < job.template.count; i++) {
        if (!job.template.resources[i].skipped && !job.template.resources[i].existing) {
            json_array_append_new(resources, json_pack("{s:s}", "id", job.template.resources[i].id));
        }
    }
    json_object_set_new(properties, "validatedResources", resources);
    json_set_text(properties, "provisioningState", "Succeeded");
    reply_json(request, 200, answer);
}
