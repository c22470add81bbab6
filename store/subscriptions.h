/* SPDX-License-Identifier: MIT */
/* Subscriptions: each has its own groups, servers, migrations, deployments and operations. Rules as in
 * store/store.h. */
#ifndef STORE_SUBSCRIPTIONS_H
#define STORE_SUBSCRIPTIONS_H

#include "store/store.h"

/* More than a machine can use; a client that makes them by mistake gets an error in time. */
enum { SUBSCRIPTIONS_MAX = 10000 };

/* What is to be removed. */
enum removal { REMOVAL_NONE = 0, REMOVAL_OF_CONTENT = 1, REMOVAL_OF_SUBSCRIPTION = 2 };

struct subscription {
    char id[ID_TEXT_SIZE];
    int64_t created_us;
    enum removal removing;
    int64_t advanced_us; /* how far its stored instants have been moved into the past */
};

/* Makes it unless it exists. ERR_CONFLICT if there are SUBSCRIPTIONS_MAX already. */
int store_subscription_touch(struct store *store, const char *id, struct err *err,
                             enum removal *ret_removing);
/* 1, or 0 if nobody has used it yet. */
int store_subscription_get(struct store *store, const char *id, struct err *err,
                           struct subscription *ret_subscription);
/* Ordered by creation; free() the rows. */
int store_subscription_list(struct store *store, struct err *err, struct subscription **ret_subscriptions,
                            size_t *ret_count);
/* 1 if any of them is being removed. */
int store_subscription_removing(struct store *store, struct err *err);

/* Moves every stored instant of its active migrations, servers and operations into the past and requests
 * workers. 0 if the subscription does not exist. */
int store_subscription_advance(struct store *store, const char *id, int64_t by_us, struct err *err);

#endif
