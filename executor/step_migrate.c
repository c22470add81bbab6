/* SPDX-License-Identifier: MIT */
/* Moves the databases of a migration, one after the other; what is already there is not moved again. */
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance_tree.h"
#include "engine/roles.h"
#include "engine/transfer.h"
#include "executor/migration_fsm.h"
#include "executor/progress.h"
#include "executor/sides.h"

enum { TARGET_PRESENT_CODE = 603101, JOBS_MAX = 8 };

static bool database_ended(const struct migration_database *row)
{
    return row->state == DB_SUCCEEDED || row->state == DB_FAILED || row->state == DB_CANCELED;
}

static int job_count(const struct executor *executor)
{
    if (executor->options->jobs > 0) {
        return executor->options->jobs;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > JOBS_MAX ? JOBS_MAX : (int)processors;
}

static char *make_work_dir(const struct work *work, const struct migration_database *row, struct err *err)
{
    auto_free char *dir =
        str_format("%s/%s-%d", work->executor->work_root, work->migration.uuid, row->position);
    if (dir == NULL) {
        err_no_memory(err);
        return NULL;
    }
    if (tree_remove(dir, err) < 0 || tree_make_dir(dir, 0700, NULL, err) < 0) {
        return NULL;
    }
    return TAKE(dir);
}

/* ret_wish: what the database's stop token said when the transfer ended. */
static int transfer_database(struct work *work, const struct sides *sides, struct migration_database *row,
                             struct progress *progress, enum stop_wish *ret_wish)
{
    auto_free char *work_dir = make_work_dir(work, row, &work->err);
    if (work_dir == NULL) {
        return -1;
    }
    const struct transfer_observer observer = progress_observer(progress);
    const struct transfer transfer = {.source = &sides->source.work,
                                      .target = &sides->target.work,
                                      .database = row->name,
                                      .heir = sides->target.login.user,
                                      .jobs = job_count(work->executor),
                                      .work_dir = work_dir,
                                      .tools = &work->executor->tools,
                                      .replace =
                                          work->migration.spec.overwrite == FLAG_TRUE || row->target_claimed,
                                      .stop = &work->worker->database_stop,
                                      .observer = &observer};
    worker_enter_database(work->worker, row->name);
    int result = transfer_run(&transfer, &work->err);
    *ret_wish = stop_wish(&work->worker->database_stop);
    worker_enter_database(work->worker, NULL);
    struct err ignored;
    (void)tree_remove(work_dir, &ignored);
    return result;
}

static enum step_outcome end_database(struct work *work, struct progress *progress, enum database_state state,
                                      const char *message)
{
    struct migration_database *row = progress->row;
    row->state = state;
    row->ended_us = clock_now_us();
    if (!str_replace(&row->operation, NULL) || (message != NULL && !str_replace(&row->message, message))) {
        err_no_memory(&work->err);
        return STEP_FAILED;
    }
    log_event(LOG_INFO, "database", "migration", work->migration.uuid, "name", row->name, "state",
              word_of(WORDS_DATABASE_STATE, (int)state), "reason", message, NULL);
    return progress_write(progress, &work->err) < 0 ? STEP_FAILED : STEP_MOVED;
}

/* Readies the row of a database whose copy begins, for the first time or again after an interruption. */
static int begin_database(struct work *work, struct migration_database *row)
{
    row->state = DB_IN_PROGRESS;
    row->started_us = row->started_us == 0 ? clock_now_us() : row->started_us;
    row->tables_queued = row->tables_loading = row->tables_completed = row->tables_errored = 0;
    row->rows_copied = row->bytes_copied = row->bytes_total = 0;
    if (store_table_forget(work->store, row->migration_id, row->name, &work->err) < 0) {
        return -1;
    }
    return store_database_update(work->store, row, &work->err);
}

/* STEP_MOVED: this database has ended, one way or another; go on with the next. */
static enum step_outcome move_database(struct work *work, const struct sides *sides,
                                       struct migration_database *row)
{
    struct progress progress = {.store = work->store, .row = row};
    if (begin_database(work, row) < 0) {
        return STEP_FAILED;
    }
    enum stop_wish wish = STOP_NONE;
    int result = transfer_database(work, sides, row, &progress, &wish);
    enum step_outcome outcome = STEP_MOVED;
    if (result == 0) {
        auto_free char *warnings = progress_warnings(&progress);
        outcome = end_database(work, &progress, DB_SUCCEEDED, warnings);
    } else if (stop_wish(&work->worker->stop) != STOP_NONE) {
        outcome = stop_wish(&work->worker->stop) == STOP_CANCEL ? STEP_CANCELED : STEP_STOPPED;
    } else if (wish == STOP_CANCEL) {
        outcome = end_database(work, &progress, DB_CANCELED, NULL);
    } else if (work->err.service_code == TARGET_PRESENT_CODE) {
        outcome = fsm_move(work, SUB_WAITING_FOR_OVERWRITE, work->err.message);
        outcome = outcome == STEP_MOVED ? STEP_WAIT : outcome;
    } else {
        struct err reason = work->err;
        outcome = end_database(work, &progress, DB_FAILED, reason.message);
    }
    progress_done(&progress);
    return outcome;
}

static enum step_outcome copy_roles(struct work *work, const struct sides *sides)
{
    auto_str_list struct str_list warnings = {0};
    if (work->migration.spec.migrate_roles != FLAG_TRUE) {
        return STEP_MOVED;
    }
    int result =
        roles_copy(&sides->source.work, &sides->target.work, &work->worker->stop, &work->err, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        struct err ignored;
        (void)store_event_add(work->store, work->migration.id, warnings.items[i], &ignored);
    }
    return result < 0 ? STEP_FAILED : STEP_MOVED;
}

/* Moves on once every database has ended: the service concatenates "<database>: <message>" of those that
 * failed. */
static enum step_outcome conclude(struct work *work, const struct migration_database *rows, size_t count)
{
    auto_buf struct buf error = BUF_MAX(64 * 1024);
    size_t failures = 0;
    size_t canceled = 0;
    for (size_t i = 0; i < count; i++) {
        canceled += rows[i].state == DB_CANCELED ? 1 : 0;
        if (rows[i].state == DB_FAILED) {
            failures++;
            buf_addf(&error, "%s%s: %s", error.len == 0 ? "" : " ", rows[i].name,
                     rows[i].message == NULL ? "" : rows[i].message);
        }
    }
    if (canceled == count) {
        return STEP_CANCELED;
    }
    if (failures > 0) {
        return fsm_end(work, STATE_FAILED, buf_text(&error), "At least one database could not be moved.");
    }
    return fsm_move(work, SUB_COMPLETING_MIGRATION, "All databases were moved.");
}

static bool is_canceled(const struct work *work, const struct migration_database *row)
{
    const struct migration_spec *spec = &work->migration.spec;
    return spec->cancel == FLAG_TRUE && str_list_has(&spec->cancel_databases, row->name);
}

static enum step_outcome move_databases(struct work *work, const struct sides *sides,
                                        struct migration_database *rows, size_t count)
{
    enum step_outcome outcome = copy_roles(work, sides);
    for (size_t i = 0; i < count && outcome == STEP_MOVED; i++) {
        if (database_ended(&rows[i])) {
            continue;
        }
        if (is_canceled(work, &rows[i])) {
            struct progress progress = {.store = work->store, .row = &rows[i]};
            outcome = end_database(work, &progress, DB_CANCELED, NULL);
            progress_done(&progress);
        } else {
            outcome = move_database(work, sides, &rows[i]);
        }
    }
    return outcome == STEP_MOVED ? conclude(work, rows, count) : outcome;
}

enum step_outcome step_migrate(struct work *work)
{
    auto_sides struct sides sides = {0};
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0) {
        work->delay_ms = 100;
        return work->err.lasting ? STEP_FAILED : STEP_LATER;
    }
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return STEP_FAILED;
    }
    enum step_outcome outcome = move_databases(work, &sides, rows, count);
    migration_databases_free(rows, count);
    if (outcome == STEP_FAILED && stop_requested(&work->worker->stop)) {
        outcome = stop_wish(&work->worker->stop) == STOP_CANCEL ? STEP_CANCELED : STEP_STOPPED;
    }
    return outcome;
}
