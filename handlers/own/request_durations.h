/* SPDX-License-Identifier: MIT */
/*
 * How long requests took, by operation and class of the status (2xx). The operations are those of the
 * route table, so their number is bounded; requests without a route are "unmatched". Any thread may add.
 */
#ifndef HANDLERS_OWN_REQUEST_DURATIONS_H
#define HANDLERS_OWN_REQUEST_DURATIONS_H

#include "core/buf.h"
#include "server/request.h"
#include "server/route.h"

struct request_durations;

/* Refers to the rows. NULL when memory is out: adding and writing then do nothing. */
struct request_durations *request_durations_new(const struct route *rows, size_t count);
void request_durations_free(struct request_durations *durations);

/* Adds an answered request, whose route is one of the rows, or NULL. */
void request_durations_add(struct request_durations *durations, const struct request *request);
/* Writes the samples of the histogram `name`: those that have counted anything. */
void request_durations_write(const struct request_durations *durations, struct buf *text, const char *name);

#endif
