/* SPDX-License-Identifier: MIT */
/* What a deployment would do, without doing it. */
#include "core/str.h"
#include "handlers/deployments/deployment_private.h"
#include "handlers/deployments/deployments.h"

static bool exists(const struct inner_client *client, const struct template_resource *resource)
{
    auto_inner_answer struct inner_answer answer = {0};
    auto_buf struct buf uri = BUF_MAX(REQUEST_URI_MAX);
    buf_add_encoded(&uri, resource->id, "/");
    buf_adds(&uri, "?api-version=");
    buf_add_encoded(&uri, resource->api_version, "");
    if (!buf_failed(&uri)) {
        inner_request_send(client, METHOD_GET, buf_text(&uri), NULL, &answer);
    }
    return answer.status == 200;
}

/* Create what is not there. Of what is there the service says Deploy when it does not compare properties, as
 * with resultFormat ResourceIdOnly; Malachite never compares them. */
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
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    __attribute__((cleanup(deployment_job_done))) struct deployment_job job = {.https = false};
    if (!find_living_group(request, &group)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (deployment_read(request, &group, body, &job, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    const struct inner_client client = deployment_client(request);
    reply_json(request, 200,
               json_pack("{s:s, s:{s:o}}", "status", "Succeeded", "properties", "changes",
                         list_changes(&client, &job.template)));
}
