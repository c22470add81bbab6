/* SPDX-License-Identifier: MIT */
/* Snapshots of a subscription: taken, listed, restored, removed. */
#include "executor/snapshots/snapshots.h"
#include "handlers/arm/app.h"
#include "handlers/own/instances/instances.h"
#include "server/reply.h"

static const char *subscription_of(const struct request *request)
{
    const char *given = request_query(request, "subscription");
    return given == NULL ? request->app->options->subscription_id : given;
}

/* Calls fn with the snapshot that the path names, and replies with its manifest. */
static void reply_manifest(struct request *request,
                           int (*fn)(struct executor *executor, const char *subscription_id, const char *name,
                                     struct err *err, json_t **ret_manifest))
{
    struct err err = {0};
    json_t *manifest = NULL;
    if (fn(request->app->executor, subscription_of(request), request_param(request, "snapshot"), &err,
           &manifest) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, manifest);
}

void malachite_snapshot_put(struct request *request)
{
    reply_manifest(request, snapshot_take);
}

void malachite_snapshot_get(struct request *request)
{
    reply_manifest(request, snapshot_get);
}

void malachite_snapshot_restore(struct request *request)
{
    reply_manifest(request, snapshot_restore);
}

void malachite_snapshot_list(struct request *request)
{
    struct err err = {0};
    json_t *list = NULL;
    if (snapshot_list(request->app->executor, subscription_of(request), &err, &list) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, json_pack("{s:o}", "value", list));
}

void malachite_snapshot_delete(struct request *request)
{
    struct err err = {0};
    if (snapshot_delete(request->app->executor, subscription_of(request), request_param(request, "snapshot"),
                        &err) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_empty(request, 204);
}
