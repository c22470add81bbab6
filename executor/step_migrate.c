/* SPDX-License-Identifier: MIT */
/* Moves the databases of a migration, one after the other; what is already there is not moved again. */
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/base_copy.h"
#include "engine/instance_tree.h"
#include "engine/replication_name.h"
#include "engine/roles.h"
#include "engine/transfer.h"
#include "executor/database_row.h"
#include "executor/migration_fsm.h"
#include "executor/online.h"
#include "executor/progress.h"
#include "executor/sides.h"

enum { TARGET_PRESENT_CODE = 603101, JOBS_MAX = 8, BEGIN_AGAIN_MS = 1000, SLICE_MS = 50 };

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
    int result = row->replication == NULL ? transfer_run(&transfer, &work->err)
                                          : base_copy_run(&transfer, row->replication, &work->err);
    *ret_wish = stop_wish(&work->worker->database_stop);
    worker_enter_database(work->worker, NULL);
    struct err ignored;
    (void)tree_remove(work_dir, &ignored);
    return result;
}

/* Readies the row of a database whose copy begins, for the first time or again after an interruption. */
static int begin_database(struct work *work, struct migration_database *row)
{
    row->state = DB_IN_PROGRESS;
    row->started_us = row->started_us == 0 ? clock_now_us() : row->started_us;
    row->tables_queued = row->tables_loading = row->tables_completed = row->tables_errored = 0;
    row->rows_copied = row->bytes_copied = row->bytes_total = 0;
    if (is_online(&work->migration) && row->replication == NULL) {
        row->replication = replication_name(work->migration.uuid, row->position);
        if (row->replication == NULL) {
            return err_no_memory(&work->err);
        }
    }
    if (store_table_forget(work->store, row->migration_id, row->name, &work->err) < 0) {
        return -1;
    }
    return store_database_update(work->store, row, &work->err);
}

/* All of this database is there; of an online migration, the changes follow from now on. */
static enum step_outcome conclude_database(struct work *work, struct migration_database *row,
                                           const char *warnings)
{
    if (row->replication == NULL) {
        return database_end(work, row, DB_SUCCEEDED, warnings) < 0 ? STEP_FAILED : STEP_MOVED;
    }
    row->following = true;
    if (database_end(work, row, DB_WAITING_FOR_CUTOVER, warnings) < 0 || online_follow(work, row, 1) < 0) {
        return STEP_FAILED;
    }
    return STEP_MOVED;
}

/* What cannot be removed from a server now is removed at the end of the migration, or later. */
static enum step_outcome cancel_database(struct work *work, const struct sides *sides,
                                         struct migration_database *row)
{
    struct err reason = work->err;
    (void)online_clean_up_database(work, sides, row);
    work->err = reason;
    return database_end(work, row, DB_CANCELED, NULL) < 0 ? STEP_FAILED : STEP_MOVED;
}

/* Nothing is kept on the source while the user thinks. */
static enum step_outcome ask_for_overwrite(struct work *work, const struct sides *sides,
                                           struct migration_database *row)
{
    struct err reason = work->err;
    (void)online_clean_up_database(work, sides, row);
    enum step_outcome outcome = fsm_move(work, SUB_WAITING_FOR_OVERWRITE, reason.message);
    return outcome == STEP_MOVED ? STEP_WAIT : outcome;
}

/* An online migration outlives a server that goes away for a while: its base copy begins again. */
static bool may_begin_again(struct work *work, const struct migration_database *row, int64_t *since_ms)
{
    int64_t limit_ms = (int64_t)work->executor->options->reconnect_seconds * 1000;
    int64_t now_ms = clock_monotonic_ms();
    if (row->replication == NULL || work->err.lasting || stop_requested(&work->worker->database_stop)) {
        return false;
    }
    if (*since_ms == 0) {
        struct err ignored;
        auto_free char *text =
            str_format("The base copy of the database '%s' begins again: %s", row->name, work->err.message);
        *since_ms = now_ms;
        if (text != NULL) {
            (void)store_event_add(work->store, work->migration.id, text, &ignored);
        }
    }
    for (int waited = 0; waited < BEGIN_AGAIN_MS && !stop_requested(&work->worker->stop);
         waited += SLICE_MS) {
        clock_sleep_ms(SLICE_MS);
    }
    return now_ms - *since_ms < limit_ms && !stop_requested(&work->worker->stop);
}

static int move_or_retry(struct work *work, const struct sides *sides, struct migration_database *row,
                         struct progress *progress, enum stop_wish *ret_wish)
{
    int64_t failing_since_ms = 0;
    for (;;) {
        if (begin_database(work, row) < 0) {
            return -1;
        }
        if (transfer_database(work, sides, row, progress, ret_wish) == 0) {
            return 0;
        }
        if (!may_begin_again(work, row, &failing_since_ms)) {
            return -1;
        }
        progress_done(progress);
        *progress = (struct progress){.store = work->store, .row = row};
    }
}

/* STEP_MOVED: this database has ended, one way or another, or is followed; go on with the next. */
static enum step_outcome move_database(struct work *work, const struct sides *sides,
                                       struct migration_database *row)
{
    struct progress progress = {.store = work->store, .row = row};
    enum stop_wish wish = STOP_NONE;
    int result = move_or_retry(work, sides, row, &progress, &wish);
    enum step_outcome outcome = STEP_MOVED;
    if (result == 0) {
        auto_free char *warnings = progress_warnings(&progress);
        outcome = conclude_database(work, row, warnings);
    } else if (stop_wish(&work->worker->stop) != STOP_NONE) {
        outcome = stop_wish(&work->worker->stop) == STOP_CANCEL ? STEP_CANCELED : STEP_STOPPED;
    } else if (wish == STOP_CANCEL) {
        outcome = cancel_database(work, sides, row);
    } else if (work->err.service_code == TARGET_PRESENT_CODE) {
        outcome = ask_for_overwrite(work, sides, row);
    } else {
        struct err reason = work->err;
        outcome = database_end(work, row, DB_FAILED, reason.message) < 0 ? STEP_FAILED : STEP_MOVED;
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
    const struct migration_spec *spec = &work->migration.spec;
    if (is_online(&work->migration) &&
        (spec->trigger_cutover != FLAG_TRUE || spec->cutover_databases.count > 0)) {
        return fsm_move(work, SUB_WAITING_FOR_CUTOVER_TRIGGER,
                        "The base copy is complete; the changes of the source follow until the cutover.");
    }
    return fsm_move(work, SUB_COMPLETING_MIGRATION, "All databases were moved.");
}

static enum step_outcome move_databases(struct work *work, const struct sides *sides,
                                        struct migration_database *rows, size_t count)
{
    enum step_outcome outcome = copy_roles(work, sides);
    for (size_t i = 0; i < count && outcome == STEP_MOVED; i++) {
        if (database_ended(&rows[i])) {
            continue;
        }
        if (database_is_canceled(work, &rows[i])) {
            outcome = cancel_database(work, sides, &rows[i]);
        } else if (rows[i].following) {
            outcome = online_follow(work, &rows[i], 1) < 0 ? STEP_FAILED : STEP_MOVED;
        } else {
            outcome = move_database(work, sides, &rows[i]);
        }
        if (is_online(&work->migration) && rows[i].state == DB_FAILED) {
            break; /* an online migration fails as a whole */
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
