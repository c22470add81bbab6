/* SPDX-License-Identifier: MIT */
#include "handlers/arm/accepted_private.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "server/reply.h"

/* kind NULL: the format of Resource Manager's own operations. */
static void add_operation_header(struct request *request, const char *header, const char *subscription_id,
                                 const char *location, const char *kind, const char *operation_id)
{
    auto_buf struct buf path = BUF_MAX(REQUEST_URI_MAX);
    buf_addf(&path, "/subscriptions/%s/", subscription_id);
    if (location == NULL) {
        buf_addf(&path, "operationresults/%s", operation_id);
    } else {
        buf_adds(&path, "providers/Microsoft.DBforPostgreSQL/locations/");
        buf_add_encoded(&path, location, "");
        buf_addf(&path, "/%s/%s", kind, operation_id);
    }
    if (request->api_version != NULL) {
        buf_adds(&path, "?api-version=");
        buf_add_encoded(&path, request->api_version, "");
    }
    auto_free char *url = buf_failed(&path) ? NULL : reply_absolute_url(request, buf_text(&path));
    if (url == NULL) {
        request->reply.out_of_memory = true;
        return;
    }
    reply_header(request, header, url);
}

void reply_accepted(struct request *request, const char *subscription_id, const char *location,
                    const char *operation_id, const char *operation_name, int64_t started_us)
{
    char retry_after[16];
    snprintf(retry_after, sizeof(retry_after), "%d", request->app->options->retry_after);
    reply_header(request, "Retry-After", retry_after);
    add_operation_header(request, "Location", subscription_id, location, "operationResults", operation_id);
    if (location == NULL) {
        reply_empty(request, 202);
        return;
    }
    add_operation_header(request, "Azure-AsyncOperation", subscription_id, location, "azureAsyncOperation",
                         operation_id);
    char started[CLOCK_TEXT_SIZE];
    reply_json(
        request, 202,
        json_pack("{s:s, s:s}", "operation", operation_name, "startTime", clock_format(started_us, started)));
}
