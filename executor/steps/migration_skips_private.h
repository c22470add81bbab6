/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_STEPS_MIGRATION_SKIPS_PRIVATE_H
#define EXECUTOR_STEPS_MIGRATION_SKIPS_PRIVATE_H

#include "engine/transfer/transfer.h"
#include "executor/work.h"

/* Sets what the parameters azure.migration_skip_* of the target leave out. */
int migration_read_skips(struct work *work, const struct server *target, struct transfer *transfer);

#endif
