/* SPDX-License-Identifier: MIT */
/* Long-running operations: a row in the store that the executor works off, and 202 for the client. */
#ifndef HANDLERS_ARM_OPERATION_H
#define HANDLERS_ARM_OPERATION_H

#include "handlers/arm/resource.h"

/*
 * Fills an operation in progress: new id, subscription and api-version of the request. resource_id is copied,
 * argument (JSON, or NULL) is taken, also after a failure.
 */
int operation_make(const struct request *request, enum operation_kind kind, const char *location,
                   const char *resource_id, json_t *argument, struct err *err,
                   struct operation *ret_operation);
/* 202 with the links to the operation, and wakes the executor. Call after the row has been committed. */
void reply_operation(struct request *request, const struct operation *operation);
/* The same for Resource Manager's own operations (groups): Location only. */
void reply_group_operation(struct request *request, const struct operation *operation);

/* {operationId} of the path; answers 404 itself and returns false when it does not exist. */
bool find_operation(struct request *request, struct operation *ret_operation);
/* Answers 202 while the operation runs, and with its error when it failed. False: it succeeded, answer. */
bool reply_unless_succeeded(struct request *request, const struct operation *operation);

#endif
