/* SPDX-License-Identifier: MIT */
/* Headers that Resource Manager and the resource provider add to their answers, for clients that read them.
 */
#ifndef HANDLERS_ARM_DISPATCH_SERVICE_HEADERS_H
#define HANDLERS_ARM_DISPATCH_SERVICE_HEADERS_H

#include "server/request.h"

/* Adds them to the reply of a request that has its route: what is left of the rate limits, and the
 * provider's name for the operation. Nothing is limited here. */
void service_headers_add(struct request *request);

#endif
