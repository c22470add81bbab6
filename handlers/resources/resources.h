/* SPDX-License-Identifier: MIT */
/*
 * The handlers of subscriptions, providers, resource groups, tags, lists of resources, name checks, and
 * calls that are not implemented. The route table assigns each to a request. A handler reads the request,
 * checks it, does one thing with the store or the executor and replies exactly once. Any thread; none
 * keeps a pointer to the request.
 */
#ifndef HANDLERS_RESOURCES_RESOURCES_H
#define HANDLERS_RESOURCES_RESOURCES_H

#include "handlers/arm/property.h"
#include "server/request.h"

/* group.c */
void group_put(struct request *request);
void group_get(struct request *request);
void group_head(struct request *request);
void group_list(struct request *request);
void group_patch(struct request *request);

/* group_delete.c */
void group_delete(struct request *request);

/* name_check.c */
void migration_check_name(struct request *request);
void server_check_name(struct request *request);

/* not_implemented.c */
void not_implemented(struct request *request);

/* provider.c */
void provider_get(struct request *request);
void provider_list(struct request *request);
void provider_get_at_tenant(struct request *request);
void provider_list_at_tenant(struct request *request);
void provider_type_list(struct request *request);
void provider_register(struct request *request);
void provider_unregister(struct request *request);

/* provider_operation.c */
void provider_operation_list(struct request *request);
void private_dns_suffix(struct request *request);
void subnet_usage_list(struct request *request);

/* resource_head.c */
void server_head(struct request *request);
void migration_head(struct request *request);

/* resource_list.c */
void resource_list(struct request *request);
void resource_list_of_group(struct request *request);

/* subscription.c */
void subscription_get(struct request *request);
void subscription_list(struct request *request);
void tenant_list(struct request *request);
void location_list(struct request *request);

/* tags.c */
void tags_get(struct request *request);
void tags_put(struct request *request);
void tags_patch(struct request *request);
void tags_delete(struct request *request);

/* descriptions.c */
extern const struct description resources_descriptions[];
extern const size_t resources_description_count;

#endif
