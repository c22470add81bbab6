/* SPDX-License-Identifier: MIT */
/*
 * The life of a migration: one row per substate with the function that does its work, the state a client
 * sees, and the substates it may go to. fsm_move() is the only code that changes a migration's state.
 */
#ifndef EXECUTOR_FSM_MIGRATION_FSM_H
#define EXECUTOR_FSM_MIGRATION_FSM_H

#include <stdio.h>

#include "executor/work.h"

typedef enum step_outcome step_fn(struct work *work);

/*
 * A step is idempotent: it looks at what is already done, on the servers and in the store, and does the rest.
 * Killed anywhere and run again, it leads to the same end.
 */
step_fn step_prerequisites;
step_fn step_validate;
step_fn step_wait_replication;
step_fn step_wait_databases;
step_fn step_wait_overwrite;
step_fn step_wait_scheduling;
step_fn step_wait_window;
step_fn step_migrate;
step_fn step_wait_cutover;
step_fn step_complete;
step_fn step_cancel;
step_fn step_clean_up;
/*
 * What is due in every substate before data moves, besides its own step: databases that the user has canceled
 * by name end, and databases that are followed already (the migration has come back to a question about
 * another one) are kept up. STEP_MOVED: go on with the step.
 */
step_fn before_data;
/* Ends the replication of all databases; work->err says what is left. */
typedef int clean_up_fn(struct work *work);
clean_up_fn online_clean_up;

/* Moves to another substate, with an event. STEP_MOVED, or STEP_STOPPED when the lease is lost or the store
 * fails. */
enum step_outcome fsm_move(struct work *work, enum migration_substate to, const char *event);
/* The same with a text that currentStatus.error shows until the next move: what the user has to do. */
enum step_outcome fsm_move_telling(struct work *work, enum migration_substate to, const char *error,
                                   const char *event);
/* Shows a text as currentStatus.error until the next move; NULL: none. */
int fsm_show(struct work *work, const char *text);
/* Takes what the user has decided since the claim into work->migration.spec. */
int fsm_refresh_decisions(struct work *work);
/* Takes the logins that the user has given since into work->migration.spec. */
int fsm_refresh_logins(struct work *work);
/* Ends the migration in a terminal state; error may be NULL. */
enum step_outcome fsm_end(struct work *work, enum migration_state state, const char *error,
                          const char *event);

/* Prints the substate table as a mermaid state diagram (malachite fsm). */
void fsm_print(FILE *out);
/* Takes a claimed migration as far as it goes now, then gives it back. */
void fsm_run(struct work *work);

#endif
