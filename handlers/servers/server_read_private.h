/* SPDX-License-Identifier: MIT */
/* Reads the body of a PUT of a server, and makes the checks that do not depend on stored data. */
#ifndef HANDLERS_SERVERS_SERVER_READ_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_READ_PRIVATE_H

#include <jansson.h>

#include "core/err.h"
#include "handlers/servers/server_description_private.h"

int server_request_read(enum server_kind kind, json_t *body, struct err *err,
                        struct server_request *ret_request);
void server_request_done(struct server_request *request);
#define auto_server_request __attribute__((cleanup(server_request_done)))

/* The required properties of a new server: location, administrator and password, and a login that
 * PostgreSQL and Azure allow. */
int server_request_check_new(const struct server_request *request, struct err *err);

#endif
