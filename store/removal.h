/* SPDX-License-Identifier: MIT */
/* The removal of a subscription, or of all it contains. Rules as in store/store.h. */
#ifndef STORE_REMOVAL_H
#define STORE_REMOVAL_H

#include "store/store.h"
#include "store/subscriptions.h"

enum { LEFT_NAMES_MAX = 20 };

/* Marks it, cancels its migrations, ends its deployments and closes its groups for new resources. A removal
 * of the subscription is never reduced to one of its content. 0 if it does not exist. */
int store_removal_begin(struct store *store, const char *id, enum removal removal, struct err *err);

/* What keeps a removal from its end. */
struct removal_left {
    int64_t migrations; /* active, or with a cleanup that a server outside Malachite needs */
    int64_t operations;
    int64_t servers;
    bool queued;           /* this step has queued operations */
    struct str_list names; /* "migration m1", "server new", at most LEFT_NAMES_MAX */
};
void removal_left_done(struct removal_left *left);
#define auto_removal_left __attribute__((cleanup(removal_left_done)))

/*
 * Advances a removal as far as it can without waiting: when no migration is left it deletes the servers'
 * rows of attached servers and queues the deletion of provisioned ones; when no server is left it deletes
 * everything else. 1: nothing is left (the subscription may be unknown), 0: ret_left says what is left.
 */
int store_removal_step(struct store *store, const char *id, struct err *err, struct removal_left *ret_left);

#endif
