/* SPDX-License-Identifier: MIT */
/*
 * The handlers of long-running operations. The route table assigns each to a request. A handler reads the
 * request, checks it, does one thing with the store or the executor and replies exactly once. Any thread;
 * none keeps a pointer to the request.
 */
#ifndef HANDLERS_ARM_ARM_H
#define HANDLERS_ARM_ARM_H

#include "handlers/arm/property.h"
#include "server/request.h"

/* operation.c */
void operation_status(struct request *request);
void group_operation_result(struct request *request);

/* descriptions.c */
extern const struct description arm_descriptions[];
extern const size_t arm_description_count;

#endif
