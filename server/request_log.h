/* SPDX-License-Identifier: MIT */
/*
 * The last requests, in memory: method and path, status, and ignored properties of the body. Bounded; the
 * newest entry replaces the oldest. Bodies, headers and queries are not kept, because they can contain
 * secrets.
 */
#ifndef SERVER_REQUEST_LOG_H
#define SERVER_REQUEST_LOG_H

#include <jansson.h>

#include "core/err.h"
#include "server/request.h"

struct request_log;

/* Keeps at most capacity entries; 0 only counts. */
int request_log_new(size_t capacity, struct err *err, struct request_log **ret_log);
/* NULL is fine. No other thread may still use the log. */
void request_log_free(struct request_log *log);

/* Adds a completed request, copying what it keeps. sent: the whole response reached the client. Any
 * thread; an entry whose allocation fails counts as evicted. */
void request_log_add(struct request_log *log, const struct request *request, bool sent);

/* The filter; members that are NULL, 0 or METHOD_OTHER do not restrict. */
struct request_log_filter {
    const char *operation_id; /* without case */
    enum method method;
    const char *path;            /* part of the path, without case */
    const char *request;         /* x-ms-request-id, correlation id or client request id */
    const char *client;          /* the beginning of the client request id, without case */
    const char *subscription_id; /* of the path */
    int status_from;             /* 404 to 404, or 400 to 499 */
    int status_to;
    bool only_noted;  /* only with ignored properties */
    int64_t since_us; /* started at or after this time */
    size_t limit;     /* newest first; 0: all */
};

/* {"count" of matches, "value" with at most limit entries, newest first, "total", "evicted", "capacity"}.
 * NULL when memory is out. Any thread. */
json_t *request_log_list(struct request_log *log, const struct request_log_filter *filter);
/* Deletes all entries and restarts counting from 0. Any thread. */
void request_log_clear(struct request_log *log);
/* Deletes those whose path is of this subscription; the totals go on. Any thread. */
void request_log_clear_subscription(struct request_log *log, const char *subscription_id);

#endif
