/* SPDX-License-Identifier: MIT */
/* Reports what a deployment would change, without changing it. */
#include "core/str.h"
#include "handlers/deployments/deployment_private.h"
#include "handlers/deployments/deployments.h"

static bool exists(const struct inner_client *client, const struct template_resource *resource)
{
    json_auto_t *found = inner_request_get(client, resource->id, resource->api_version);
    return found != NULL;
}

/* Reports missing resources as Create and existing ones as Deploy, like the service when it does not
 * compare properties (resultFormat ResourceIdOnly): Malachite never compares them. */
static json_t *list_changes(const struct inner_client *client, const struct template *template)
{
    json_t *changes = json_array();
    for (size_t i = 0; i < template->count; i++) {
        const struct template_resource *resource = &template->resources[i];
        if (resource->existing) {
            continue;
        }
        const char *change = resource->skipped ? "Ignore" : exists(client, resource) ? "Deploy" : "Create";
        json_array_append_new(changes,
                              json_pack("{s:s, s:s}", "resourceId", resource->id, "changeType", change));
    }
    return changes;
}

void deployment_what_if(struct request *request)
{
    __attribute__((cleanup(deployment_job_done))) struct deployment_job job = {.https = false};
    if (!deployment_begin(request, &job)) {
        return;
    }
    const struct inner_client client = deployment_client(request);
    reply_json(request, 200,
               json_pack("{s:s, s:{s:o}}", "status", "Succeeded", "properties", "changes",
                         list_changes(&client, &job.template)));
}
