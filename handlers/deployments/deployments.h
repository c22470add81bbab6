/* SPDX-License-Identifier: MIT */
/*
 * The handlers of deployments of ARM templates. The route table assigns each to a request. A handler reads
 * the request, checks it, does one thing with the store or the executor and replies exactly once. Any
 * thread; none keeps a pointer to the request.
 */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENTS_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENTS_H

#include "handlers/arm/property.h"
#include "server/request.h"

/* deployment.c */
void deployment_get(struct request *request);
void deployment_head(struct request *request);
void deployment_list(struct request *request);
void deployment_list_of_subscription(struct request *request);
void deployment_get_of_subscription(struct request *request);
void deployment_cancel(struct request *request);
void deployment_delete(struct request *request);
void deployment_status(struct request *request);
void deployment_operations(struct request *request);

/* deployment_export.c */
void deployment_export(struct request *request);
void group_export(struct request *request);

/* deployment_put.c */
void deployment_put(struct request *request);
void deployment_validate(struct request *request);

/* deployment_what_if.c */
void deployment_what_if(struct request *request);

/* descriptions.c */
extern const struct description deployments_descriptions[];
extern const size_t deployments_description_count;

#endif
