/* SPDX-License-Identifier: MIT */
/* The executor's life: threads, the wake-up, the claims of workers, the monitor. */
#include "executor/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/instance_tree.h"
#include "executor/follow/followers.h"
#include "executor/fsm/migration_fsm.h"

enum {
    STOP_TIMEOUT_MS = 4000,
    MONITOR_PERIOD_MS = 200,
    IDLE_WAIT_MS = 5000, /* a lost hint costs at most this */
    CLAIM_RETRY_MS = 1000,
};

static const int64_t DAY_US = (int64_t)24 * 3600 * 1000000;

uint64_t executor_generation(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    uint64_t generation = executor->generation;
    pthread_mutex_unlock(&executor->lock);
    return generation;
}

void executor_wait(struct executor *executor, uint64_t seen, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&executor->lock);
    while (executor->generation == seen && !stop_requested(&executor->stop)) {
        if (pthread_cond_timedwait(&executor->wake, &executor->lock, &until) == ETIMEDOUT) {
            break;
        }
    }
    pthread_mutex_unlock(&executor->lock);
}

bool executor_sleep(struct executor *executor, int ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    while (clock_ms_left(until_ms) > 0 && !stop_requested(&executor->stop)) {
        executor_wait(executor, executor_generation(executor), clock_ms_left(until_ms));
    }
    return !stop_requested(&executor->stop);
}

void executor_wake(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    executor->generation++;
    pthread_cond_broadcast(&executor->wake);
    pthread_mutex_unlock(&executor->lock);
}

bool executor_ready(const struct executor *executor)
{
    return atomic_load(&executor->ready);
}

static int64_t lease_end(const struct executor *executor)
{
    return clock_steady_us() + (int64_t)executor->options->lease_seconds * 1000000;
}

/* ---- workers ---------------------------------------------------------------------------------------------
 */

/* How long an idle worker may sleep: until the next migration that is due later, or the next hint. */
static int idle_ms(struct executor *executor)
{
    int64_t due = 0;
    struct err err = {0};
    if (store_migration_next_due(executor->store, &err, &due) < 0 || due == 0) {
        return IDLE_WAIT_MS;
    }
    int64_t ms = (due - clock_steady_us()) / 1000 + 1;
    return ms < 1 ? 1 : ms > IDLE_WAIT_MS ? IDLE_WAIT_MS : (int)ms;
}

/* True when the user has canceled the migration as a whole: no list of databases, or all of them. */
static bool cancels_everything(const struct migration *migration)
{
    const struct migration_spec *spec = &migration->spec;
    if (spec->cancel != FLAG_TRUE) {
        return false;
    }
    for (size_t i = 0; spec->cancel_databases.count > 0 && i < spec->databases.count; i++) {
        if (!str_list_has(&spec->cancel_databases, spec->databases.items[i])) {
            return false;
        }
    }
    return true;
}

void worker_enter_database(struct worker *worker, const char *name)
{
    pthread_mutex_lock(&worker->lock);
    worker->current_database = name;
    atomic_store(&worker->database_stop.wish, (int)stop_wish(&worker->stop));
    pthread_mutex_unlock(&worker->lock);
}

static void enter_migration(struct worker *worker, const struct migration *migration)
{
    pthread_mutex_lock(&worker->lock);
    enum stop_wish wish = STOP_NONE;
    if (migration != NULL && cancels_everything(migration)) {
        wish = STOP_CANCEL;
    } else if (stop_requested(&worker->executor->stop)) {
        wish = STOP_SHUTDOWN;
    }
    worker->migration_id = migration == NULL ? 0 : migration->id;
    worker->expires_us = migration == NULL ? 0 : migration_expires_us(worker->executor, migration);
    atomic_store(&worker->expired, false);
    worker->current_database = NULL;
    atomic_store(&worker->stop.wish, (int)wish);
    atomic_store(&worker->database_stop.wish, (int)wish);
    pthread_mutex_unlock(&worker->lock);
}

/* A worker looks for work only while all before it have some: an idle process keeps one worker's handle to
 * the store, not one for each. */
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
            enter_migration(worker, &work.migration);
            executor_wake(executor); /* the next worker is needed now */
            fsm_run(&work);
            enter_migration(worker, NULL);
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

static void stop_worker(struct worker *worker, enum stop_wish wish)
{
    pthread_mutex_lock(&worker->lock);
    stop_request(&worker->stop, wish);
    stop_request(&worker->database_stop, wish);
    pthread_mutex_unlock(&worker->lock);
}

/* Passes a cancellation on, to the migration as a whole or to the database that is being moved. */
static void pass_cancel(struct worker *worker, const struct migration *migration)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->migration_id == migration->id) {
        if (cancels_everything(migration)) {
            stop_request(&worker->stop, STOP_CANCEL);
            stop_request(&worker->database_stop, STOP_CANCEL);
        } else if (worker->current_database != NULL &&
                   str_list_has(&migration->spec.cancel_databases, worker->current_database)) {
            stop_request(&worker->database_stop, STOP_CANCEL);
        }
    }
    pthread_mutex_unlock(&worker->lock);
}

/* A migration whose life is over while a step runs is stopped as if it were canceled; it then fails. */
static void stop_expired(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->migration_id != 0 && migration_is_expired(worker->expires_us) &&
        stop_wish(&worker->stop) != STOP_CANCEL) {
        atomic_store(&worker->expired, true);
        stop_request(&worker->stop, STOP_CANCEL);
        stop_request(&worker->database_stop, STOP_CANCEL);
    }
    pthread_mutex_unlock(&worker->lock);
}

/* Returns whether the worker is busy. */
static bool look_after(struct worker *worker)
{
    stop_expired(worker);
    pthread_mutex_lock(&worker->lock);
    int64_t id = worker->migration_id;
    pthread_mutex_unlock(&worker->lock);
    struct store *store = worker->executor->store;
    struct err err = {0};
    if (id != 0 && store_migration_cancel_requested(store, id, &err) == 1) {
        auto_migration struct migration row = {0};
        if (store_migration_get_by_id(store, id, &err, &row) == 1) {
            pass_cancel(worker, &row);
        }
    }
    return id != 0;
}

void *monitor_main(void *argument)
{
    struct executor *executor = argument;
    int64_t renew_at = 0;
    int64_t forget_at = 0;
    while (!stop_requested(&executor->stop)) {
        struct err err = {0};
        int64_t now = clock_steady_us();
        if (now >= renew_at) {
            if (store_migration_renew(executor->store, executor->owner, lease_end(executor), &err) < 0) {
                log_event(LOG_ERROR, "cannot renew leases", "reason", err.message, NULL);
            }
            renew_at = now + (int64_t)executor->options->lease_seconds * 1000000 / 3;
        }
        if (now >= forget_at) {
            /* Status URLs must keep answering for a while after the end; a day is more than any client polls.
             */
            (void)store_operation_forget(executor->store, clock_now_us() - DAY_US, &err);
            forget_at = now + (int64_t)3600 * 1000000;
        }
        uint64_t seen = executor_generation(executor);
        bool busy = false;
        for (int i = 0; i < executor->worker_count; i++) {
            busy = look_after(&executor->workers[i]) || busy;
        }
        /* A wake is how a cancel is noticed at once; without one the period bounds the delay. */
        executor_wait(executor, seen, busy ? MONITOR_PERIOD_MS : 1000);
    }
    store_thread_done(executor->store);
    return NULL;
}

/* ---- start and stop --------------------------------------------------------------------------------------
 */

static int prepare(struct executor *executor, struct err *err)
{
    id_new(executor->owner);
    executor->started_us = clock_now_us();
    executor->work_root = str_format("%s/work", executor->options->data_dir);
    if (executor->work_root == NULL) {
        return err_no_memory(err);
    }
    /* Archives of a process that was killed: their migrations make new ones. */
    if (tree_remove(executor->work_root, err) < 0 ||
        tree_make_dir(executor->work_root, 0700, NULL, err) < 0) {
        return -1;
    }
    if (tools_find(executor->options->postgres_dir, err, &executor->tools) < 0) {
        return -1;
    }
    if (instance_host_init(executor->options->data_dir, executor->options->postgres_user, &executor->tools,
                           err, &executor->instances) < 0) {
        return -1;
    }
    if (instances_mark_starting(executor, err) < 0 ||
        followers_init(executor, err, &executor->followers) < 0) {
        return -1;
    }
    return store_migration_free_leases(executor->store, executor->owner, err);
}

static int start_threads(struct executor *executor, struct err *err)
{
    int failed = 0;
    for (int i = 0; i < executor->options->workers && failed == 0; i++) {
        struct worker *worker = &executor->workers[i];
        worker->executor = executor;
        pthread_mutex_init(&worker->lock, NULL); /* those before it are made: it may look at them */
        failed = pthread_create(&worker->thread, NULL, worker_main, worker);
        executor->worker_count += failed == 0 ? 1 : 0;
    }
    for (int i = 0; i < OPERATION_THREADS && failed == 0; i++) {
        failed = pthread_create(&executor->operation_threads[i], NULL, operations_main, executor);
        executor->operation_thread_count += failed == 0 ? 1 : 0;
    }
    if (failed == 0) {
        failed = pthread_create(&executor->monitor_thread, NULL, monitor_main, executor);
        executor->monitor_running = failed == 0;
    }
    if (failed == 0) {
        failed = pthread_create(&executor->starter_thread, NULL, starter_main, executor);
        executor->starter_running = failed == 0;
    }
    if (failed == 0) {
        failed = pthread_create(&executor->watcher_thread, NULL, watcher_main, executor);
        executor->watcher_running = failed == 0;
    }
    return failed == 0 ? 0 : err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
}

int executor_start(const struct options *options, struct store *store, struct err *err,
                   struct executor **ret_executor)
{
    struct executor *executor = calloc(1, sizeof(*executor));
    if (executor == NULL) {
        return err_no_memory(err);
    }
    executor->options = options;
    executor->store = store;
    pthread_mutex_init(&executor->lock, NULL);
    pthread_mutex_init(&executor->rechecks.lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&executor->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (prepare(executor, err) < 0 || start_threads(executor, err) < 0) {
        executor_stop(executor);
        return -1;
    }
    *ret_executor = executor;
    return 0;
}

static void join_threads(struct executor *executor)
{
    for (int i = 0; i < executor->worker_count; i++) {
        pthread_join(executor->workers[i].thread, NULL);
        pthread_mutex_destroy(&executor->workers[i].lock);
    }
    for (int i = 0; i < executor->operation_thread_count; i++) {
        pthread_join(executor->operation_threads[i], NULL);
    }
    if (executor->monitor_running) {
        pthread_join(executor->monitor_thread, NULL);
    }
    if (executor->starter_running) {
        pthread_join(executor->starter_thread, NULL);
    }
    if (executor->watcher_running) {
        pthread_join(executor->watcher_thread, NULL);
    }
}

void executor_stop(struct executor *executor)
{
    if (executor == NULL) {
        return;
    }
    int64_t deadline = clock_monotonic_ms() + STOP_TIMEOUT_MS;
    stop_request(&executor->stop, STOP_SHUTDOWN);
    for (int i = 0; i < executor->worker_count; i++) {
        stop_worker(&executor->workers[i], STOP_SHUTDOWN);
    }
    executor_wake(executor);
    join_threads(executor);
    followers_done(executor->followers);
    if (executor->instances.root != NULL) {
        instances_stop_all(executor, clock_ms_left(deadline));
        instance_host_done(&executor->instances);
    }
    tools_done(&executor->tools);
    pthread_cond_destroy(&executor->wake);
    pthread_mutex_destroy(&executor->rechecks.lock);
    pthread_mutex_destroy(&executor->lock);
    free(executor->work_root);
    free(executor);
}
