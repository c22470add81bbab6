/* SPDX-License-Identifier: MIT */
/* Waiting for the cutover, and completing. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"
#include "executor/retry.h"

enum { RECHECK_MS = 500, LONGEST_WAIT_MS = 60 * 60 * 1000, CLEANUP_PAUSE_MS = 5000, USER_PAUSE_MS = 1000 };

/* The databases of a migration, and those that a step handles. */
struct database_set {
    struct migration_database *rows;
    size_t count;
    struct migration_database **chosen;
    size_t chosen_count;
    size_t open_count;       /* not ended */
    bool cleanup_is_pending; /* a cleanup of a canceled database is pending on a server */
};

static void set_done(struct database_set *set)
{
    migration_databases_free(set->rows, set->count);
    free(set->chosen);
}
#define auto_set __attribute__((cleanup(set_done)))

/* Chooses those whose cutover is due. */
static int choose(struct work *work, struct database_set *ret_set)
{
    if (store_database_list(work->store, work->migration.id, &work->err, &ret_set->rows, &ret_set->count) <
        0) {
        return -1;
    }
    ret_set->chosen = calloc(ret_set->count + 1, sizeof(struct migration_database *));
    if (ret_set->chosen == NULL) {
        return err_no_memory(&work->err);
    }
    for (size_t i = 0; i < ret_set->count; i++) {
        struct migration_database *row = &ret_set->rows[i];
        if (database_ended(row)) {
            continue;
        }
        ret_set->open_count++;
        if (cutover_is_due(work, row)) {
            ret_set->chosen[ret_set->chosen_count++] = row;
        }
    }
    return 0;
}

/*
 * A server is unreachable, for example after a restart of Malachite. Followers enforce the time limit for
 * retries; without one, this does.
 */
static enum step_outcome retry_soon(struct work *work)
{
    bool passing = failure_is_transient(&work->err);
    bool completing = work->migration.substate == SUB_COMPLETING_MIGRATION;
    if (!passing || (completing && retry_step_is_late(work))) {
        return outcome_of_failure(work);
    }
    work->delay_ms = RECHECK_MS;
    return STEP_LATER;
}

/* ---- waiting
 * -----------------------------------------------------------------------------------------------
 */

/* Ends databases that the user has canceled; retries pending cleanups of those canceled before. */
static int end_canceled(struct work *work, const struct sides *sides, struct database_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct migration_database *row = &set->rows[i];
        if (database_ended(row)) {
            set->cleanup_is_pending =
                set->cleanup_is_pending ||
                (row->replication != NULL && online_clean_up_database(work, sides, row) != 0);
            continue;
        }
        if (!database_is_canceled(work, row)) {
            continue;
        }
        if (online_cancel_database(work, sides, row) != 0) {
            return -1;
        }
        set->cleanup_is_pending = set->cleanup_is_pending || row->replication != NULL;
    }
    return 0;
}

static enum step_outcome wait_more(struct work *work, const struct database_set *set)
{
    int64_t limit_us = (int64_t)work->executor->options->cutover_wait_seconds * 1000000;
    int64_t left_us = work->migration.entered_us + limit_us - clock_steady_us();
    if (left_us <= 0) {
        err_set(&work->err, ERR_OPERATION_NOT_ALLOWED,
                "The cutover was not triggered within %d seconds of the base copy (--cutover-wait-seconds).",
                work->executor->options->cutover_wait_seconds);
        return STEP_FAILED;
    }
    int64_t longest_ms = set->cleanup_is_pending ? CLEANUP_PAUSE_MS : LONGEST_WAIT_MS;
    work->delay_ms = left_us / 1000 > longest_ms ? (int)longest_ms : (int)(left_us / 1000) + 1;
    return STEP_LATER;
}

/* choose() after canceled databases have ended. */
static int choose_open(struct work *work, const struct sides *sides, struct database_set *ret_set)
{
    auto_set struct database_set before = {0};
    if (choose(work, &before) != 0 || end_canceled(work, sides, &before) != 0 || choose(work, ret_set) != 0) {
        return -1;
    }
    ret_set->cleanup_is_pending = before.cleanup_is_pending;
    return 0;
}

/* Waiting for the user has no deadline and holds no thread. */
static enum step_outcome wait_or_fail(struct work *work)
{
    enum step_outcome outcome = outcome_of_failure(work);
    if (outcome != STEP_FAILED || !work->err.waiting) {
        return outcome;
    }
    struct err reason = work->err;
    char cause[ERR_CAUSE_SIZE];
    const struct migration_error error = {.text = reason.message, .code = err_cause(&reason, cause)};
    if (fsm_show(work, &error) != 0) {
        return STEP_STOPPED;
    }
    work->delay_ms = USER_PAUSE_MS;
    return STEP_LATER;
}

/* Cuts some databases over while the others wait. */
static enum step_outcome cut_over_some(struct work *work, const struct sides *sides,
                                       const struct database_set *set)
{
    if (online_cut_over(work, sides, set->chosen, set->chosen_count) != 0) {
        return wait_or_fail(work);
    }
    return wait_more(work, set);
}

/* Check the followers first: they fail if their servers stay unreachable. */
static int follow_all(struct work *work)
{
    auto_set struct database_set set = {0};
    return choose(work, &set) != 0 || online_follow(work, set.rows, set.count) != 0
               ? -1
               : online_show_waiting(work, set.rows, set.count);
}

enum step_outcome step_wait_cutover(struct work *work)
{
    auto_sides struct sides sides = {0};
    auto_set struct database_set set = {0};
    if (follow_all(work) != 0) {
        return outcome_of_failure(work);
    }
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0) {
        return retry_soon(work);
    }
    if (choose_open(work, &sides, &set) != 0) {
        return outcome_of_failure(work);
    }
    if (set.open_count == 0) {
        return fsm_move(work, SUB_COMPLETING_MIGRATION, "Every database has ended.");
    }
    if (set.chosen_count == set.open_count) {
        return fsm_move(work, SUB_COMPLETING_MIGRATION, "The cutover was triggered.");
    }
    return set.chosen_count == 0 ? wait_more(work, &set) : cut_over_some(work, &sides, &set);
}

/* ---- completing
 * --------------------------------------------------------------------------------------------
 */

static size_t count_in_state(const struct database_set *set, enum database_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        count += set->rows[i].state == state ? 1 : 0;
    }
    return count;
}

static enum step_outcome complete_online(struct work *work)
{
    auto_sides struct sides sides = {0};
    auto_set struct database_set set = {0};
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0) {
        return retry_soon(work);
    }
    if (fsm_refresh_decisions(work) != 0 || choose_open(work, &sides, &set) != 0 ||
        online_cut_over(work, &sides, set.chosen, set.chosen_count) != 0) {
        return wait_or_fail(work);
    }
    if (count_in_state(&set, DB_CANCELED) == set.count) {
        return STEP_CANCELED;
    }
    return fsm_end(work, STATE_SUCCEEDED, &(struct migration_error){0}, "The migration succeeded.");
}

enum step_outcome step_complete(struct work *work)
{
    if (is_online(&work->migration)) {
        return complete_online(work);
    }
    return fsm_end(work, STATE_SUCCEEDED, &(struct migration_error){0}, "The migration succeeded.");
}
