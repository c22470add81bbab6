/* SPDX-License-Identifier: MIT */
/* Shared by virtual networks and their subnets. Any thread. */
#ifndef HANDLERS_NETWORK_VIRTUAL_NETWORK_PRIVATE_H
#define HANDLERS_NETWORK_VIRTUAL_NETWORK_PRIVATE_H

#include "handlers/network/network_resource_private.h"

/* Checks address space and subnets; path is the client's property ("properties.subnets"), and a subnet's
 * error names it. */
int virtual_network_check(const char *name, json_t *properties, struct err *err);
/* A subnet as clients see it. New reference; NULL when memory is out. */
json_t *subnet_write(const struct network_resource *network, json_t *subnet);
/* Rejects the removal of a subnet that a flexible server or a private endpoint uses. subnet NULL: any of
 * the network. Call it in a transaction. */
int subnet_check_unused(struct store *store, const struct network_resource *network, const char *subnet,
                        struct err *err);

#endif
