/* SPDX-License-Identifier: MIT */
/*
 * The last requests, in memory: what was called, how it was answered, and what of the body was not
 * understood. Bounded; the oldest entry gives way to the newest. Bodies, headers and queries are not kept:
 * they can hold secrets.
 */
#ifndef SERVER_REQUEST_LOG_H
#define SERVER_REQUEST_LOG_H

#include <jansson.h>

#include "core/err.h"
#include "server/request.h"

struct request_log;

/* Keeps at most capacity entries; 0 keeps none and counts only. */
int request_log_new(size_t capacity, struct err *err, struct request_log **ret_log);
/* NULL is fine. No other thread may still use the log. */
void request_log_free(struct request_log *log);

/* Adds an answered request, copying what is kept of it. sent: the whole answer reached the client. Any
 * thread; an entry that memory is out for is counted as evicted. */
void request_log_add(struct request_log *log, const struct request *request, bool sent);

/* What to show; a member that is NULL, 0 or METHOD_OTHER does not restrict. */
struct request_log_filter {
    const char *operation_id; /* without case */
    enum method method;
    const char *path;    /* part of the path, without case */
    const char *request; /* x-ms-request-id, correlation id or client request id */
    int status_from;     /* 404 to 404, or 400 to 499 */
    int status_to;
    bool only_noted;  /* with something that was not understood */
    int64_t since_us; /* begun at or after this moment */
    size_t limit;     /* newest first; 0: all */
};

/* {"count" of those that fit, "value" of at most limit, newest first, "total", "evicted", "capacity"}. NULL
 * when memory is out. Any thread. */
json_t *request_log_list(struct request_log *log, const struct request_log_filter *filter);
/* Forgets all entries and counts from 0 again. Any thread. */
void request_log_clear(struct request_log *log);

#endif
