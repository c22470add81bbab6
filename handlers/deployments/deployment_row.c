/* SPDX-License-Identifier: MIT */
/* Stores the progress of a running deployment: its state, its operations, its resources. */
#include <stdlib.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/deployments/deployment_row_private.h"

/* The name of an HTTP status, as Resource Manager writes it. */
static const char *status_word(int status)
{
    static const struct {
        int status;
        const char *word;
    } words[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {204, "NoContent"},
                 {400, "BadRequest"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "NotFound"},
                 {405, "MethodNotAllowed"},
                 {409, "Conflict"},
                 {412, "PreconditionFailed"},
                 {413, "RequestEntityTooLarge"},
                 {414, "RequestUriTooLong"},
                 {429, "TooManyRequests"},
                 {500, "InternalServerError"},
                 {501, "NotImplemented"},
                 {503, "ServiceUnavailable"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i].status == status) {
            return words[i].word;
        }
    }
    return status < 400 ? "OK" : status < 500 ? "BadRequest" : "InternalServerError";
}

static json_t *write_step(const struct deployment_run *run, size_t index)
{
    static const char *const states[] = {"Accepted", "Running", "Succeeded", "Failed"};
    const struct template_resource *resource = &run->job.template.resources[index];
    const struct step *step = &run->steps[index];
    char at[CLOCK_TEXT_SIZE];
    return json_pack("{s:i, s:s, s:s, s:s, s:I, s:s, s:{s:O}, s:{s:s, s:s, s:s}}", "number", (int)index,
                     "provisioningOperation", "Create", "provisioningState", states[step->state], "timestamp",
                     clock_format(step->ended_us != 0 ? step->ended_us : step->started_us, at), "durationUs",
                     (json_int_t)(step->ended_us == 0 ? 0 : step->ended_us - step->started_us), "statusCode",
                     status_word(step->status), "statusMessage", "error",
                     step->error == NULL ? json_null() : step->error, "targetResource", "id", resource->id,
                     "resourceType", resource->type, "resourceName", resource->name);
}

static json_t *write_steps(const struct deployment_run *run, json_t *ids)
{
    json_t *operations = json_array();
    for (size_t i = 0; i < run->job.template.count; i++) {
        const struct template_resource *resource = &run->job.template.resources[i];
        if (resource->skipped || resource->existing || run->steps[i].started_us == 0) {
            continue;
        }
        json_array_append_new(operations, write_step(run, i));
        if (run->steps[i].state == STEP_DONE) {
            json_array_append_new(ids, json_pack("{s:s}", "id", resource->id));
        }
    }
    return operations;
}

bool deployment_row_store(struct deployment_run *run, const char *state, json_t *outputs, json_t *error)
{
    struct err err = {0};
    struct deployment *row = &run->job.row;
    json_auto_t *properties = json_from_text(row->properties);
    json_auto_t *ids = json_array();
    json_auto_t *operations = write_steps(run, ids);
    if (outputs != NULL) {
        json_object_set_new(properties, "outputs", outputs);
    }
    if (error != NULL) {
        json_object_set_new(properties, "error", error);
    }
    json_object_set(properties, "outputResources", ids);
    free(row->properties);
    free(row->operations);
    row->properties = json_dumps(properties, JSON_COMPACT);
    row->operations = json_dumps(operations, JSON_COMPACT);
    bool ended = !str_equals(state, "Running");
    row->ended_us = ended ? clock_now_us() : 0;
    run->changed = false;
    if (!str_replace(&row->state, state) || row->properties == NULL || row->operations == NULL) {
        return false;
    }
    int stored = store_deployment_update(run->app->store, row, &err);
    if (stored < 0) {
        log_event(LOG_ERROR, "cannot store a deployment", "deployment", row->name, "reason", err.message,
                  NULL);
    } else if (ended) {
        log_event(LOG_INFO, "deployment ended", "deployment", row->name, "group", row->group, "state", state,
                  NULL);
    }
    return stored != 0;
}

json_t *deployment_row_failure(const struct deployment_run *run)
{
    json_t *details = json_array();
    for (size_t i = 0; i < run->job.template.count; i++) {
        const struct step *step = &run->steps[i];
        if (step->state == STEP_FAILED) {
            json_t *detail = json_copy(step->error);
            json_object_set_new(detail, "target", json_string(run->job.template.resources[i].id));
            json_array_append_new(details, detail);
        }
    }
    return json_pack(
        "{s:s, s:s, s:o}", "code", "DeploymentFailed", "message",
        "At least one resource deployment operation failed. Please list deployment operations for "
        "details. Please see https://aka.ms/arm-deployment-operations for usage details.",
        "details", details);
}
