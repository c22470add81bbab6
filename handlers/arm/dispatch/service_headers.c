/* SPDX-License-Identifier: MIT */
#include "handlers/arm/dispatch/service_headers.h"

#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/app.h"
#include "handlers/arm/naming/locations.h"
#include "server/reply.h"
#include "server/route.h"

/* What the service has left after the first call. */
static void add_rate_limit(struct request *request)
{
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    if (request_param(request, "subscriptionId") == NULL) {
        reply_header(request,
                     reads ? "x-ms-ratelimit-remaining-tenant-reads"
                           : "x-ms-ratelimit-remaining-tenant-writes",
                     reads ? "11999" : "1199");
    } else if (reads) {
        reply_header(request, "x-ms-ratelimit-remaining-subscription-reads", "11999");
        reply_header(request, "x-ms-ratelimit-remaining-subscription-global-reads", "16499");
    } else if (request->method == METHOD_DELETE) {
        reply_header(request, "x-ms-ratelimit-remaining-subscription-deletes", "14999");
        reply_header(request, "x-ms-ratelimit-remaining-subscription-global-deletes", "11999");
    } else {
        reply_header(request, "x-ms-ratelimit-remaining-subscription-writes", "1199");
        reply_header(request, "x-ms-ratelimit-remaining-subscription-global-writes", "11999");
    }
}

/* "tenantId=...,objectId=.../eastus/...": the region is the path's, or the first one. */
static void add_operation_identifier(struct request *request)
{
    const char *type = request->route->resource_type;
    if (type == NULL || !str_istarts(type, POSTGRESQL_NAMESPACE "/")) {
        return;
    }
    const char *object = json_string_value(json_object_get(request->claims, "oid"));
    const char *given = request_param(request, "location");
    const struct location *region = given == NULL ? NULL : location_find(given);
    auto_free char *text = str_format("tenantId=%s,objectId=%s/%s/%s", request->app->options->tenant_id,
                                      object == NULL ? "" : object,
                                      region == NULL ? locations[0].name : region->name, request->request_id);
    if (text != NULL) {
        reply_header(request, "x-ms-operation-identifier", text);
    }
}

void service_headers_add(struct request *request)
{
    if ((request->route->flags & ROUTE_ARM) != 0) {
        add_rate_limit(request);
        add_operation_identifier(request);
    }
}
