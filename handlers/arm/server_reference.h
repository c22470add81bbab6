/* SPDX-License-Identifier: MIT */
/* How bodies name a server: the resource id of one of ours, or any PostgreSQL as host:port@user. */
#ifndef HANDLERS_ARM_SERVER_REFERENCE_H
#define HANDLERS_ARM_SERVER_REFERENCE_H

#include <stdbool.h>

#include "handlers/arm/resource.h"

/*
 * Reads text: the server of ours that it names, or one with only host, port, name and administrator set, and
 * attached. role ("source") is for messages. Returns -1 with err; err has no target.
 */
int server_reference_read(struct request *request, const char *role, const char *text, struct err *err,
                          struct server *ret_server, bool *ret_is_resource);

#endif
