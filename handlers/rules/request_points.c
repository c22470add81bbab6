/* SPDX-License-Identifier: MIT */
#include "handlers/rules/request_points.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/parse/json_fields.h"
#include "core/points/points.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/dispatch.h"
#include "server/reply.h"
#include "server/route.h"

enum { AGAIN_MS = 20 };

static bool is_subject(const struct request *request)
{
    return (request->route->flags & ROUTE_ARM) != 0;
}

static struct point_subject subject_of(const struct request *request)
{
    const char *target = request_param(request, "targetDbServerName");
    return (struct point_subject){
        .subscription = request_param(request, "subscriptionId"),
        .migration = request_param(request, "migrationName"),
        .server = target != NULL ? target : request_param(request, "serverName"),
        .operation = request->route->operation_id,
        .client = request->client_request_id,
    };
}

static void set_header(struct request *request, const char *name, json_t *value)
{
    if (json_is_string(value)) {
        reply_header(request, name, json_string_value(value));
    }
}

static void answer(struct request *request, const struct point_effect *effect)
{
    char seconds[16];
    const char *name = NULL;
    json_t *value = NULL;
    reply_discard(request);
    if (effect->retry_after >= 0) {
        snprintf(seconds, sizeof(seconds), "%d", effect->retry_after);
        reply_header(request, "Retry-After", seconds);
    }
    json_auto_t *headers = json_from_text(effect->headers[0] == '\0' ? NULL : effect->headers);
    json_object_foreach (headers, name, value) {
        set_header(request, name, value);
    }
    if (effect->status == 204 || effect->code[0] == '\0') {
        reply_empty(request, effect->status);
        return;
    }
    reply_json(request, effect->status,
               json_pack("{s:{s:s, s:s}}", "error", "code", effect->code, "message",
                         effect->fail.message[0] != '\0' ? effect->fail.message
                                                         : "A rule of the test gave this answer."));
}

/* What a rule wants at this stage, once: *ret_done says that it has replied. False: it still waits. */
static bool visit(struct request *request, enum point point, bool *ret_done)
{
    struct request_visit *state = &request->visit;
    const struct point_subject subject = subject_of(request);
    *ret_done = false;
    if (state->effect == NULL) {
        struct point_effect effect;
        if (!point_take(point, &subject, &effect)) {
            return true;
        }
        state->effect = malloc(sizeof(effect));
        if (state->effect == NULL) {
            point_leave(&effect);
            return true;
        }
        *state->effect = effect;
    }
    if (point_is_waiting(state->effect)) {
        return false;
    }
    struct point_effect *effect = state->effect;
    enum point_end end = point_act(effect, &subject);
    if (end == POINT_ACTS && effect->action == ACTION_ANSWER) {
        answer(request, effect);
        *ret_done = true;
    } else if (end == POINT_ACTS && effect->action == ACTION_CUT) {
        reply_discard(request);
        reply_cut(request, effect->reset);
        *ret_done = true;
    }
    free(effect);
    state->effect = NULL;
    return true;
}

static bool passes(struct request *request, enum point point, enum request_stage next)
{
    bool done = false;
    if (!visit(request, point, &done)) {
        reply_later(request, AGAIN_MS);
        return false;
    }
    request->visit.stage = done ? STAGE_REPLIES : next;
    return true;
}

void request_points_run(struct request *request)
{
    enum request_stage *stage = &request->visit.stage;
    if (!is_subject(request)) {
        dispatch_run(request);
        return;
    }
    if (*stage == STAGE_ARRIVED && !passes(request, POINT_REQUEST, STAGE_ADMITTED)) {
        return;
    }
    if (*stage == STAGE_ADMITTED) {
        dispatch_run(request);
        if (request->reply.status == 0) {
            return; /* a long poll */
        }
        *stage = STAGE_HANDLED;
    }
    if (*stage == STAGE_HANDLED) {
        passes(request, POINT_REPLY, STAGE_REPLIES);
    }
}
