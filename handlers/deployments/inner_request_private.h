/* SPDX-License-Identifier: MIT */
/* A request that Malachite sends to itself: through the same checks, routes and handlers, without a
 * socket. */
#ifndef HANDLERS_DEPLOYMENTS_INNER_REQUEST_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_INNER_REQUEST_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>

#include "server/request.h"
#include "server/route.h"

struct app;

/* The identity behind the requests. */
struct inner_client {
    struct app *app;
    const char *host;
    bool https;
    const char *authorization; /* or NULL */
    const char *correlation_id;
    int nesting; /* number of deployments that enclose the request */
};

struct inner_answer {
    int status;   /* 500 if memory was out */
    json_t *body; /* or NULL */
    char *poll;   /* Azure-AsyncOperation as path and query, or NULL */
};
void inner_answer_done(struct inner_answer *answer);
#define auto_inner_answer __attribute__((cleanup(inner_answer_done)))

/* Sends it and waits for the response. body may be NULL. The request log records writes. Do not call it on
 * an event loop: the handlers of some routes wait for a PostgreSQL server. */
void inner_request_send(const struct inner_client *client, enum method method, const char *uri, json_t *body,
                        struct inner_answer *ret_answer);

/* Path and query of a resource in an api-version; new memory, NULL if it would be too long. */
char *inner_request_uri(const char *id, const char *api_version);
/* GET of a resource. New reference; NULL unless the status is 200. */
json_t *inner_request_get(const struct inner_client *client, const char *id, const char *api_version);
/* The items of a list, over all its pages. New reference; NULL if a page fails. */
json_t *inner_request_list(const struct inner_client *client, const char *id, const char *api_version);

#endif
