/* SPDX-License-Identifier: MIT */
#include "executor/fsm/migration_fsm.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/parse/json_fields.h"
#include "core/points/rules.h"
#include "core/str.h"
#include "executor/expiry.h"
#include "executor/fsm/database_row.h"
#include "executor/fsm/substate_points_private.h"
#include "executor/retry.h"
#include "executor/wake.h"
#include "executor/worker.h"

enum { CLEANUP_PAUSE_MS = 2000, STORE_PAUSE_MS = 1000 };

#define TO(substate) (1u << SUB_##substate)

struct fsm_row {
    step_fn *step;
    enum migration_state state; /* the state that a client sees; COMPLETED has one of the terminal states */
    unsigned allowed; /* substates that may follow; every active one may also go to CANCELING and COMPLETED */
    const char *note;
};

_Static_assert(SUB_COUNT <= 32, "substates fit the mask");

/* clang-format off */
static const struct fsm_row fsm[SUB_COUNT] = {
    [SUB_PERFORMING_PREREQUISITE_STEPS] = {
        step_prerequisites, STATE_IN_PROGRESS,
        TO(VALIDATION_IN_PROGRESS) | TO(WAITING_FOR_LOGICAL_REPLICATION) | TO(WAITING_FOR_DATABASES) |
        TO(WAITING_FOR_OVERWRITE) | TO(WAITING_FOR_SCHEDULING) | TO(WAITING_FOR_WINDOW) | TO(MIGRATING_DATA),
        "connects to both servers, checks the prerequisites"},
    [SUB_WAITING_FOR_LOGICAL_REPLICATION] = {
        step_wait_replication, STATE_WAITING_FOR_USER_ACTION,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "until setupLogicalReplicationOnSourceDbIfNeeded is true and the source has restarted; online only"},
    [SUB_WAITING_FOR_DATABASES] = {
        step_wait_databases, STATE_WAITING_FOR_USER_ACTION,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "until dbsToMigrate is given"},
    [SUB_WAITING_FOR_OVERWRITE] = {
        step_wait_overwrite, STATE_WAITING_FOR_USER_ACTION,
        TO(PERFORMING_PREREQUISITE_STEPS),
        "until overwriteDbsInTarget is true; the target stays unchanged"},
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
        "until triggerCutover; replicates changes; online only"},
    [SUB_COMPLETING_MIGRATION] = {
        step_complete, STATE_IN_PROGRESS,
        0,
        "applies the remaining changes, sets sequences, compares"},
    [SUB_CANCELING] = {
        step_cancel, STATE_IN_PROGRESS,
        0,
        "stops; the databases stay unchanged"},
    [SUB_COMPLETED] = {step_clean_up, STATE_COUNT, 0, "Succeeded, Failed, Canceled or ValidationFailed"},
};
/* clang-format on */

static const char *substate_name(enum migration_substate substate)
{
    return word_of(WORDS_SUBSTATE, (int)substate);
}

bool migration_may_move(enum migration_substate from, enum migration_substate to)
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
                              const struct migration_error *error, const char *event)
{
    enum migration_substate from = work->migration.substate;
    assert(migration_may_move(from, to));
    enum step_outcome left = substate_leave(work, to, state);
    if (left != STEP_MOVED) {
        return left;
    }
    const struct migration_move move = {
        .from = from, .state = state, .substate = to, .error = error, .event = event};
    struct executor_metrics *metrics = &work->executor->metrics;
    int64_t entered_us =
        work->migration.entered_us > 0 ? work->migration.entered_us : work->migration.created_us;
    struct err err = {0};
    int moved = store_migration_move(work->store, &work->migration, &move, &err);
    if (moved < 0) {
        log_event(LOG_ERROR, "cannot store a transition", "migration", work->migration.uuid, "reason",
                  err.message, NULL);
        return STEP_STOPPED;
    }
    if (moved == 0) {
        atomic_fetch_add_explicit(&metrics->leases_lost, 1, memory_order_relaxed);
        log_event(LOG_WARNING, "lost the lease", "migration", work->migration.uuid, NULL);
        return STEP_STOPPED;
    }
    histogram_add(&metrics->substates[from], &histogram_of_stages, clock_steady_us() - entered_us);
    log_event(LOG_INFO, "migration", "id", work->migration.uuid, "name", work->migration.name, "from",
              substate_name(from), "state", word_of(WORDS_MIGRATION_STATE, (int)state), "substate",
              substate_name(to), "reason", error == NULL ? NULL : error->text, NULL);
    worker_enter_substate(work->worker, &work->migration);
    if (work->worker->subject != NULL) {
        work->worker->subject->substate = substate_name(to);
    }
    return STEP_MOVED;
}

enum step_outcome fsm_move(struct work *work, enum migration_substate to, const char *event)
{
    return move(work, to, fsm[to].state, &(struct migration_error){0}, event);
}

enum step_outcome fsm_move_with_error(struct work *work, enum migration_substate to,
                                      const struct migration_error *error)
{
    return move(work, to, fsm[to].state, error, error->text);
}

int fsm_show(struct work *work, const struct migration_error *error)
{
    const char *text = error->text;
    bool shown = work->migration.error != NULL && work->migration.error[0] != '\0';
    if (text == NULL ? !shown : str_equals(text, work->migration.error)) {
        return 0;
    }
    if (!str_replace(&work->migration.error, text) ||
        !str_replace(&work->migration.error_code, error->code) ||
        !str_replace(&work->migration.error_facts, error->facts)) {
        return err_no_memory(&work->err);
    }
    if (text != NULL) {
        work_add_event_once(work, text);
    }
    return store_migration_set_error(work->store, &work->migration, error, &work->err);
}

int fsm_refresh_decisions(struct work *work)
{
    auto_migration struct migration now = {0};
    struct migration_spec *spec = &work->migration.spec;
    int found = store_migration_get_by_id(work->store, work->migration.id, &work->err, &now);
    if (found <= 0) {
        return found < 0 ? -1 : err_set(&work->err, ERR_RESOURCE_NOT_FOUND, "The migration was deleted.");
    }
    spec->cancel = now.spec.cancel;
    spec->trigger_cutover = now.spec.trigger_cutover;
    return str_list_copy(&spec->cancel_databases, &now.spec.cancel_databases) &&
                   str_list_copy(&spec->cutover_databases, &now.spec.cutover_databases)
               ? 0
               : err_no_memory(&work->err);
}

int fsm_refresh_logins(struct work *work)
{
    auto_migration struct migration now = {0};
    struct migration_spec *spec = &work->migration.spec;
    int found = store_migration_get_by_id(work->store, work->migration.id, &work->err, &now);
    if (found <= 0) {
        return found < 0 ? -1 : err_set(&work->err, ERR_RESOURCE_NOT_FOUND, "The migration was deleted.");
    }
    return str_replace(&spec->source_user, now.spec.source_user) &&
                   str_replace(&spec->source_password, now.spec.source_password) &&
                   str_replace(&spec->target_user, now.spec.target_user) &&
                   str_replace(&spec->target_password, now.spec.target_password)
               ? 0
               : err_no_memory(&work->err);
}

/* After every end, nothing of Malachite's remains on the servers, and no database is still in progress.
 * step_clean_up retries cleanups that fail now. */
static void close_work(struct work *work, enum migration_state state, const struct migration_error *error)
{
    struct err reason = work->err;
    (void)online_clean_up(work);
    if (state == STATE_FAILED && databases_fail(work, error->text, error->code) < 0) {
        log_event(LOG_ERROR, "cannot close databases", "migration", work->migration.uuid, "reason",
                  work->err.message, NULL);
    }
    work->err = reason;
}

enum step_outcome fsm_end(struct work *work, enum migration_state state, const struct migration_error *error,
                          const char *event)
{
    struct err err = {0};
    close_work(work, state, error);
    work->migration.spec.window_end_us = clock_now_us(); /* the service shows the end of the run there */
    if (store_migration_set_facts(work->store, &work->migration, &err) < 0) {
        log_event(LOG_ERROR, "cannot store the end of a run", "migration", work->migration.uuid, "reason",
                  err.message, NULL);
    }
    enum step_outcome outcome = move(work, SUB_COMPLETED, state, error, event);
    if (outcome == STEP_MOVED) {
        rules_delete(NULL, NULL, work->migration.uuid); /* those that its tags made */
    }
    return outcome;
}

enum step_outcome fsm_end_with_failure(struct work *work, enum migration_state state, const char *event)
{
    struct err failure = work->err; /* the end uses work->err */
    char cause[ERR_CAUSE_SIZE];
    const struct migration_error error = {.text = failure.message, .code = err_cause(&failure, cause)};
    return fsm_end(work, state, &error, event);
}

/* The service begins its messages with its own code: "Error 603100: ...". */
static void name_service_code(struct err *err)
{
    if (err->service_code != 0) {
        err_prefix(err, "Error %d: ", err->service_code);
    }
}

static enum step_outcome expire(struct work *work)
{
    err_set(&work->err, ERR_OPERATION_NOT_ALLOWED,
            "The migration did not end within %d seconds of its start (--lifetime-seconds).",
            work->executor->options->lifetime_seconds);
    return STEP_FAILED;
}

bool migration_is_replay(const struct migration *migration)
{
    if (migration->tags == NULL || strstr(migration->tags, "eplay") == NULL) {
        return false;
    }
    json_auto_t *tags = json_from_text(migration->tags);
    return tags != NULL && field_get(tags, "malachite.replay") != NULL;
}

/* Executes the step of one substate. */
static enum step_outcome do_step(struct work *work)
{
    struct migration *migration = &work->migration;
    if (migration_is_expired(migration_expires_us(work->executor, migration))) {
        return expire(work);
    }
    if (stop_kind(&work->worker->stop) == STOP_CANCEL && !migration_ends_by_itself(migration)) {
        return STEP_CANCELED;
    }
    if (migration->substate < SUB_CANCELING && migration_is_replay(migration)) {
        return step_replay(work);
    }
    if (migration->substate < SUB_MIGRATING_DATA) {
        enum migration_substate substate = migration->substate;
        enum step_outcome outcome = before_data(work);
        if (outcome != STEP_MOVED || migration->substate != substate) {
            return outcome;
        }
    }
    enum step_outcome outcome = fsm[migration->substate].step(work);
    bool expired = outcome == STEP_CANCELED && atomic_load(&work->worker->expired);
    return expired ? expire(work) : outcome;
}

/* Turns the outcome of a step into a move if the step itself has not moved. */
static enum step_outcome run_step(struct work *work, bool entered)
{
    enum step_outcome outcome = entered ? substate_enter(work) : STEP_MOVED;
    outcome = outcome == STEP_MOVED ? do_step(work) : outcome;
    if (outcome == STEP_CANCELED) {
        return fsm_move(work, SUB_CANCELING, "Canceled by the user.");
    }
    if (outcome == STEP_FAILED && failure_is_of_store(&work->err)) {
        log_event(LOG_ERROR, "a step waits for the store", "migration", work->migration.uuid, "reason",
                  work->err.message, NULL);
        work->delay_ms = STORE_PAUSE_MS;
        return STEP_LATER;
    }
    if (outcome == STEP_FAILED) {
        name_service_code(&work->err);
        return fsm_end_with_failure(work, STATE_FAILED, "The migration failed.");
    }
    return outcome;
}

/* A migration that waits for the user is checked again when it expires. */
static void release(struct work *work, enum step_outcome outcome)
{
    const struct migration *migration = &work->migration;
    int64_t not_before = 0;
    bool attention = true;
    if (outcome == STEP_LATER) {
        not_before = clock_steady_us() + (int64_t)work->delay_ms * 1000;
    } else if (outcome != STEP_STOPPED) {
        not_before = migration_expires_us(work->executor, migration);
        attention = !migration_ends_by_itself(migration);
    }
    int64_t expires = migration_expires_us(work->executor, migration);
    int64_t soon = clock_steady_us() + (int64_t)STORE_PAUSE_MS * 1000; /* a clock that was set may be wrong */
    expires = expires > soon ? expires : soon;
    not_before = not_before < expires ? not_before : expires;
    struct err err = {0};
    /* A lease that is not released would be renewed for ever. */
    while (store_migration_release(work->store, migration, attention, not_before, &err) < 0) {
        log_event(LOG_ERROR, "cannot release a migration", "migration", migration->uuid, "reason",
                  err.message, NULL);
        if (!failure_is_of_store(&err) || !executor_sleep(work->executor, STORE_PAUSE_MS)) {
            break;
        }
    }
}

/* After the end: a pending cleanup is retried later. */
static bool has_pending_cleanup(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    bool pending = false;
    struct err err = {0};
    if (store_database_list(work->store, work->migration.id, &err, &rows, &count) == 0) {
        for (size_t i = 0; i < count; i++) {
            pending = pending || rows[i].replication != NULL;
        }
        migration_databases_free(rows, count);
    }
    work->delay_ms = CLEANUP_PAUSE_MS;
    return pending;
}

void fsm_run(struct work *work)
{
    enum step_outcome outcome = STEP_MOVED;
    if (work->migration.substate == SUB_COMPLETED) {
        outcome = step_clean_up(work);
    }
    bool entered = work->migration.lease_generation == 1; /* of a new migration */
    while (outcome == STEP_MOVED && work->migration.substate != SUB_COMPLETED) {
        enum migration_substate before = work->migration.substate;
        outcome = run_step(work, entered);
        entered = work->migration.substate != before;
    }
    bool cleanup_is_pending =
        outcome == STEP_MOVED && is_online(&work->migration) && has_pending_cleanup(work);
    release(work, cleanup_is_pending ? STEP_LATER : outcome);
}

void fsm_print(FILE *out)
{
    fputs("stateDiagram-v2\n    [*] --> PerformingPreRequisiteSteps\n", out);
    for (int from = 0; from < SUB_COUNT; from++) {
        fprintf(out, "    %s: %s (%s)\\n%s\n", substate_name((enum migration_substate)from),
                substate_name((enum migration_substate)from),
                fsm[from].state == STATE_COUNT ? "terminal"
                                               : word_of(WORDS_MIGRATION_STATE, (int)fsm[from].state),
                fsm[from].note);
        for (int to = 0; to < SUB_COUNT; to++) {
            if (migration_may_move((enum migration_substate)from, (enum migration_substate)to)) {
                fprintf(out, "    %s --> %s\n", substate_name((enum migration_substate)from),
                        substate_name((enum migration_substate)to));
            }
        }
    }
    fputs("    Completed --> [*]\n", out);
}
