/* SPDX-License-Identifier: MIT */
/*
 * The handlers of flexible and single servers and their children; the route determines which of the two
 * kinds. The route table assigns each to a request. A handler reads the request, checks it, does one thing
 * with the store or the executor and replies exactly once. Any thread; none keeps a pointer to the
 * request.
 */
#ifndef HANDLERS_SERVERS_SERVERS_H
#define HANDLERS_SERVERS_SERVERS_H

#include "handlers/arm/property.h"
#include "server/request.h"

/* capability.c */
void capability_list(struct request *request);
void server_capability_list(struct request *request);
void performance_tier_list(struct request *request);
void server_performance_tier_list(struct request *request);

/* configuration.c */
void configuration_get(struct request *request);
void configuration_list(struct request *request);
void configuration_update(struct request *request);
void configuration_update_all(struct request *request);

/* database.c */
void server_database_put(struct request *request);
void server_database_get(struct request *request);
void server_database_list(struct request *request);
void server_database_delete(struct request *request);

/* operation_result.c */
void operation_result(struct request *request);

/* server_absent.c */
void absent_child_list(struct request *request);
void absent_child_get(struct request *request);
void absent_child_get_only(struct request *request);
void absent_child_delete(struct request *request);

/* server_child.c: firewall rules and virtual network rules */
void rule_put(struct request *request);
void rule_get(struct request *request);
void rule_list(struct request *request);
void rule_delete(struct request *request);

/* server_delete.c, server_get.c, server_patch.c, server_power.c, server_put.c */
void server_delete(struct request *request);
void server_get(struct request *request);
void server_list(struct request *request);
void server_list_of_group(struct request *request);
void server_patch(struct request *request);
void server_start(struct request *request);
void server_stop(struct request *request);
void server_restart(struct request *request);
void server_put(struct request *request);

/* The descriptions of the resources: configuration.c, database.c, descriptions.c, server_child.c,
 * server_description.c */
extern const struct description configuration_descriptions[], database_descriptions[], servers_descriptions[],
    rule_descriptions[], server_descriptions[];
extern const size_t configuration_description_count, database_description_count, servers_description_count,
    rule_description_count, server_description_count;

#endif
