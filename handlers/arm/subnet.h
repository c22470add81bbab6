/* SPDX-License-Identifier: MIT */
/* Ids of subnets, as servers, rules, private endpoints and migrations name them. Any thread. */
#ifndef HANDLERS_ARM_SUBNET_H
#define HANDLERS_ARM_SUBNET_H

#include "handlers/arm/resource.h"

/* Whether id names a subnet: .../providers/Microsoft.Network/virtualNetworks/{name}/subnets/{name}. */
bool subnet_id_is_valid(const struct armid *id);

/* The subnet of this name in a virtual network's properties, or NULL. Borrowed. */
json_t *subnet_find(json_t *network_properties, const char *name);

/*
 * Checks a subnet that a client names; text NULL is valid. A resource group with virtual networks must
 * contain this one, with this subnet. In a group without networks any subnet id is valid, so that clients
 * need not create networks only to name one; --strict-service refuses what does not exist everywhere. path is
 * the property's, for the error (400).
 */
int subnet_check(const struct app *app, const char *text, const char *path, struct err *err);

#endif
