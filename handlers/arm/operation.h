/* SPDX-License-Identifier: MIT */
/* Long-running operations: a row in the store that the executor processes, and 202 for the client. */
#ifndef HANDLERS_ARM_OPERATION_H
#define HANDLERS_ARM_OPERATION_H

#include "handlers/arm/resource.h"

/*
 * Fills in an operation in progress: new id, subscription and api-version of the request. Copies
 * resource_id; takes ownership of argument (JSON, or NULL), also after a failure.
 */
int operation_make(const struct request *request, enum operation_kind kind, const char *location,
                   const char *resource_id, json_t *argument, struct err *err,
                   struct operation *ret_operation);
/* Replies 202 with the links to the operation, and wakes the executor. Call it after the row has been
 * committed. */
void reply_operation(struct request *request, const struct operation *operation);
/* The same for Resource Manager's own operations (groups): Location only. */
void reply_group_operation(struct request *request, const struct operation *operation);

/* {operationId} of the path; replies 404 and returns false if it does not exist. */
bool find_operation(struct request *request, struct operation *ret_operation);
/* Replies 202 while the operation runs, or with its error if it failed. False: it succeeded, and the
 * caller replies. */
bool reply_unless_succeeded(struct request *request, const struct operation *operation);

#endif
