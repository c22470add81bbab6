/* SPDX-License-Identifier: MIT */
/* The points "substate.enter" and "substate.leave" of testers' rules. STEP_MOVED: go on. */
#ifndef EXECUTOR_FSM_SUBSTATE_POINTS_PRIVATE_H
#define EXECUTOR_FSM_SUBSTATE_POINTS_PRIVATE_H

#include "executor/work.h"

enum step_outcome substate_leave(struct work *work, enum migration_substate to, enum migration_state state);
/* Before the step of a new substate. */
enum step_outcome substate_enter(struct work *work);

#endif
