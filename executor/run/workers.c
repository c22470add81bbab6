/* SPDX-License-Identifier: MIT */
/* The threads that take migrations from the store, and the monitor. */
#include "executor/run/workers_private.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/points/rules.h"
#include "executor/fsm/migration_fsm.h"
#include "executor/removal.h"
#include "executor/scope.h"
#include "executor/series/series.h"
#include "executor/wake.h"
#include "executor/worker.h"

enum {
    MONITOR_PERIOD_MS = 200,
    IDLE_WAIT_MS = 5000, /* a lost hint delays work by at most this */
    CLAIM_RETRY_MS = 1000,
};

static const int64_t DAY_US = (int64_t)24 * 3600 * 1000000;

static int64_t lease_end(const struct executor *executor)
{
    return clock_steady_us() + (int64_t)executor->options->lease_seconds * 1000000;
}

/* How long an idle worker may sleep: until the next scheduled migration, or the next hint. */
static int idle_ms(struct executor *executor)
{
    int64_t due = 0;
    struct err err = {0};
    if (store_migration_next_due(executor->store, executor->owner, &err, &due) < 0 || due == 0) {
        return IDLE_WAIT_MS;
    }
    int64_t ms = (due - clock_steady_us()) / 1000 + 1;
    return ms < 1 ? 1 : ms > IDLE_WAIT_MS ? IDLE_WAIT_MS : (int)ms;
}

/* A worker looks for work only while all before it are busy: an idle process keeps one worker's handle to
 * the store open, not one for each. */
static bool is_needed(const struct worker *worker)
{
    for (struct worker *before = worker->executor->workers; before != worker; before++) {
        pthread_mutex_lock(&before->lock);
        bool idle = before->migration_id == 0;
        pthread_mutex_unlock(&before->lock);
        if (idle) {
            return false;
        }
    }
    return true;
}

void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct executor *executor = worker->executor;
    while (!stop_requested(&executor->stop)) {
        uint64_t seen = executor_generation(executor);
        if (!is_needed(worker)) {
            executor_wait(executor, seen, IDLE_WAIT_MS);
            continue;
        }
        struct work work = {.executor = executor, .worker = worker, .store = executor->store};
        int claimed = store_migration_claim(executor->store, executor->owner, clock_steady_us(),
                                            lease_end(executor), &work.err, &work.migration);
        if (claimed == 1) {
            worker_enter_migration(worker, &work.migration);
            executor_wake(executor); /* the next worker is needed now */
            struct scope scope;
            scope_begin(&scope, executor, &work.migration, &worker->stop);
            scope.subject.entered_us = &worker->entered_us;
            worker->subject = &scope.subject;
            fsm_run(&work);
            worker->subject = NULL;
            scope_end(&scope);
            worker_enter_migration(worker, NULL);
            migration_done(&work.migration);
        } else if (claimed == 0) {
            executor_wait(executor, seen, idle_ms(executor));
        } else {
            log_event(LOG_ERROR, "cannot claim a migration", "reason", work.err.message, NULL);
            executor_wait(executor, seen, CLAIM_RETRY_MS);
        }
    }
    store_thread_done(executor->store);
    return NULL;
}

/* ---- monitor ---------------------------------------------------------------------------------------------
 */

/* Returns whether the worker is busy. */
static bool monitor_worker(struct worker *worker)
{
    worker_stop_expired(worker);
    pthread_mutex_lock(&worker->lock);
    int64_t id = worker->migration_id;
    pthread_mutex_unlock(&worker->lock);
    struct store *store = worker->executor->store;
    struct err err = {0};
    if (id != 0 && store_migration_cancel_requested(store, id, &err) == 1) {
        auto_migration struct migration row = {0};
        if (store_migration_get_by_id(store, id, &err, &row) == 1) {
            worker_pass_cancel(worker, &row);
        }
    }
    return id != 0;
}

/* A rule may hold or fail the renewal: the monitor itself never waits. */
static bool renew_is_due(struct point_effect *renewal)
{
    const struct point_subject nobody = {0};
    if (renewal->action == ACTION_NONE && !point_take(POINT_LEASE_RENEW, &nobody, renewal)) {
        return true;
    }
    if (point_is_waiting(renewal)) {
        return false;
    }
    bool fails = renewal->action == ACTION_FAIL;
    renewal->action = ACTION_NONE;
    return !fails;
}

void *monitor_main(void *argument)
{
    struct executor *executor = argument;
    int64_t renew_at = 0;
    int64_t forget_at = 0;
    struct point_effect renewal = {0};
    while (!stop_requested(&executor->stop)) {
        struct err err = {0};
        int64_t now = clock_steady_us();
        if (now >= renew_at) {
            if (renew_is_due(&renewal) &&
                store_migration_renew(executor->store, executor->owner, lease_end(executor), &err) < 0) {
                log_event(LOG_ERROR, "cannot renew leases", "reason", err.message, NULL);
            }
            renew_at = now + (int64_t)executor->options->lease_seconds * 1000000 / 3;
        }
        if (now >= forget_at) {
            /* Status URLs must remain valid for a while after the end; a day is more than any client
             * polls. */
            (void)store_operation_forget(executor->store, clock_now_us() - DAY_US, &err);
            forget_at = now + (int64_t)3600 * 1000000;
        }
        rules_sweep();
        series_tick(executor);
        uint64_t seen = executor_generation(executor);
        bool busy = false;
        removals_continue(executor);
        bool moved = atomic_load(&executor->expiry_reads) > 0;
        if (moved) {
            atomic_fetch_sub(&executor->expiry_reads, 1);
        }
        for (int i = 0; i < executor->worker_count; i++) {
            if (moved) {
                worker_read_expiry(&executor->workers[i]);
            }
            busy = monitor_worker(&executor->workers[i]) || busy;
        }
        /* A wake makes a cancel take effect at once; without one the period limits the delay. */
        executor_wait(executor, seen, busy ? MONITOR_PERIOD_MS : 1000);
    }
    point_leave(&renewal);
    series_save(executor);
    store_thread_done(executor->store);
    return NULL;
}
