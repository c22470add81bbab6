/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_RECHECKS_H
#define EXECUTOR_RECHECKS_H

#include <stdint.h>

#include "executor/executor_parts.h"

/* Removes and returns the id of a server that executor_recheck_server() has named; 0: none. */
int64_t rechecks_take(struct rechecks *rechecks);

#endif
