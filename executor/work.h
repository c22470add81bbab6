/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_WORK_H
#define EXECUTOR_WORK_H

#include "core/err.h"
#include "executor/executor_parts.h"
#include "store/store.h"

/* The outcome of a step function. */
enum step_outcome {
    STEP_MOVED,    /* the step has moved the migration: continue with its new substate */
    STEP_WAIT,     /* nothing to do until the user decides: release the migration */
    STEP_LATER,    /* run the step again after delay_ms */
    STEP_STOPPED,  /* Malachite stops, or the lease is lost: release the migration unchanged */
    STEP_CANCELED, /* the user has canceled */
    STEP_FAILED,   /* err says why; the migration ends */
};

/* One migration held by one worker, from claim to release. */
struct work {
    struct executor *executor;
    struct worker *worker;
    struct store *store;
    struct migration migration;
    struct err err;
    int delay_ms;
};

/* Adds an event, unless the newest one is equal. text NULL: does nothing. */
void work_add_event_once(struct work *work, const char *text);
/* Classifies a call that failed with work->err: stopped, canceled, or a reason to end the migration. */
enum step_outcome outcome_of_failure(const struct work *work);
/* Whether its changes are followed until a cutover. */
bool is_online(const struct migration *migration);

#endif
