/* SPDX-License-Identifier: MIT */
/* HEAD of resources: 204 if they exist, 404 if not, never 200, like Resource Manager. */
#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"

static bool server_exists(struct request *request, struct server *ret_server)
{
    struct err err = {0};
    int found = store_server_get(
        request->app->store, server_kind_of(request), request_param(request, "subscriptionId"),
        request_param(request, "resourceGroupName"), request_param(request, "serverName"), &err, ret_server);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_empty(request, 404);
    }
    return found > 0;
}

void server_head(struct request *request)
{
    auto_server struct server server = {0};
    if (server_exists(request, &server)) {
        reply_empty(request, 204);
    }
}

void migration_head(struct request *request)
{
    struct err err = {0};
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    if (!server_exists(request, &target)) {
        return;
    }
    int found = store_migration_get(request->app->store, target.id, request_param(request, "migrationName"),
                                    &err, &migration);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 && !migration.hidden ? 204 : 404);
    }
}
