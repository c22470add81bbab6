/* SPDX-License-Identifier: MIT */
/*
 * The static route table (app/routes.c) and its matching on the raw path. 404, 405 with Allow, OPTIONS,
 * the rules for api-version and body, and `malachite routes` are all derived from the rows.
 */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/err.h"
#include "server/request.h"

/* Reads the request, checks it, does one thing with the store or the executor, replies once. */
typedef void handler_fn(struct request *request);

enum route_flags {
    ROUTE_ARM = 1 << 0,  /* ARM route: api-version required and checked against the resource type */
    ROUTE_BODY = 1 << 1, /* a JSON object is required as the body */
    ROUTE_BODY_OPTIONAL = 1 << 2,
    ROUTE_SLOW = 1 << 3,    /* may wait for PostgreSQL: runs on that lane instead of the store's */
    ROUTE_QUIET = 1 << 4,   /* health probes: logged at debug only */
    ROUTE_FORM = 1 << 5,    /* the body is a form: request_form() */
    ROUTE_TOKEN = 1 << 6,   /* not ARM's, but subject to --auth */
    ROUTE_OPEN = 1 << 7,    /* Malachite's own, and open to everybody even under --auth strict */
    ROUTE_AT_ONCE = 1 << 8, /* waits for neither store nor file: runs on the event loop */
    ROUTE_STORED = 1 << 9,  /* the response depends only on the URL and the store, and may be cached */
    ROUTE_WAITS = 1 << 10,  /* a long poll: request_keep_waiting() */
    ROUTE_STREAM = 1 << 12, /* the response goes on until the client leaves */
    ROUTE_SINGLE = 1 << 11, /* about a single server; without it, a server is a flexible one */
};

enum route_answers {
    ROUTE_OK = 1 << 0,
    ROUTE_CREATED = 1 << 1,
    ROUTE_ACCEPTED = 1 << 2,       /* a long-running operation */
    ROUTE_NONE = 1 << 3,           /* 204 */
    ROUTE_OK_EMPTY = 1 << 4,       /* 200 without body */
    ROUTE_ACCEPTED_EMPTY = 1 << 5, /* Resource Manager's own long-running operations: Location only */
    ROUTE_TIMED_OUT = 1 << 6,      /* 408 with the same body as 200 */
    ROUTE_MISSED = 1 << 7,         /* 409 likewise */
    ROUTE_CONFLICT = 1 << 8,       /* 409: an error */
};

struct route {
    enum method method;
    const char *pattern; /* "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}"; literals
                            match without case. "/{*}/oauth2/token": any path with this end */
    handler_fn *handler;
    unsigned flags;            /* enum route_flags: the rules for the api-version and the body */
    const char *resource_type; /* the type whose api-versions apply:
                                  "Microsoft.DBforPostgreSQL/flexibleServers", or NULL */
    const char *operation_id;  /* "Migrations_Create" */
    const char *action;        /* in roles: "Microsoft.DBforPostgreSQL/flexibleServers/read", or NULL */
    /* for the OpenAPI documents */
    const char *summary; /* NULL: not described */
    const char *body;    /* name of the body's description ("FlexibleServer"), or NULL */
    const char
        *answer; /* likewise, or "[]X": a list {"value", "nextLink"}, a media type ("text/plain"), NULL */
    unsigned answers;  /* enum route_answers */
    const char *query; /* parameters: "name:type name:type", or NULL */
};

extern const struct route routes[];
extern const size_t route_count;

/* The rows prepared for matching; refers to them. Any thread may match. */
struct route_table;

/* Fails with ERR_INTERNAL on an invalid row: a pattern without leading slash, too many segments or
 * parameters, no handler, two rows with the same method and pattern. */
int route_table_new(const struct route *rows, size_t count, struct err *err, struct route_table **ret_table);
void route_table_free(struct route_table *table);

enum { ROUTE_ALLOW_SIZE = 64 };
/*
 * Finds the row for the request's method and segments and sets request->route and params. A literal takes
 * precedence over a parameter, from the left; rows for the end of a path match only if no row for the
 * whole path does. HEAD falls back to GET's row. On failure err is ERR_NOT_FOUND (no such path) or
 * ERR_METHOD_NOT_ALLOWED; allow then lists the methods ("GET, HEAD, PUT, OPTIONS"), and also for
 * METHOD_OPTIONS.
 */
int route_match(const struct route_table *table, struct request *request, char allow[static ROUTE_ALLOW_SIZE],
                struct err *err);

/* Prints the table (malachite routes): method, pattern, operationId, action ("-" for none). */
void route_print(FILE *out);

#endif
