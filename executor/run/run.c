/* SPDX-License-Identifier: MIT */
#include "executor/run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/points/rules.h"
#include "core/str.h"
#include "engine/instance/instance_tree.h"
#include "executor/follow/followers.h"
#include "executor/operations/instances.h"
#include "executor/operations/operations.h"
#include "executor/run/workers_private.h"
#include "executor/series/series.h"
#include "executor/servers/server_faults.h"
#include "executor/snapshots/snapshots.h"
#include "executor/wake.h"
#include "executor/worker.h"

enum { STOP_TIMEOUT_MS = 4000 };

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
    /* Archives of a killed process: their migrations create new ones. */
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
    if (snapshots_recover(executor, err) < 0 || instances_mark_starting(executor, err) < 0 ||
        followers_init(executor, err, &executor->followers) < 0) {
        return -1;
    }
    executor->series = series_new();
    if (executor->series == NULL) {
        return err_no_memory(err);
    }
    return store_migration_free_leases(executor->store, executor->owner, err);
}

static int start_threads(struct executor *executor, struct err *err)
{
    int failed = 0;
    for (int i = 0; i < executor->options->workers && failed == 0; i++) {
        struct worker *worker = &executor->workers[i];
        worker->executor = executor;
        pthread_mutex_init(&worker->lock, NULL); /* it may check the workers before it, which exist already */
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
        failed = pthread_create(&executor->starter_thread, NULL, instances_starter_main, executor);
        executor->starter_running = failed == 0;
    }
    if (failed == 0) {
        failed = pthread_create(&executor->watcher_thread, NULL, instances_watcher_main, executor);
        executor->watcher_running = failed == 0;
    }
    return failed == 0 ? 0 : err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
}

/* ---- testers' rules --------------------------------------------------------------------------------------
 */

static const char *subscription_or_default(const struct executor *executor, const char *subscription)
{
    return subscription[0] != '\0' ? subscription : executor->options->subscription_id;
}

static int begin_fault(void *context, const char *subscription, const char *server, const char *action,
                       struct err *err)
{
    struct executor *executor = context;
    return server_fault_begin(executor, subscription_or_default(executor, subscription), server, action,
                              &executor->stop, err);
}

static void end_fault(void *context, const char *subscription, const char *server, const char *action)
{
    struct executor *executor = context;
    struct err err = {0};
    if (server_fault_end(executor, subscription_or_default(executor, subscription), server, action, &err) <
        0) {
        log_event(LOG_ERROR, "cannot undo a fault", "server", server, "action", action, "reason", err.message,
                  NULL);
    }
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
    rules_set_faults(&(struct rule_faults){.context = executor, .begin = begin_fault, .end = end_fault});
    pthread_mutex_init(&executor->lock, NULL);
    pthread_mutex_init(&executor->rechecks.lock, NULL);
    pthread_mutex_init(&executor->gate.lock, NULL);
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
        worker_stop(&executor->workers[i], STOP_SHUTDOWN);
    }
    executor_wake(executor);
    join_threads(executor);
    followers_done(executor->followers);
    series_free(executor->series);
    if (executor->instances.root != NULL) {
        instances_stop_all(executor, clock_ms_left(deadline));
        instance_host_done(&executor->instances);
    }
    tools_done(&executor->tools);
    pthread_cond_destroy(&executor->wake);
    pthread_mutex_destroy(&executor->rechecks.lock);
    pthread_mutex_destroy(&executor->gate.lock);
    pthread_mutex_destroy(&executor->lock);
    free(executor->work_root);
    free(executor);
}
