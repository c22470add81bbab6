/* SPDX-License-Identifier: MIT */
/* Whole subscriptions: the removal of all they contain, and their time. For handlers and the executor. */
#ifndef EXECUTOR_REMOVAL_H
#define EXECUTOR_REMOVAL_H

#include "executor/executor.h"
#include "store/removal.h"

/* Begins the removal and waits at most timeout_ms until nothing is left: 1; 0: ret_left says what is left,
 * and the monitor continues. 1 also if the subscription is unknown. Notices the executor's stop. */
int executor_remove(struct executor *executor, const char *subscription_id, enum removal removal,
                    int timeout_ms, struct err *err, struct removal_left *ret_left);
/* Advances all removals that have begun, in this process or an earlier one. Never waits. */
void removals_continue(struct executor *executor);

/* Lets running migrations notice that store_subscription_advance() has moved their instants. Any thread. */
void executor_moved(struct executor *executor);

#endif
