/* SPDX-License-Identifier: MIT */
/* Real faults of a provisioned server, begun and ended by hand; a rule with do.server does it at a point. */
#include "executor/servers/server_faults.h"
#include "handlers/arm/app.h"
#include "handlers/own/instances/instances.h"
#include "server/reply.h"

static const char *subscription_of(const struct request *request)
{
    const char *given = request_query(request, "subscription");
    return given == NULL ? request->app->options->subscription_id : given;
}

void malachite_fault_begin(struct request *request)
{
    struct err err = {0};
    const char *server = request_param(request, "server");
    const char *action = request_param(request, "action");
    if (server_fault_begin(request->app->executor, subscription_of(request), server, action, NULL, &err) <
        0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, json_pack("{s:s, s:s}", "server", server, "action", action));
}

void malachite_fault_end(struct request *request)
{
    struct err err = {0};
    const char *server = request_param(request, "server");
    const char *action = request_param(request, "action");
    const char *subscription_id = subscription_of(request);
    struct executor *executor = request->app->executor;
    if (server_fault_check(executor, subscription_id, server, action, &err) < 0 ||
        server_fault_end(executor, subscription_id, server, action, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_empty(request, 204);
}
