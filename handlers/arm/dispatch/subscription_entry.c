/* SPDX-License-Identifier: MIT */
#include "handlers/arm/dispatch/subscription_entry.h"

#include "handlers/arm/app.h"
#include "server/reply.h"
#include "server/route.h"
#include "store/subscriptions.h"

bool subscription_enter(struct request *request)
{
    struct err err = {0};
    enum removal removing = REMOVAL_NONE;
    struct store *store = request->app->store;
    const char *id = request_param(request, "subscriptionId");
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    if (id == NULL || store == NULL || (request->route->flags & ROUTE_ARM) == 0) {
        return true;
    }
    int result = store_subscription_touch(store, id, &err, &removing);
    if (result == 0 && removing != REMOVAL_NONE && !reads) {
        result =
            err_set(&err, ERR_CONFLICT,
                    "Everything in the subscription '%s' is being removed. Retry when that has ended.", id);
        reply_header(request, "Retry-After", "1");
    }
    if (result < 0) {
        reply_error(request, &err);
    }
    return result == 0;
}
