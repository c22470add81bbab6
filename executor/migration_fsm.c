/* SPDX-License-Identifier: MIT */
#include "executor/migration_fsm.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "executor/database_row.h"
#include "executor/online.h"

enum { DEBT_PAUSE_MS = 2000 };

#define TO(substate) (1u << SUB_##substate)

struct fsm_row {
    step_fn *step;              /* NULL: nothing happens here */
    enum migration_state state; /* what a client sees meanwhile; COMPLETED has one of the terminal states */
    unsigned allowed; /* substates it may go to; every active one may also go to CANCELING and COMPLETED */
    const char *note;
};

_Static_assert(SUB_COUNT <= 32, "substates fit the mask");

/* clang-format off */
static const struct fsm_row fsm[SUB_COUNT] = {
    [SUB_PERFORMING_PREREQUISITE_STEPS] = {
        step_prerequisites, STATE_IN_PROGRESS,
        TO(WAITING_FOR_DATABASES) | TO(VALIDATION_IN_PROGRESS) | TO(WAITING_FOR_OVERWRITE) |
        TO(WAITING_FOR_SCHEDULING) | TO(WAITING_FOR_WINDOW) | TO(MIGRATING_DATA),
        "reaches both servers, checks what could stop the migration"},
    [SUB_WAITING_FOR_LOGICAL_REPLICATION] = {
        NULL, STATE_WAITING_FOR_USER_ACTION,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "online only"},
    [SUB_WAITING_FOR_DATABASES] = {
        step_wait_databases, STATE_WAITING_FOR_USER_ACTION,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "until dbsToMigrate is given"},
    [SUB_WAITING_FOR_OVERWRITE] = {
        step_wait_overwrite, STATE_WAITING_FOR_USER_ACTION,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "until overwriteDbsInTarget is true; the target is untouched"},
    [SUB_WAITING_FOR_SCHEDULING] = {
        step_wait_scheduling, STATE_WAITING_FOR_USER_ACTION,
        TO(WAITING_FOR_WINDOW) | TO(MIGRATING_DATA),
        "until startDataMigration is true or a start time is given"},
    [SUB_WAITING_FOR_WINDOW] = {
        step_wait_window, STATE_IN_PROGRESS,
        TO(MIGRATING_DATA),
        "until migrationWindowStartTimeInUtc"},
    [SUB_VALIDATION_IN_PROGRESS] = {
        step_validate, STATE_IN_PROGRESS,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "runs the rules and reports each in validationDetails"},
    [SUB_MIGRATING_DATA] = {
        step_migrate, STATE_IN_PROGRESS,
        TO(WAITING_FOR_OVERWRITE) | TO(WAITING_FOR_CUTOVER_TRIGGER) | TO(COMPLETING_MIGRATION),
        "moves the databases"},
    [SUB_WAITING_FOR_CUTOVER_TRIGGER] = {
        step_wait_cutover, STATE_WAITING_FOR_USER_ACTION,
        TO(COMPLETING_MIGRATION),
        "until triggerCutover; the target follows the source"},
    [SUB_COMPLETING_MIGRATION] = {
        step_complete, STATE_IN_PROGRESS,
        0,
        "applies what is left, sets sequences, compares"},
    [SUB_CANCELING] = {
        step_cancel, STATE_IN_PROGRESS,
        0,
        "leaves the databases as they are, nothing else"},
    [SUB_COMPLETED] = {step_settle, STATE_COUNT, 0, "Succeeded, Failed, Canceled or ValidationFailed"},
};
/* clang-format on */

static const char *substate_name(enum migration_substate substate)
{
    return word_of(WORDS_SUBSTATE, (int)substate);
}

static bool may_go(enum migration_substate from, enum migration_substate to)
{
    if (from == SUB_COMPLETED) {
        return false;
    }
    if (to == SUB_COMPLETED || (to == SUB_CANCELING && from != SUB_CANCELING)) {
        return true;
    }
    return (fsm[from].allowed & (1u << to)) != 0;
}

static enum step_outcome move(struct work *work, enum migration_substate to, enum migration_state state,
                              const char *error, const char *event)
{
    enum migration_substate from = work->migration.substate;
    assert(may_go(from, to));
    const struct migration_move move = {
        .from = from, .state = state, .substate = to, .error = error, .event = event};
    struct err err;
    int moved = store_migration_move(work->store, &work->migration, &move, &err);
    if (moved < 0) {
        log_event(LOG_ERROR, "cannot store a transition", "migration", work->migration.uuid, "reason",
                  err.message, NULL);
        return STEP_STOPPED;
    }
    if (moved == 0) {
        log_event(LOG_WARNING, "lost the claim", "migration", work->migration.uuid, NULL);
        return STEP_STOPPED;
    }
    log_event(LOG_INFO, "migration", "id", work->migration.uuid, "name", work->migration.name, "from",
              substate_name(from), "state", word_of(WORDS_MIGRATION_STATE, (int)state), "substate",
              substate_name(to), "reason", error, NULL);
    return STEP_MOVED;
}

enum step_outcome fsm_move(struct work *work, enum migration_substate to, const char *event)
{
    return move(work, to, fsm[to].state, NULL, event);
}

/* At every end nothing of ours is left on the servers, and no database is still on its way. What cannot be
 * removed now is a debt that step_settle pays. */
static void close_work(struct work *work, enum migration_state state, const char *error)
{
    struct err reason = work->err;
    (void)online_clean_up(work);
    if (state == STATE_FAILED && databases_fail(work, error) < 0) {
        log_event(LOG_ERROR, "cannot close databases", "migration", work->migration.uuid, "reason",
                  work->err.message, NULL);
    }
    work->err = reason;
}

enum step_outcome fsm_end(struct work *work, enum migration_state state, const char *error, const char *event)
{
    struct err err;
    auto_free char *lasting_error = str_dup(error); /* it may be work->err's own */
    close_work(work, state, lasting_error);
    work->migration.spec.window_end_us = clock_now_us(); /* the service shows the end of the run there */
    if (store_migration_set_facts(work->store, &work->migration, &err) < 0) {
        log_event(LOG_ERROR, "cannot store the end of a run", "migration", work->migration.uuid, "reason",
                  err.message, NULL);
    }
    return move(work, SUB_COMPLETED, state, lasting_error, event);
}

/* The service begins its messages with its own code: "Error 603100: ...". */
static void name_service_code(struct err *err)
{
    if (err->service_code != 0 && strstr(err->message, "Error 603") == NULL) {
        err_prefix(err, "Error %d: ", err->service_code);
    }
}

/* Does the work of one substate and turns what came of it into a move where the step has not moved by itself.
 */
static enum step_outcome run_step(struct work *work)
{
    const struct fsm_row *row = &fsm[work->migration.substate];
    enum step_outcome outcome = row->step == NULL ? STEP_WAIT : STEP_MOVED;
    if (stop_wish(&work->worker->stop) == STOP_CANCEL && work->migration.substate != SUB_CANCELING) {
        outcome = STEP_CANCELED;
    } else if (row->step != NULL) {
        outcome = row->step(work);
    }
    if (outcome == STEP_CANCELED) {
        return fsm_move(work, SUB_CANCELING, "Canceled by the user.");
    }
    if (outcome == STEP_FAILED) {
        name_service_code(&work->err);
        return fsm_end(work, STATE_FAILED, work->err.message, "The migration failed.");
    }
    return outcome;
}

static void give_back(struct work *work, enum step_outcome outcome)
{
    bool attention = outcome == STEP_LATER || outcome == STEP_STOPPED;
    int64_t not_before = outcome == STEP_LATER ? clock_now_us() + (int64_t)work->delay_ms * 1000 : 0;
    struct err err;
    if (store_migration_release(work->store, &work->migration, attention, not_before, &err) < 0) {
        log_event(LOG_ERROR, "cannot give a migration back", "migration", work->migration.uuid, "reason",
                  err.message, NULL);
    }
}

/* After the end: what is left on a server is looked at again in a while. */
static bool has_debt(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    bool debt = false;
    struct err err;
    if (store_database_list(work->store, work->migration.id, &err, &rows, &count) == 0) {
        for (size_t i = 0; i < count; i++) {
            debt = debt || rows[i].replication != NULL;
        }
        migration_databases_free(rows, count);
    }
    work->delay_ms = DEBT_PAUSE_MS;
    return debt;
}

void fsm_run(struct work *work)
{
    enum step_outcome outcome = STEP_MOVED;
    if (work->migration.substate == SUB_COMPLETED) {
        outcome = step_settle(work);
    }
    while (outcome == STEP_MOVED && work->migration.substate != SUB_COMPLETED) {
        outcome = run_step(work);
    }
    bool in_debt = outcome == STEP_MOVED && is_online(&work->migration) && has_debt(work);
    give_back(work, in_debt ? STEP_LATER : outcome);
}

void executor_print_fsm(FILE *out)
{
    fputs("stateDiagram-v2\n    [*] --> PerformingPreRequisiteSteps\n", out);
    for (int from = 0; from < SUB_COUNT; from++) {
        fprintf(out, "    %s: %s (%s)\\n%s\n", substate_name((enum migration_substate)from),
                substate_name((enum migration_substate)from),
                fsm[from].state == STATE_COUNT ? "terminal"
                                               : word_of(WORDS_MIGRATION_STATE, (int)fsm[from].state),
                fsm[from].note);
        for (int to = 0; to < SUB_COUNT; to++) {
            if (may_go((enum migration_substate)from, (enum migration_substate)to)) {
                fprintf(out, "    %s --> %s\n", substate_name((enum migration_substate)from),
                        substate_name((enum migration_substate)to));
            }
        }
    }
    fputs("    Completed --> [*]\n", out);
}
