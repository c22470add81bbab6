/* SPDX-License-Identifier: MIT */
/* Setting a source server up for logical replication, as far as the user allows it. */
#ifndef EXECUTOR_STEPS_REPLICATION_SOURCE_PRIVATE_H
#define EXECUTOR_STEPS_REPLICATION_SOURCE_PRIVATE_H

#include "executor/fsm/migration_fsm.h"
#include "executor/sides.h"

/*
 * Whether the source has what the databases of an online migration that are not followed yet need; always of
 * an offline one. Where
 * something is missing and the user allows it, the parameters are set and a provisioned server is restarted;
 * an attached one waits for its operator. False: *ret_outcome is what the step ends with.
 */
bool replication_source_is_ready(struct work *work, const struct sides *sides,
                                 enum step_outcome *ret_outcome);

#endif
