/* SPDX-License-Identifier: MIT */
/* The body of a PUT of a server, read and checked as far as that needs no look at what is stored. */
#ifndef HANDLERS_SERVERS_SERVER_READ_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_READ_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/err.h"
#include "store/rows.h"

/* Pointers into the body but for tags and host. NULL: not given. */
struct server_request {
    enum server_kind kind;
    const char *location;
    char *tags;
    json_t *sku;
    json_t *properties;
    const char *login;
    const char *password;
    const char *version;
    char *host; /* tag malachite.host: an existing server to attach; else NULL */
    int port;
};

int server_request_read(enum server_kind kind, json_t *body, struct err *err,
                        struct server_request *ret_request);
void server_request_done(struct server_request *request);
#define auto_server_request __attribute__((cleanup(server_request_done)))

/* What a new server needs: location, administrator and password, and a login that PostgreSQL and Azure allow.
 */
int server_request_check_new(const struct server_request *request, struct err *err);
/* The major version of "16", "16.3", "9.6" or "10.0"; 0 when it is none. */
int server_version_major(const char *version);

#endif
