/* SPDX-License-Identifier: MIT */
/* Children of servers that only the store keeps, as clients see them. */
#ifndef HANDLERS_SERVERS_SERVER_CHILD_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_CHILD_PRIVATE_H

#include <jansson.h>

#include "store/store.h"

/* New reference, NULL when memory is out. */
json_t *rule_write(const struct server *server, const struct server_child *rule);
/* The server's private endpoint connections, as its own body shows them: an array, new reference. NULL and
 * err after a failure. */
json_t *server_connections(struct store *store, const struct server *server, struct err *err);

#endif
