/* SPDX-License-Identifier: MIT */
/*
 * The cutover of databases. After an interruption, the servers show what has been done: the helper on the
 * target is removed last, so a database without one, whose evidence exists, is finished.
 */
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/pg_point.h"
#include "engine/replication/replication.h"
#include "engine/replication/tables/position.h"
#include "executor/follow/followers.h"
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"
#include "executor/retry.h"

enum { PAUSE_LEAST_MS = 20, PAUSE_MOST_MS = 500, CUTOVER_JOBS = 2 };

/* The remaining cutover of one database. */
struct ending {
    struct migration_database *row;
    bool resumed;  /* an earlier process began it */
    bool finished; /* and completed all but the final report */
    bool stopped;  /* all changes had been applied then */
    struct follower_view view;
};

bool cutover_is_due(const struct work *work, const struct migration_database *row)
{
    const struct migration_spec *spec = &work->migration.spec;
    bool named = spec->cutover_databases.count == 0 || str_list_has(&spec->cutover_databases, row->name);
    bool triggered = spec->trigger_cutover == FLAG_TRUE && named;
    bool begun = row->cutover_position != NULL; /* before Malachite was stopped: the trigger may be missing */
    bool completing =
        work->migration.substate == SUB_COMPLETING_MIGRATION; /* all databases were cut over together */
    return !database_ended(row) && (triggered || begun || completing);
}

/* Short pauses, because the user waits for the end of a cutover. */
static struct retry begin_retry(void)
{
    return (struct retry){.least_ms = PAUSE_LEAST_MS, .most_ms = PAUSE_MOST_MS};
}

/* ---- the position at the trigger
 * ---------------------------------------------------------------------------
 */

static int find_position(struct work *work, const struct migration_database *row, uint64_t *ret_position)
{
    struct retry retry = begin_retry();
    for (;;) {
        if (followers_source_position(work->executor->followers, work->migration.id, &work->worker->stop,
                                      &work->err, ret_position) == 0) {
            return 0;
        }
        struct follower_view view;
        follower_look(work->executor->followers, work->migration.id, row->name, &view);
        if (view.state == FOLLOWER_FAILED) {
            work->err = view.failure;
            return -1;
        }
        if (!retry_after(&retry, work, &work->worker->stop, false)) {
            return -1;
        }
    }
}

/* Stores the position with every database before anything depends on it. */
static int mark_trigger(struct work *work, struct ending *endings, size_t count)
{
    uint64_t position = 0;
    char text[POSITION_TEXT_SIZE] = "";
    for (size_t i = 0; i < count; i++) {
        struct migration_database *row = endings[i].row;
        if (row->cutover_position == NULL) {
            if (text[0] == '\0' && find_position(work, row, &position) != 0) {
                return -1;
            }
            if (!str_replace(&row->cutover_position, position_format(position, text))) {
                return err_no_memory(&work->err);
            }
        }
        row->state = DB_IN_PROGRESS;
        if (!endings[i].resumed && !str_replace(&row->operation, "Applying the last changes")) {
            return err_no_memory(&work->err);
        }
        if (store_database_update(work->store, row, &work->err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- after an interruption
 * -----------------------------------------------------------------------------------
 */

static int inspect_once(struct work *work, const struct sides *sides, struct ending *ending)
{
    const struct migration_database *row = ending->row;
    struct replica_progress *progress = &ending->view.progress;
    int there = replica_look(&sides->target.work, row->name, row->replication, &work->worker->stop,
                             &work->err, progress, &ending->stopped);
    if (there < 0) {
        return -1;
    }
    ending->finished = there == 0;
    ending->view.position = progress->position;
    /* Store the evidence before anything is removed: another process has removed the helper, or
     * everything. */
    if (ending->finished && row->evidence == NULL) {
        err_set(&work->err, ERR_CONFLICT,
                "The database '%s' on the target was replaced since replication started.", row->name);
        work->err.lasting = true;
        return -1;
    }
    return 0;
}

static int find_remaining(struct work *work, const struct sides *sides, struct ending *ending)
{
    struct retry retry = begin_retry();
    ending->resumed = ending->row->cutover_position != NULL;
    while (ending->resumed && inspect_once(work, sides, ending) < 0) {
        if (!retry_after(&retry, work, &work->worker->stop, false)) {
            return -1;
        }
    }
    return 0;
}

/* ---- one database
 * --------------------------------------------------------------------------------------------
 */

static int finish_once(struct work *work, const struct sides *sides, struct ending *ending)
{
    struct migration_database *row = ending->row;
    const struct replica_progress *progress = &ending->view.progress;
    char applied[POSITION_TEXT_SIZE];
    struct evidence evidence = {0};
    bool skip_large_objects = false;
    if (server_parameter_is_on(work->executor, &sides->target.server, "azure.migration_skip_large_objects",
                               &work->err, &skip_large_objects) < 0) {
        return -1;
    }
    const struct cutover cutover = {.source = &sides->source.work,
                                    .target = &sides->target.work,
                                    .database = row->name,
                                    .name = row->replication,
                                    .fallback_owner = sides->target.login.user,
                                    .jobs = CUTOVER_JOBS,
                                    .changed = progress->transactions > 0,
                                    .skip_large_objects = skip_large_objects,
                                    .count_ms = work->executor->options->evidence_ms,
                                    .stop = &work->worker->stop};
    int result = cutover_finish(&cutover, &work->err, &evidence);
    if (result == 0) {
        free(row->evidence);
        row->evidence = evidence_to_json(row, position_format(ending->view.position, applied), &evidence);
        result = row->evidence == NULL ? err_no_memory(&work->err)
                                       : store_database_update(work->store, row, &work->err);
    }
    evidence_done(&evidence);
    return result;
}

static int store_last_figures(struct work *work, const struct ending *ending)
{
    const struct replica_progress *progress = &ending->view.progress;
    struct database_figures figures = ending->row->figures;
    figures.inserts = progress->inserts;
    figures.updates = progress->updates;
    figures.deletes = progress->deletes;
    figures.applied_changes = progress->inserts + progress->updates + progress->deletes + progress->truncates;
    figures.pending_bytes = 0;
    return store_database_set_figures(work->store, ending->row->migration_id, ending->row->name, &figures,
                                      &work->err);
}

/* Also checks evidence of an earlier run, which stored it before it could end. */
static int check_evidence(struct work *work, const struct migration_database *row)
{
    auto_free char *losses = evidence_losses(row->evidence);
    if (losses == NULL) {
        return 0;
    }
    err_set(&work->err, ERR_CONFLICT,
            "The database '%s' was cut over, but its data on the target cannot be trusted: %s Keep using the "
            "source, and create a new migration.",
            row->name, losses);
    work->err.lasting = true;
    return -1;
}

static int end_succeeded(struct work *work, struct migration_database *row)
{
    auto_free char *warnings = evidence_warnings(row->evidence, row->message);
    return database_end(work, row, DB_SUCCEEDED, warnings);
}

/* The data is complete, so a failed cleanup is a warning, and step_clean_up() retries it. */
static int clean_up(struct work *work, const struct sides *sides, struct migration_database *row,
                    struct err *ret_pending)
{
    struct retry retry = begin_retry();
    while (online_clean_up_database(work, sides, row) != 0) {
        if (retry_after(&retry, work, &work->worker->stop, false)) {
            continue;
        }
        if (stop_requested(&work->worker->stop)) {
            return -1;
        }
        *ret_pending = work->err;
        return 0;
    }
    return 0;
}

static int finish(struct work *work, const struct sides *sides, struct ending *ending)
{
    struct retry retry = begin_retry();
    struct migration_database *row = ending->row;
    follower_stop(work->executor->followers, work->migration.id, row->name);
    while (!ending->finished && finish_once(work, sides, ending) != 0) {
        if (!retry_after(&retry, work, &work->worker->stop, false)) {
            return -1;
        }
    }
    if (check_evidence(work, row) != 0) {
        return -1;
    }
    if (!ending->finished && store_last_figures(work, ending) < 0) {
        return -1;
    }
    struct err pending = {0};
    if (clean_up(work, sides, row, &pending) != 0 || end_succeeded(work, row) != 0) {
        return -1;
    }
    return row->replication == NULL ? 0 : online_show_pending_cleanup(work, row, &pending);
}

/* ---- all of them
 * -----------------------------------------------------------------------------------------------
 */

static int apply_remaining(struct work *work, struct ending *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ending *ending = &endings[i];
        uint64_t position = 0;
        if (ending->finished || ending->stopped) {
            continue;
        }
        if (!position_parse(ending->row->cutover_position, &position)) {
            return err_set(&work->err, ERR_INTERNAL, "'%s' is not a WAL position.",
                           ending->row->cutover_position);
        }
        if (follower_wait(work->executor->followers, work->migration.id, ending->row->name, position,
                          &work->worker->stop, &work->err, &ending->view) != 0) {
            struct err reason = work->err;
            bool shown = !reason.waiting || online_show(work, ending->row, reason.message) == 0;
            work->err = shown ? reason : work->err;
            return -1;
        }
    }
    return 0;
}

/* At a point of each database; transient failures are retried like all others here. */
static int visit(struct work *work, enum point point, const struct ending *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct retry retry = begin_retry();
        const char *database = endings[i].row->name;
        auto_free char *doing = str_format("Cutover of database '%s'", database);
        if (doing == NULL) {
            return err_no_memory(&work->err);
        }
        while (!endings[i].finished && pg_point_work(point, doing, database, &work->err) != 0) {
            if (!retry_after(&retry, work, &work->worker->stop, false)) {
                return -1;
            }
        }
    }
    return 0;
}

static int follow_remaining(struct work *work, const struct ending *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!endings[i].finished && !endings[i].stopped && online_follow_one(work, endings[i].row) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A database that waits for the user does not block the others. */
static int finish_all(struct work *work, const struct sides *sides, struct ending *endings, size_t count)
{
    struct err waiting = {0};
    for (size_t i = 0; i < count; i++) {
        if (finish(work, sides, &endings[i]) == 0) {
            continue;
        }
        if (!work->err.waiting || online_show(work, endings[i].row, work->err.message) != 0) {
            return -1;
        }
        waiting = work->err;
    }
    work->err = waiting;
    return waiting.waiting ? -1 : 0;
}

static int cut_over(struct work *work, const struct sides *sides, struct ending *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (find_remaining(work, sides, &endings[i]) != 0) {
            return -1;
        }
    }
    if (follow_remaining(work, endings, count) != 0 || mark_trigger(work, endings, count) != 0 ||
        visit(work, POINT_CUTOVER_BEGIN, endings, count) != 0 || apply_remaining(work, endings, count) != 0 ||
        visit(work, POINT_CUTOVER_APPLIED, endings, count) != 0) {
        return -1;
    }
    return finish_all(work, sides, endings, count);
}

int online_cut_over(struct work *work, const struct sides *sides, struct migration_database *const *rows,
                    size_t count)
{
    auto_free struct ending *endings = calloc(count + 1, sizeof(*endings));
    if (endings == NULL) {
        return err_no_memory(&work->err);
    }
    for (size_t i = 0; i < count; i++) {
        endings[i].row = rows[i];
    }
    return cut_over(work, sides, endings, count);
}
