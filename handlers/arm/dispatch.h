/* SPDX-License-Identifier: MIT */
/*
 * From a complete request to its answer: the route, the checks that Resource Manager makes before a resource
 * provider sees the request, the handler, and the rules every handler must have kept. Knows nothing of
 * libmicrohttpd.
 */
#ifndef HANDLERS_ARM_DISPATCH_H
#define HANDLERS_ARM_DISPATCH_H

#include <stdbool.h>

#include "server/request.h"
#include "server/route.h"

/* Finds the route and makes the checks. True when the route's handler is to run; otherwise the request has
 * been answered. request_set_uri() has succeeded before. */
bool dispatch_prepare(struct request *request);

/* Runs the handler. Afterwards the request has exactly one answer and the thread has no transaction open. */
void dispatch_run(struct request *request);

#endif
