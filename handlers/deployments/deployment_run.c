/* SPDX-License-Identifier: MIT */
/* Runs one deployment: sends requests for its resources in the order of their dependencies, and records
 * the outcomes. */
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/deployments/deployment_row_private.h"
#include "handlers/deployments/deployment_run_private.h"
#include "handlers/deployments/inner_request_private.h"

enum { BUSY_LIMIT_MS = 120000 };

static void send_request(struct deployment_run *run, enum method method, const char *uri, json_t *body,
                         struct inner_answer *ret_answer)
{
    const struct inner_client client = {.app = run->app,
                                        .host = run->job.host,
                                        .https = run->job.https,
                                        .authorization = run->job.authorization,
                                        .correlation_id = run->job.correlation_id,
                                        .nesting = run->job.nesting + 1};
    inner_request_send(&client, method, uri, body, ret_answer);
}

/* ---- reference() -----------------------------------------------------------------------------------------
 */

static json_t *look_up(void *arg, const char *what, const char *api_version, struct err *err)
{
    struct deployment_run *run = arg;
    const char *id = what;
    for (size_t i = 0; i < run->job.template.count; i++) {
        const struct template_resource *resource = &run->job.template.resources[i];
        if (!template_is(resource, what)) {
            continue;
        }
        if (!resource->existing && run->steps[i].state != STEP_DONE) {
            err_set(err, ERR_UNAVAILABLE, "The resource '%s' does not exist yet.", resource->name);
            return NULL;
        }
        id = resource->id;
        api_version = resource->api_version;
        break;
    }
    auto_free char *uri = api_version == NULL ? NULL : inner_request_uri(id, api_version);
    auto_inner_answer struct inner_answer answer = {0};
    if (uri != NULL && id[0] == '/') {
        send_request(run, METHOD_GET, uri, NULL, &answer);
    }
    if (answer.status != 200 || answer.body == NULL) {
        err_set(err, ERR_INVALID_TEMPLATE,
                "The function 'reference' cannot find the resource '%.400s': the template does not define "
                "it, and GET answers %d.",
                what, answer.status);
        return NULL;
    }
    return json_incref(answer.body);
}

/* ---- steps -----------------------------------------------------------------------------------------------
 */

static void end_step(struct deployment_run *run, struct step *step, enum step_state state)
{
    step->state = state;
    step->ended_us = clock_now_us();
    run->changed = true;
}

static void fail_step(struct deployment_run *run, struct step *step, const char *code, const char *message)
{
    json_decref(step->error);
    step->error = json_pack("{s:s, s:s}", "code", code, "message", message);
    end_step(run, step, STEP_FAILED);
}

/* error: the member of a response, or NULL. */
static void fail_step_as(struct deployment_run *run, struct step *step, json_t *error)
{
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    fail_step(run, step, code == NULL ? "InternalServerError" : code,
              message == NULL ? "The request failed." : message);
}

/* An error in the template itself fails the step without a request. */
static void refuse_step(struct deployment_run *run, struct step *step, const struct err *err)
{
    step->started_us = step->started_us == 0 ? clock_now_us() : step->started_us;
    step->status = err_http_status(err->code);
    fail_step(run, step, err_wire_code(err->code), err->message);
}

/* A server that is starting or busy accepts the request later. True: wait; false: the time is up. */
static bool may_wait(struct step *step)
{
    if (step->give_up_ms == 0) {
        step->give_up_ms = clock_monotonic_ms() + BUSY_LIMIT_MS;
    }
    return clock_ms_left(step->give_up_ms) > 0;
}

static bool is_busy(const struct inner_answer *answer)
{
    const char *code = json_string_value(json_object_get(json_object_get(answer->body, "error"), "code"));
    return answer->status == 503 ||
           (answer->status == 409 && (str_equals(code, err_wire_code(ERR_SERVER_BUSY)) ||
                                      str_equals(code, err_wire_code(ERR_SERVER_NOT_READY))));
}

static void start_step(struct deployment_run *run, size_t index)
{
    struct err err = {0};
    struct step *step = &run->steps[index];
    const struct template_resource *resource = &run->job.template.resources[index];
    auto_inner_answer struct inner_answer answer = {0};
    json_auto_t *body = template_body(&run->job.template, resource, &err);
    auto_free char *uri = inner_request_uri(resource->id, resource->api_version);
    if (body == NULL || uri == NULL) {
        if (uri == NULL) {
            err_set(&err, ERR_INVALID_TEMPLATE, "The id of the resource '%.200s' is too long.",
                    resource->name);
        }
        if (err.code != ERR_UNAVAILABLE && err.code != ERR_STORE_UNAVAILABLE) {
            refuse_step(run, step, &err);
        }
        return;
    }
    step->started_us = step->started_us == 0 ? clock_now_us() : step->started_us;
    send_request(run, METHOD_PUT, uri, body, &answer);
    step->status = answer.status;
    if (is_busy(&answer) && may_wait(step)) {
        return;
    }
    step->give_up_ms = 0;
    if (answer.status >= 400) {
        fail_step_as(run, step, json_object_get(answer.body, "error"));
    } else if (answer.poll != NULL) {
        step->poll = TAKE(answer.poll);
        step->state = STEP_RUNNING;
        run->changed = true;
    } else {
        end_step(run, step, STEP_DONE);
    }
}

static void poll_step(struct deployment_run *run, struct step *step)
{
    auto_inner_answer struct inner_answer answer = {0};
    send_request(run, METHOD_GET, step->poll, NULL, &answer);
    if (is_busy(&answer) && may_wait(step)) {
        return;
    }
    step->give_up_ms = 0;
    const char *status = json_string_value(json_object_get(answer.body, "status"));
    if (str_iequals(status, "Succeeded")) {
        end_step(run, step, STEP_DONE);
    } else if (status == NULL || str_iequals(status, "Failed") || str_iequals(status, "Canceled")) {
        step->status = answer.status >= 400 ? answer.status : err_http_status(ERR_CONFLICT);
        fail_step_as(run, step, json_object_get(answer.body, "error"));
    }
}

static bool dependencies_are_done(const struct deployment_run *run, const struct template_resource *resource)
{
    size_t index;
    json_t *dependency;
    json_array_foreach (resource->depends_on, index, dependency) {
        for (size_t i = 0; i < run->job.template.count; i++) {
            if (template_is(&run->job.template.resources[i], json_string_value(dependency)) &&
                run->steps[i].state != STEP_DONE) {
                return false;
            }
        }
    }
    return true;
}

/* ---- turns
 * ----------------------------------------------------------------------------------------------------
 */

/* All resources exist: evaluate the outputs. */
static void succeed(struct deployment_run *run)
{
    struct err err = {0};
    json_t *outputs = template_outputs(&run->job.template, &err);
    if (outputs == NULL) {
        deployment_row_store(
            run, "Failed", NULL,
            json_pack("{s:s, s:s}", "code", "DeploymentOutputEvaluationFailed", "message", err.message));
    } else {
        deployment_row_store(run, "Succeeded", outputs, NULL);
    }
}

static bool is_canceled_or_deleted(struct deployment_run *run)
{
    struct err err = {0};
    const struct deployment *row = &run->job.row;
    auto_deployment struct deployment stored = {0};
    int found =
        store_deployment_get(run->app->store, row->subscription_id, row->group, row->name, &err, &stored);
    if (found > 0 && str_equals(stored.operation_id, row->operation_id) && stored.cancel) {
        deployment_row_store(run, "Canceled", NULL, NULL);
        return true;
    }
    return found >= 0 && (found == 0 || !str_equals(stored.operation_id, row->operation_id));
}

struct counts {
    size_t waiting, running, failed;
};

static struct counts advance_steps(struct deployment_run *run)
{
    struct counts counts = {0};
    for (size_t i = 0; i < run->job.template.count; i++) {
        struct step *step = &run->steps[i];
        const struct template_resource *resource = &run->job.template.resources[i];
        if (step->state == STEP_WAITING && (resource->skipped || resource->existing)) {
            step->state = STEP_DONE;
        }
        if (step->state == STEP_RUNNING) {
            poll_step(run, step);
        }
        counts.failed += step->state == STEP_FAILED;
    }
    for (size_t i = 0; i < run->job.template.count; i++) {
        struct step *step = &run->steps[i];
        if (step->state == STEP_WAITING && counts.failed == 0 &&
            dependencies_are_done(run, &run->job.template.resources[i])) {
            start_step(run, i);
            counts.failed += step->state == STEP_FAILED;
        }
        /* After a failed step nothing new starts, so steps that wait for a busy server are abandoned. */
        bool waits = step->state == STEP_WAITING && step->give_up_ms != 0 && counts.failed == 0;
        counts.running += step->state == STEP_RUNNING || waits;
        counts.waiting += step->state == STEP_WAITING;
    }
    return counts;
}

bool deployment_run_turn(struct deployment_run *run)
{
    run->job.template.reference = look_up;
    run->job.template.reference_arg = run;
    if (is_canceled_or_deleted(run)) {
        return true;
    }
    const struct counts counts = advance_steps(run);
    if (counts.failed > 0 && counts.running == 0) {
        deployment_row_store(run, "Failed", NULL, deployment_row_failure(run));
        return true;
    }
    if (counts.waiting == 0 && counts.running == 0) {
        succeed(run);
        return true;
    }
    if (counts.running == 0 && !run->changed) {
        deployment_row_store(run, "Failed", NULL,
                             json_pack("{s:s, s:s}", "code", "InvalidTemplate", "message",
                                       "The remaining resources depend on each other in a cycle."));
        return true;
    }
    return run->changed && !deployment_row_store(run, "Running", NULL, NULL);
}

void deployment_run_free(struct deployment_run *run)
{
    for (size_t i = 0; i < run->job.template.count; i++) {
        free(run->steps[i].poll);
        json_decref(run->steps[i].error);
    }
    free(run->steps);
    deployment_job_done(&run->job);
    free(run);
}
