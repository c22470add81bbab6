/* SPDX-License-Identifier: MIT */
/*
 * Processes a complete request: the route, the checks that Resource Manager makes before a resource
 * provider sees the request, the handler, and the invariants that every handler must keep. Independent of
 * libmicrohttpd.
 */
#ifndef HANDLERS_ARM_DISPATCH_DISPATCH_H
#define HANDLERS_ARM_DISPATCH_DISPATCH_H

#include <stdbool.h>

#include "server/request.h"
#include "server/route.h"

/* Finds the route and runs the checks. True if the route's handler must run; otherwise it has replied.
 * request_set_uri() has succeeded before. */
bool dispatch_prepare(struct request *request);

/* Runs the handler. Afterwards the request has exactly one reply and the thread has no open transaction. */
void dispatch_run(struct request *request);

#endif
