/* SPDX-License-Identifier: MIT */
/* Children of servers that the store keeps, as the client sees them. */
#ifndef HANDLERS_SERVERS_SERVER_CHILD_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_CHILD_PRIVATE_H

#include <jansson.h>

#include "store/rows.h"

/* The resource {properties, id, name, type} of a child of this type ("firewallRules"); takes the reference to
 * properties. New reference, NULL when memory is out. */
json_t *server_child_write(const struct server *server, const char *type, const char *name,
                           json_t *properties);

#endif
