/* SPDX-License-Identifier: MIT */
/* Sets up a source server for logical replication, as far as the user permits. */
#ifndef EXECUTOR_STEPS_REPLICATION_SOURCE_PRIVATE_H
#define EXECUTOR_STEPS_REPLICATION_SOURCE_PRIVATE_H

#include "executor/fsm/migration_fsm.h"
#include "executor/servers/sides.h"

/*
 * Whether the source can serve the databases of an online migration that are not followed yet; always true
 * for an offline one. If settings are missing and the user permits it, this changes the parameters and
 * restarts a provisioned server; an attached one waits for its operator. False: the step ends with
 * *ret_outcome.
 */
bool replication_source_is_ready(struct work *work, const struct sides *sides,
                                 enum step_outcome *ret_outcome);

#endif
