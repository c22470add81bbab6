/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_ARM_DISPATCH_SUBSCRIPTION_ENTRY_H
#define HANDLERS_ARM_DISPATCH_SUBSCRIPTION_ENTRY_H

#include <stdbool.h>

#include "server/request.h"

/* The first call that names a subscription makes it. One that is being removed can be read until nothing is
 * left of it. False: the request is answered, with an error. */
bool subscription_enter(struct request *request);

#endif
