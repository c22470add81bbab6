/* SPDX-License-Identifier: MIT */
/*
 * What the transport serves. server/ knows nothing of Azure, of the store or of migrations: its caller
 * hands over these calls. All of them come from several threads at once.
 */
#ifndef SERVER_SERVICE_PRIVATE_H
#define SERVER_SERVICE_PRIVATE_H

#include <stdbool.h>

#include "core/options.h"
#include "server/request.h"

struct service {
    struct app *app;               /* given to every request; the transport never looks inside */
    const struct options *options; /* addresses, ports and limits */
    /* On an event loop, never waits: finds the route and checks the request. False: it has its answer. */
    bool (*prepare)(struct request *request);
    /* Gives the request its answer: on a lane, or on an event loop when the route says ROUTE_AT_ONCE. */
    void (*run)(struct request *request);
    /* The answer has left, or (sent false) the client went away before its end. */
    void (*answered)(const struct request *request, bool sent);
    /* A thread of a lane ends. */
    void (*thread_end)(struct app *app);
};

#endif
