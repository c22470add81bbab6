/* SPDX-License-Identifier: MIT */
/*
 * The state machine of a migration: one row per substate with its step function, the state that a client
 * sees, and the substates that may follow. Only fsm_move() changes a migration's state.
 */
#ifndef EXECUTOR_FSM_MIGRATION_FSM_H
#define EXECUTOR_FSM_MIGRATION_FSM_H

#include <stdio.h>

#include "executor/work.h"

typedef enum step_outcome step_fn(struct work *work);

/*
 * A step is idempotent: it determines from the servers and the store what is already done, and does the
 * rest. If it is killed anywhere and run again, it leads to the same end.
 */
step_fn step_prerequisites;
step_fn step_validate;
step_fn step_replay; /* instead of all others up to the end, if migration_is_replay() */
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
 * Runs in every substate before data moves, besides its own step: ends databases that the user has
 * canceled by name, and keeps databases that are already followed up to date (if the migration has
 * returned to a question about another one). STEP_MOVED: continue with the step.
 */
step_fn before_data;
/* Ends the replication of all databases; work->err says what remains. */
typedef int clean_up_fn(struct work *work);
clean_up_fn online_clean_up;

/* Moves to another substate, with an event. STEP_MOVED, or STEP_STOPPED if the lease is lost or the store
 * fails. */
enum step_outcome fsm_move(struct work *work, enum migration_substate to, const char *event);
/* The same with an error that currentStatus.error shows until the next move: what the user must do. Its text
 * is also the event. */
enum step_outcome fsm_move_with_error(struct work *work, enum migration_substate to,
                                      const struct migration_error *error);
/* Shows an error in currentStatus.error until the next move; without a text: none. */
int fsm_show(struct work *work, const struct migration_error *error);
/* Copies the user's decisions since the claim into work->migration.spec. */
int fsm_refresh_decisions(struct work *work);
/* Copies the logins that the user has provided since into work->migration.spec. */
int fsm_refresh_logins(struct work *work);
/* Ends the migration in a terminal state; without an error's text: none. */
enum step_outcome fsm_end(struct work *work, enum migration_state state, const struct migration_error *error,
                          const char *event);
/* Ends the migration with work->err. */
enum step_outcome fsm_end_with_failure(struct work *work, enum migration_state state, const char *event);

/* Prints the substate table as a mermaid state diagram (malachite fsm). */
void fsm_print(FILE *out);
/* Whether a migration may go from one substate to the other. */
bool migration_may_move(enum migration_substate from, enum migration_substate to);
/* Whether its tags ask for the replay of a recording. */
bool migration_is_replay(const struct migration *migration);
/* Executes a claimed migration as far as possible now, then releases it. */
void fsm_run(struct work *work);

#endif
