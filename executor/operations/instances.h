/* SPDX-License-Identifier: MIT */
/* All servers that Malachite provisions. */
#ifndef EXECUTOR_OPERATIONS_INSTANCES_H
#define EXECUTOR_OPERATIONS_INSTANCES_H

#include "core/err.h"
#include "executor/executor_parts.h"

/* Marks them as starting, before any worker checks them. */
int instances_mark_starting(struct executor *executor, struct err *err);
/* Stops all of them in parallel, within timeout_ms. */
void instances_stop_all(struct executor *executor, int timeout_ms);

/* Thread functions; "argument" is the executor. */
void *instances_starter_main(void *argument); /* checks Inaccessible servers afterwards */
void *instances_watcher_main(void *argument); /* starts servers that ended although they are Ready */

#endif
