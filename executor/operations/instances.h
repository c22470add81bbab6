/* SPDX-License-Identifier: MIT */
/* The servers that Malachite provisions, as a whole. */
#ifndef EXECUTOR_OPERATIONS_INSTANCES_H
#define EXECUTOR_OPERATIONS_INSTANCES_H

#include "core/err.h"
#include "executor/executor_parts.h"

/* Says of them that they are starting; before any worker looks at them. */
int instances_mark_starting(struct executor *executor, struct err *err);
/* Stops all of them, several at once, within timeout_ms. */
void instances_stop_all(struct executor *executor, int timeout_ms);

/* Thread functions; "argument" is the executor. */
void *instances_starter_main(void *argument); /* afterwards it asks Inaccessible servers again */
void *instances_watcher_main(void *argument); /* starts those that ended although they are Ready */

#endif
