/* SPDX-License-Identifier: MIT */
#include "executor/worker.h"

#include "core/str.h"
#include "executor/expiry.h"

/* True if the user has canceled the whole migration: no list of databases, or all of them. */
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
    if (worker->subject != NULL) {
        worker->subject->database = name;
        worker->subject->stop = name != NULL ? &worker->database_stop : &worker->stop;
    }
    atomic_store(&worker->database_stop.kind, (int)stop_kind(&worker->stop));
    pthread_mutex_unlock(&worker->lock);
}

void worker_enter_migration(struct worker *worker, const struct migration *migration)
{
    pthread_mutex_lock(&worker->lock);
    enum stop_kind kind = STOP_NONE;
    if (migration != NULL && cancels_everything(migration)) {
        kind = STOP_CANCEL;
    } else if (stop_requested(&worker->executor->stop)) {
        kind = STOP_SHUTDOWN;
    }
    worker->migration_id = migration == NULL ? 0 : migration->id;
    worker->expires_us = migration == NULL ? 0 : migration_expires_us(worker->executor, migration);
    atomic_store(&worker->expired, false);
    if (migration != NULL) {
        worker_enter_substate(worker, migration);
    }
    worker->current_database = NULL;
    atomic_store(&worker->stop.kind, (int)kind);
    atomic_store(&worker->database_stop.kind, (int)kind);
    pthread_mutex_unlock(&worker->lock);
}

void worker_enter_substate(struct worker *worker, const struct migration *migration)
{
    atomic_store(&worker->entered_us,
                 migration->entered_us > 0 ? migration->entered_us : migration->created_us);
}

void worker_stop(struct worker *worker, enum stop_kind kind)
{
    pthread_mutex_lock(&worker->lock);
    stop_request(&worker->stop, kind);
    stop_request(&worker->database_stop, kind);
    pthread_mutex_unlock(&worker->lock);
}

/* Forwards a cancellation to the whole migration or to the database that is being copied. */
void worker_pass_cancel(struct worker *worker, const struct migration *migration)
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

/* Stops a migration that expires during a step like a canceled one; it then fails. */
void worker_stop_expired(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->migration_id != 0 && migration_is_expired(worker->expires_us) &&
        stop_kind(&worker->stop) != STOP_CANCEL) {
        atomic_store(&worker->expired, true);
        stop_request(&worker->stop, STOP_CANCEL);
        stop_request(&worker->database_stop, STOP_CANCEL);
    }
    pthread_mutex_unlock(&worker->lock);
}

/* The store may have moved the migration into the past since the worker has claimed it. */
void worker_read_expiry(struct worker *worker)
{
    struct err ignored = {0};
    auto_migration struct migration row = {0};
    pthread_mutex_lock(&worker->lock);
    int64_t id = worker->migration_id;
    pthread_mutex_unlock(&worker->lock);
    int64_t entered_us = atomic_load(&worker->entered_us);
    if (id == 0 || store_migration_get_by_id(worker->executor->store, id, &ignored, &row) != 1) {
        return;
    }
    pthread_mutex_lock(&worker->lock);
    if (worker->migration_id == id) {
        worker->expires_us = migration_expires_us(worker->executor, &row);
        /* Not if it has moved on since. */
        atomic_compare_exchange_strong(&worker->entered_us, &entered_us,
                                       row.entered_us > 0 ? row.entered_us : row.created_us);
    }
    pthread_mutex_unlock(&worker->lock);
}
