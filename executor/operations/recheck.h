/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_OPERATIONS_RECHECK_H
#define EXECUTOR_OPERATIONS_RECHECK_H

#include "executor/executor_parts.h"

/* Checks the servers that executor_recheck_server() names, until the executor stops. */
void recheck_run(struct executor *executor);

#endif
