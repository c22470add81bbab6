/* SPDX-License-Identifier: MIT */
#ifndef STORE_SUBSCRIPTIONS_PRIVATE_H
#define STORE_SUBSCRIPTIONS_PRIVATE_H

#include "core/err.h"

struct store;

/* Makes the subscription unless it exists: every row that names one is written after this, so that no list
 * of subscriptions omits one with resources. */
int subscription_make(struct store *store, const char *id, struct err *err);

#endif
