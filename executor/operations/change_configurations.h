/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_OPERATIONS_CHANGE_CONFIGURATIONS_H
#define EXECUTOR_OPERATIONS_CHANGE_CONFIGURATIONS_H

#include "executor/executor_parts.h"

/* Argument of the operation: {"configurations": [{"name", "value" or null}]}. May run again after a crash. */
int change_configurations(struct executor *executor, const struct operation *operation, struct err *err);

#endif
