/* SPDX-License-Identifier: MIT */
/* How often states, substates and transitions were seen; the schema's triggers count. */
#ifndef STORE_TESTING_COVERAGE_H
#define STORE_TESTING_COVERAGE_H

#include "store/store.h"

/* Calls take for each kind and name; subscription_id NULL: the sum over all. */
int store_coverage_list(struct store *store, const char *subscription_id, struct err *err,
                        void (*take)(void *arg, const char *kind, const char *name, int64_t count),
                        void *arg);
/* Restarts the counts of a subscription, whose share of the sum stays; NULL: all counts. */
int store_coverage_clear(struct store *store, const char *subscription_id, struct err *err);

#endif
