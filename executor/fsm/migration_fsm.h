/* SPDX-License-Identifier: MIT */
/*
 * The life of a migration: one row per substate with the function that does its work, the state a client
 * sees, and the substates it may go to. fsm_move() is the only code that changes a migration's state.
 */
#ifndef EXECUTOR_FSM_MIGRATION_FSM_H
#define EXECUTOR_FSM_MIGRATION_FSM_H

#include "core/err.h"
#include "executor/internal.h"
#include "store/store.h"

/* What a step function wants to happen next. */
enum step_outcome {
    STEP_MOVED,    /* the step has moved the migration on: look at its new substate */
    STEP_WAIT,     /* nothing to do until the user decides: give the migration back */
    STEP_LATER,    /* look again after delay_ms */
    STEP_STOPPED,  /* Malachite stops, or the lease is lost: give the migration back as it is */
    STEP_CANCELED, /* the user has canceled */
    STEP_FAILED,   /* err says why; the migration ends */
};

/* One migration in the hands of one worker, from claim to release. */
struct work {
    struct executor *executor;
    struct worker *worker;
    struct store *store;
    struct migration migration;
    struct err err;
    int delay_ms;
};

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

/* Moves to another substate, with an event. STEP_MOVED, or STEP_STOPPED when the lease is lost or the store
 * fails. */
enum step_outcome fsm_move(struct work *work, enum migration_substate to, const char *event);
/* The same with a text that currentStatus.error shows until the next move: what the user has to do. */
enum step_outcome fsm_move_telling(struct work *work, enum migration_substate to, const char *error,
                                   const char *event);
/* Shows a text as currentStatus.error until the next move; NULL: none. */
int fsm_show(struct work *work, const char *text);
/* Adds an event, unless it is the newest one already. text NULL: nothing. */
void fsm_tell_once(struct work *work, const char *text);
/* Of a call that has failed with work->err: stopped, canceled, or a reason to end the migration. */
enum step_outcome outcome_of_failure(const struct work *work);
/* Takes what the user has decided since the claim into work->migration.spec. */
int fsm_refresh_decisions(struct work *work);
/* Takes the logins that the user has given since into work->migration.spec. */
int fsm_refresh_logins(struct work *work);
/* Ends the migration in a terminal state; error may be NULL. */
enum step_outcome fsm_end(struct work *work, enum migration_state state, const char *error,
                          const char *event);

/* Takes a claimed migration as far as it goes now, then gives it back. */
void fsm_run(struct work *work);

#endif
