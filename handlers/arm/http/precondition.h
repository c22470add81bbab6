/* SPDX-License-Identifier: MIT */
/* If-Match and If-None-Match of requests that change a resource. */
#ifndef HANDLERS_ARM_HTTP_PRECONDITION_H
#define HANDLERS_ARM_HTTP_PRECONDITION_H

#include <stdbool.h>

#include "core/err.h"
#include "server/request.h"

/* Whether the request changes a resource and says in which state it must be. */
bool precondition_given(const struct request *request);

/*
 * status and body: the answer to a GET of the same resource. A resource whose body has no "etag" matches
 * "*" only. Returns 0, or -1 with PreconditionFailed.
 */
int precondition_check(const struct request *request, int status, const json_t *body, struct err *err);

/* New memory: an entity tag (W/"...") that changes with the value; NULL when memory is out. */
char *etag_of(const json_t *value);

#endif
