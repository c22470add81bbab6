/* SPDX-License-Identifier: MIT */
/*
 * The handlers of virtual networks with their subnets, of private endpoints and private DNS zones:
 * stored and shown, so that a client can choose a subnet and make a server private. No packet is ever
 * filtered. The calls complete at once. A handler reads the request, checks it, does one thing with the
 * store and replies exactly once. Any thread; none keeps a pointer to the request.
 */
#ifndef HANDLERS_NETWORK_NETWORK_H
#define HANDLERS_NETWORK_NETWORK_H

#include "handlers/arm/property.h"
#include "server/request.h"

/* virtual_network.c */
void virtual_network_put(struct request *request);
void virtual_network_get(struct request *request);
void virtual_network_patch(struct request *request);
void virtual_network_delete(struct request *request);
void virtual_network_list(struct request *request);
void virtual_network_list_of_group(struct request *request);

/* subnet.c */
void subnet_put(struct request *request);
void subnet_get(struct request *request);
void subnet_delete(struct request *request);
void subnet_list(struct request *request);

/* private_endpoint.c */
void private_endpoint_put(struct request *request);
void private_endpoint_get(struct request *request);
void private_endpoint_delete(struct request *request);
void private_endpoint_list(struct request *request);
void private_endpoint_list_of_group(struct request *request);

/* private_dns.c: zones, and their links to virtual networks */
void private_zone_put(struct request *request);
void private_zone_get(struct request *request);
void private_zone_delete(struct request *request);
void private_zone_list(struct request *request);
void private_zone_list_of_group(struct request *request);
void private_zone_soa_get(struct request *request);
void private_link_to_network_put(struct request *request);
void private_link_to_network_get(struct request *request);
void private_link_to_network_delete(struct request *request);
void private_link_to_network_list(struct request *request);

/* private_link.c: the possible targets of a private endpoint */
void private_link_list(struct request *request);
void private_link_get(struct request *request);

/* descriptions.c */
extern const struct description network_descriptions[];
extern const size_t network_description_count;

#endif
