/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_UNIVERSES_UNIVERSES_PRIVATE_H
#define HANDLERS_UNIVERSES_UNIVERSES_PRIVATE_H

#include "server/request.h"

/* Checks that a query or body may name this subscription. */
int universe_check(const struct request *request, const char *subscription_id, struct err *err);

#endif
