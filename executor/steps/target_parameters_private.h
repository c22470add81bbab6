/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_STEPS_TARGET_PARAMETERS_PRIVATE_H
#define EXECUTOR_STEPS_TARGET_PARAMETERS_PRIVATE_H

#include "engine/transfer/transfer.h"
#include "executor/work.h"

/* Sets what the parameters azure.migration_* of the target leave out, and how large pieces of tables are. */
int target_parameters_read(struct work *work, const struct server *target, struct transfer *transfer);

#endif
