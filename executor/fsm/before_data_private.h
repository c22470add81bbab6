/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_FSM_BEFORE_DATA_PRIVATE_H
#define EXECUTOR_FSM_BEFORE_DATA_PRIVATE_H

#include "executor/fsm/migration_fsm.h"

/*
 * What is due in every substate before data moves, besides its own step: databases that the user has canceled
 * by name end, and databases that are followed already (the migration has come back to a question about
 * another one) are kept up. STEP_MOVED: go on with the step.
 */
enum step_outcome before_data(struct work *work);

#endif
