/* SPDX-License-Identifier: MIT */
/* Starts and stops the executor: the only room that knows all of its threads. */
#ifndef EXECUTOR_RUN_RUN_H
#define EXECUTOR_RUN_RUN_H

#include "core/err.h"
#include "core/options/options.h"
#include "executor/executor.h"
#include "store/store.h"

/* Finds the PostgreSQL programs, resumes the work of an earlier process, starts the threads. Does not wait
 * for provisioned servers to start: that happens in the background. options and store outlive the
 * executor. */
int executor_start(const struct options *options, struct store *store, struct err *err,
                   struct executor **ret_executor);
/* Stops all work so that it can resume, and stops the provisioned servers, within 4 seconds. Frees it. */
void executor_stop(struct executor *executor);

#endif
