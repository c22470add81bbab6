/* SPDX-License-Identifier: MIT */
/* The response to a call that starts a long-running operation: 202 with the operation's URLs. */
#ifndef HANDLERS_ARM_ACCEPTED_PRIVATE_H
#define HANDLERS_ARM_ACCEPTED_PRIVATE_H

#include <stdint.h>

#include "server/request.h"

/*
 * 202 of a long-running operation: Azure-AsyncOperation, Location and Retry-After, absolute from the
 * request's Host, with the request's api-version, and the recorded body {"operation","startTime"} (which
 * intentionally has no status). location NULL: an operation of Resource Manager itself (deletion of a
 * resource group), which has only Location: {subscription}/operationresults/{id}, Retry-After, and no
 * body.
 */
void reply_accepted(struct request *request, const char *subscription_id, const char *location,
                    const char *operation_id, const char *operation_name, int64_t started_us);

#endif
