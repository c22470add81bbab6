/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_WORK_H
#define EXECUTOR_WORK_H

#include "core/err.h"
#include "executor/executor_parts.h"
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

/* Adds an event, unless it is the newest one already. text NULL: nothing. */
void work_tell_once(struct work *work, const char *text);
/* Of a call that has failed with work->err: stopped, canceled, or a reason to end the migration. */
enum step_outcome outcome_of_failure(const struct work *work);
/* Whether its changes are followed until a cutover. */
bool is_online(const struct migration *migration);

#endif
