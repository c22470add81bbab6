/* SPDX-License-Identifier: MIT */
/*
 * One HTTP request, as a handler sees it: path parameters and query decoded, body parsed, ids made. A handler reads
 * it, and answers exactly once through server/reply.h. Knows nothing of libmicrohttpd.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/id.h"

struct app;
struct route;

enum { REQUEST_PARAMS_MAX = 8, REQUEST_QUERY_MAX = 32, REQUEST_BODY_MAX = 4 * 1024 * 1024, REQUEST_URI_MAX = 16 * 1024 };

enum method { METHOD_GET, METHOD_HEAD, METHOD_PUT, METHOD_POST, METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER };

struct request_pair {
    char *name;
    char *value;
};

struct reply_header {
    char *name;
    char *value;
};

enum { REPLY_HEADERS_MAX = 16 };

/* What will be sent; written by server/reply.c only. */
struct reply {
    int status; /* 0: not answered yet */
    char *body; /* or NULL */
    size_t body_len;
    const char *content_type; /* static text */
    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
};

struct request {
    unsigned magic; /* REQUEST_MAGIC: travels through void pointers */
    struct app *app;
    const struct route *route;
    enum method method;
    char *raw_uri;  /* path and query as sent */
    char *host;     /* Host header (or X-Forwarded-Host), for absolute links; never NULL */
    bool https;     /* or X-Forwarded-Proto */
    char *authorization; /* header, or NULL; never logged */
    struct request_pair params[REQUEST_PARAMS_MAX]; /* from the route's {names}, decoded */
    size_t param_count;
    struct request_pair query[REQUEST_QUERY_MAX]; /* decoded */
    size_t query_count;
    const char *api_version; /* the api-version parameter, or NULL on routes without one */
    struct buf raw_body;
    json_t *body; /* parsed; NULL when the route takes none or it was empty */
    char request_id[ID_TEXT_SIZE];     /* x-ms-request-id */
    char correlation_id[ID_TEXT_SIZE * 2]; /* x-ms-correlation-request-id: the client's, or new */
    char *client_request_id;           /* x-ms-client-request-id, or NULL */
    int64_t started_us;
    struct reply reply;
};

enum { REQUEST_MAGIC = 0x6d726571 };

/* A path parameter by the name in the route's pattern. Never NULL for a name that is in the pattern. */
const char *request_param(const struct request *request, const char *name);
/* A query parameter (name compared without case), or NULL. */
const char *request_query(const struct request *request, const char *name);

struct request *request_new(struct app *app);
void request_free(struct request *request);

#endif
