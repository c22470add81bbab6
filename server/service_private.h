/* SPDX-License-Identifier: MIT */
/*
 * The interface to the served program. server/ knows nothing of Azure, of the store or of migrations: its
 * caller provides these callbacks. Several threads call them concurrently.
 */
#ifndef SERVER_SERVICE_PRIVATE_H
#define SERVER_SERVICE_PRIVATE_H

#include <stdbool.h>

#include "core/options/options.h"
#include "server/request.h"

struct service {
    struct app *app;               /* passed to every request; the transport never uses it */
    const struct options *options; /* addresses, ports and limits */
    /* On an event loop, never waits: finds the route and checks the request. False: it has already
     * replied. */
    bool (*prepare)(struct request *request);
    /* Produces the reply: on a lane, or on an event loop if the route has ROUTE_AT_ONCE. */
    void (*run)(struct request *request);
    /* The response was sent, or (sent false) the client disconnected before its end. */
    void (*answered)(const struct request *request, bool sent);
    /* A thread of a lane ends. */
    void (*thread_end)(struct app *app);
};

#endif
