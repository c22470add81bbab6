/* SPDX-License-Identifier: MIT */
/* --subscriptions: which subscriptions exist besides --subscription-id. */
#ifndef CORE_OPTIONS_SUBSCRIPTIONS_H
#define CORE_OPTIONS_SUBSCRIPTIONS_H

#include <stdbool.h>

#include "core/options/options.h"

/* Whether a request may name this subscription (a UUID, without case). */
bool subscriptions_admit(const struct options *options, const char *id);

#endif
