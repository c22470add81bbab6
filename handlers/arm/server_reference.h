/* SPDX-License-Identifier: MIT */
/* References to servers in bodies: the resource id of one of Malachite's servers, or any PostgreSQL as
 * host:port@user. */
#ifndef HANDLERS_ARM_SERVER_REFERENCE_H
#define HANDLERS_ARM_SERVER_REFERENCE_H

#include <stdbool.h>

#include "handlers/arm/resource.h"

/*
 * Parses text: returns the server that it names, or a server with only host, port, name, administrator and
 * attached set. Whoever names a server must be allowed to read it. role ("source") is for messages. Returns
 * -1 with err; err has no target.
 */
int server_reference_read(struct request *request, const char *role, const char *text, struct err *err,
                          struct server *ret_server, bool *ret_is_resource);

#endif
