/* SPDX-License-Identifier: MIT */
/* Copies the databases of a migration, one after the other; completed ones are not copied again. */
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/admin/roles.h"
#include "engine/catalog/replication_name.h"
#include "engine/instance/instance_tree.h"
#include "engine/online/base_copy.h"
#include "engine/pg/pg_point.h"
#include "engine/pg/sqlstate.h"
#include "engine/transfer/transfer.h"
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"
#include "executor/fsm/migration_fsm.h"
#include "executor/retry.h"
#include "executor/steps/progress.h"
#include "executor/steps/target_parameters_private.h"
#include "executor/worker.h"

enum { TARGET_PRESENT_CODE = 603101, JOBS_MAX = 8 };

/* All databases of the migration while they are copied one after the other. */
struct moving {
    struct work *work;
    struct sides *sides; /* looked up again before each further attempt */
    struct migration_database *rows;
    size_t count;
    bool other_failed; /* a followed database has failed while another was being copied */
    struct err other_failure;
};

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

/* ret_stop: the database's stop token when the transfer ended. */
static int transfer_database(struct work *work, const struct sides *sides, struct migration_database *row,
                             struct progress *progress, enum stop_kind *ret_stop)
{
    auto_free char *work_dir = make_work_dir(work, row, &work->err);
    auto_free char *identities = NULL;
    if (work_dir == NULL || online_remembered_identities(work, row, &identities) < 0) {
        return -1;
    }
    const struct transfer_observer observer = progress_observer(progress);
    struct transfer transfer = {.source = &sides->source.work,
                                .target = &sides->target.work,
                                .database = row->name,
                                .fallback_owner = sides->target.login.user,
                                .jobs = job_count(work->executor),
                                .work_dir = work_dir,
                                .tools = &work->executor->tools,
                                .replace = work->migration.spec.overwrite == FLAG_TRUE || row->target_claimed,
                                .patience_ms = work->executor->options->reconnect_seconds * 1000,
                                .stop = &work->worker->database_stop,
                                .observer = &observer,
                                .identities = identities};
    if (target_parameters_read(work, &sides->target.server, &transfer) < 0) {
        return -1;
    }
    worker_enter_database(work->worker, row->name);
    int result = pg_point_work(POINT_DATABASE_BEGIN, sides->source.work.label, row->name, &work->err) != 0
                     ? -1
                 : row->replication == NULL ? transfer_run(&transfer, &work->err)
                                            : base_copy_run(&transfer, row->replication, &work->err);
    *ret_stop = stop_kind(&work->worker->database_stop);
    worker_enter_database(work->worker, NULL);
    struct err ignored = {0};
    (void)tree_remove(work_dir, &ignored);
    return result;
}

/* About once a second during a copy ("at"): databases followed in the meantime may be canceled or fail. */
static void check_others(struct moving *moving, const struct migration_database *at)
{
    struct work *work = moving->work;
    struct err kept = work->err; /* the running copy also writes there */
    bool failed = fsm_refresh_decisions(work) < 0;
    for (size_t i = 0; i < moving->count && !failed; i++) {
        struct migration_database *row = &moving->rows[i];
        if (row == at || !row->following || database_ended(row)) {
            continue;
        }
        failed = database_is_canceled(work, row) ? online_cancel_database(work, moving->sides, row) < 0
                                                 : online_follow(work, row, 1) < 0;
    }
    if (failed && !moving->other_failed) {
        moving->other_failed = true;
        moving->other_failure = work->err;
        stop_request(&work->worker->database_stop, STOP_CANCEL);
    }
    work->err = kept;
}

static void on_progress(void *context, const struct migration_database *at)
{
    struct moving *moving = context;
    if (is_online(&moving->work->migration) && !moving->other_failed) {
        check_others(moving, at);
    }
}

static struct progress observe(struct moving *moving, struct migration_database *row)
{
    return (struct progress){
        .store = moving->work->store, .row = row, .on_progress = on_progress, .context = moving};
}

/* A restarted copy resets its figures; the message says so until it ends. "reason": of an attempt of this
 * process, or NULL. */
static int restart_figures(struct migration_database *row, const char *reason, struct err *err)
{
    int tables = row->tables_queued + row->tables_loading + row->tables_completed + row->tables_errored;
    bool under_way = tables > row->tables_queued;
    row->tables_queued = tables;
    row->tables_loading = row->tables_completed = row->tables_errored = 0;
    row->rows_copied = row->bytes_copied = 0;
    if (!under_way) {
        return 0;
    }
    free(row->message);
    row->message =
        str_format("The copy of this database restarted, because the previous attempt was interrupted: %s",
                   reason != NULL ? reason : "Malachite ended.");
    return row->message == NULL ? err_no_memory(err) : 0;
}

/* Prepares the row of a database whose copy starts, for the first time or again after an interruption. */
static int begin_database(struct work *work, struct migration_database *row, const char *reason)
{
    row->state = DB_IN_PROGRESS;
    row->started_us = row->started_us == 0 ? clock_now_us() : row->started_us;
    if (restart_figures(row, reason, &work->err) < 0) {
        return -1;
    }
    if (is_online(&work->migration) && row->replication == NULL) {
        row->replication = replication_name(work->migration.uuid, row->position);
        if (row->replication == NULL) {
            return err_no_memory(&work->err);
        }
        if (online_remember(work, row) < 0) {
            return -1;
        }
    }
    if (store_table_forget(work->store, row->migration_id, row->name, &work->err) < 0) {
        return -1;
    }
    return store_database_update(work->store, row, &work->err);
}

/* The database is copied completely; for an online migration, following starts now. */
static enum step_outcome conclude_database(struct work *work, struct migration_database *row,
                                           const char *warnings)
{
    (void)str_replace(&row->message, NULL); /* that it restarted */
    if (row->replication == NULL) {
        return database_end(work, row, DB_SUCCEEDED, warnings) < 0 ? STEP_FAILED : STEP_MOVED;
    }
    row->following = true;
    if (database_end(work, row, DB_WAITING_FOR_CUTOVER, warnings) < 0 || online_follow(work, row, 1) < 0) {
        return STEP_FAILED;
    }
    return STEP_MOVED;
}

static enum step_outcome cancel_database(struct work *work, const struct sides *sides,
                                         struct migration_database *row)
{
    return online_cancel_database(work, sides, row) < 0 ? STEP_FAILED : STEP_MOVED;
}

/* Keeps no resources on the source while the user decides. */
static enum step_outcome ask_for_overwrite(struct work *work, const struct sides *sides,
                                           struct migration_database *row)
{
    struct err reason = work->err;
    (void)online_clean_up_database(work, sides, row);
    enum step_outcome outcome = fsm_move(work, SUB_WAITING_FOR_OVERWRITE, reason.message);
    return outcome == STEP_MOVED ? STEP_WAIT : outcome;
}

/* Shows the client, as the running step, why an attempt failed, until the next attempt has a step of its
 * own. */
static void show_restart(struct work *work, struct migration_database *row, bool news)
{
    struct err ignored = {0};
    auto_free char *text =
        str_format("The copy of the database '%s' restarts: %s", row->name, work->err.message);
    if (news) {
        work_add_event_once(work, text);
    }
    if (text != NULL && str_replace(&row->operation, text)) {
        (void)store_database_update(work->store, row, &ignored);
    }
}

/* In the meantime servers may have been restarted, and passwords changed. 1: found, 0: not at the moment. */
static int find_sides(struct moving *moving)
{
    auto_sides struct sides found = {0};
    struct work *work = moving->work;
    if (fsm_refresh_logins(work) < 0) {
        return -1;
    }
    if (sides_find(work->executor, &work->migration, &work->err, &found) < 0) {
        return -1;
    }
    const struct sides before = *moving->sides;
    *moving->sides = found;
    found = before;
    return 0;
}

/* One attempt to copy a database from the start. Objects that an earlier attempt created on the target
 * belong to the migration (target_claimed) and are dropped with the database that it created. */
static int attempt(struct moving *moving, struct migration_database *row, struct progress *progress,
                   bool again, enum stop_kind *ret_stop)
{
    /* The error of the previous attempt; a later failure to find the servers did not interrupt that one. */
    const struct err reason = again ? moving->work->err : (struct err){0};
    if ((again && find_sides(moving) < 0) ||
        begin_database(moving->work, row, again ? reason.message : NULL) < 0) {
        return -1;
    }
    return transfer_database(moving->work, moving->sides, row, progress, ret_stop);
}

/* Each further attempt would fill the target again from the start. */
static bool is_disk_full(const struct err *err)
{
    return sqlstate_is(err->sqlstate, SQLSTATE_DISK_FULL);
}

static int move_or_retry(struct moving *moving, struct migration_database *row, struct progress *progress,
                         enum stop_kind *ret_stop)
{
    struct work *work = moving->work;
    struct retry retry = {0};
    for (bool again = false; attempt(moving, row, progress, again, ret_stop) != 0; again = true) {
        bool advanced = row->bytes_copied > 0;
        if (moving->other_failed || *ret_stop != STOP_NONE || is_disk_full(&work->err)) {
            return -1;
        }
        if (failure_is_transient(&work->err)) {
            show_restart(work, row, advanced || !again);
        }
        if (!retry_after(&retry, work, &work->worker->stop, advanced)) {
            return -1;
        }
        progress_done(progress);
        *progress = observe(moving, row);
    }
    return 0;
}

/* STEP_MOVED: this database has ended, successfully or not, or is followed; continue with the next. */
static enum step_outcome move_database(struct moving *moving, struct migration_database *row)
{
    struct work *work = moving->work;
    struct progress progress = observe(moving, row);
    enum stop_kind stop = STOP_NONE;
    int result = move_or_retry(moving, row, &progress, &stop);
    enum step_outcome outcome = STEP_MOVED;
    if (moving->other_failed) {
        work->err = moving->other_failure;
        outcome = STEP_FAILED;
    } else if (result == 0) {
        auto_free char *warnings = progress_warnings(&progress);
        outcome = conclude_database(work, row, warnings);
    } else if (stop_kind(&work->worker->stop) != STOP_NONE) {
        outcome = stop_kind(&work->worker->stop) == STOP_CANCEL ? STEP_CANCELED : STEP_STOPPED;
    } else if (stop == STOP_CANCEL) {
        outcome = cancel_database(work, moving->sides, row);
    } else if (failure_is_of_store(&work->err)) {
        outcome = STEP_FAILED; /* to resume when the store can be written again */
    } else if (work->err.service_code == TARGET_PRESENT_CODE) {
        outcome = ask_for_overwrite(work, moving->sides, row);
    } else {
        struct err reason = work->err;
        char cause[ERR_CAUSE_SIZE];
        int ended = database_fail(work, row, reason.message, err_cause(&reason, cause));
        outcome = ended < 0 ? STEP_FAILED : STEP_MOVED;
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
        struct err ignored = {0};
        (void)store_event_add(work->store, work->migration.id, warnings.items[i], &ignored);
    }
    return result < 0 ? retry_later(work, outcome_of_failure(work)) : STEP_MOVED;
}

/* Continues when every database has ended. As in the service, the error lists "<database>: <message>". */
static enum step_outcome conclude(struct work *work, const struct migration_database *rows, size_t count)
{
    auto_buf struct buf error = BUF_MAX(64 * 1024);
    const char *code = NULL; /* of the first failure */
    size_t failures = 0;
    size_t canceled = 0;
    for (size_t i = 0; i < count; i++) {
        canceled += rows[i].state == DB_CANCELED ? 1 : 0;
        if (rows[i].state == DB_FAILED) {
            code = failures++ == 0 ? rows[i].error_code : code;
            const char *message = rows[i].message == NULL ? "" : rows[i].message;
            buf_addf(&error, "%s%s: %s", error.len == 0 ? "" : " ", rows[i].name, message);
        }
    }
    if (canceled == count) {
        return STEP_CANCELED;
    }
    if (failures > 0) {
        return fsm_end(work, STATE_FAILED, &(struct migration_error){.text = buf_text(&error), .code = code},
                       "At least one database could not be migrated.");
    }
    const struct migration_spec *spec = &work->migration.spec;
    if (is_online(&work->migration) &&
        (spec->trigger_cutover != FLAG_TRUE || spec->cutover_databases.count > 0)) {
        return fsm_move(work, SUB_WAITING_FOR_CUTOVER_TRIGGER,
                        "The base copy is complete. Changes are replicated until the cutover.");
    }
    return fsm_move(work, SUB_COMPLETING_MIGRATION, "All databases were migrated.");
}

static enum step_outcome move_databases(struct moving *moving)
{
    struct work *work = moving->work;
    enum step_outcome outcome = copy_roles(work, moving->sides);
    for (size_t i = 0; i < moving->count && outcome == STEP_MOVED; i++) {
        struct migration_database *row = &moving->rows[i];
        if (fsm_refresh_decisions(work) < 0) {
            return STEP_FAILED;
        }
        if (database_ended(row)) {
            continue;
        }
        if (database_is_canceled(work, row)) {
            outcome = cancel_database(work, moving->sides, row);
        } else if (row->following) {
            outcome = online_follow(work, row, 1) < 0 ? STEP_FAILED : STEP_MOVED;
        } else {
            outcome = move_database(moving, row);
        }
        if (is_online(&work->migration) && row->state == DB_FAILED) {
            break; /* an online migration fails as a whole */
        }
    }
    if (outcome == STEP_MOVED && fsm_refresh_decisions(work) < 0) {
        return STEP_FAILED;
    }
    return outcome == STEP_MOVED ? conclude(work, moving->rows, moving->count) : outcome;
}

enum step_outcome step_migrate(struct work *work)
{
    auto_sides struct sides sides = {0};
    struct moving moving = {.work = work, .sides = &sides};
    if (sides_find(work->executor, &work->migration, &work->err, &sides) < 0) {
        work->delay_ms = 100;
        return work->err.lasting ? retry_later(work, outcome_of_failure(work)) : STEP_LATER;
    }
    if (store_database_list(work->store, work->migration.id, &work->err, &moving.rows, &moving.count) < 0) {
        return STEP_FAILED;
    }
    enum step_outcome outcome = move_databases(&moving);
    migration_databases_free(moving.rows, moving.count);
    return outcome == STEP_FAILED ? outcome_of_failure(work) : outcome;
}
