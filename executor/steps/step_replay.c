/* SPDX-License-Identifier: MIT */
/*
 * Plays a recording back: the tag malachite.replay. The store gets what the recording says, at its time, so
 * that every call shows it. No server is asked. Between two entries the migration holds no thread.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "executor/fsm/database_row.h"
#include "executor/fsm/migration_fsm.h"
#include "store/testing/recordings.h"

enum { PAUSE_MOST_MS = 60 * 60 * 1000 };

/* Releases the content of a replay. */
static void replay_done(struct replay *replay)
{
    free(replay->content);
}

static double speed_of(const struct migration *migration)
{
    json_auto_t *tags = json_from_text(migration->tags);
    json_t *speed = tags == NULL ? NULL : field_get(tags, "malachite.speed");
    double value = json_is_string(speed) ? strtod(json_string_value(speed), NULL) : 1;
    return value > 0 && isfinite(value) ? value : 1;
}

static int64_t number(json_t *entry, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(entry, name));
}

static void fill_row(struct migration_database *row, json_t *entry)
{
    row->tables_queued = (int)number(entry, "tablesQueued");
    row->tables_loading = (int)number(entry, "tablesLoading");
    row->tables_completed = (int)number(entry, "tablesCompleted");
    row->tables_errored = (int)number(entry, "tablesErrored");
    row->rows_copied = number(entry, "rowsCopied");
    row->bytes_copied = number(entry, "bytesCopied");
    row->bytes_total = number(entry, "bytesTotal");
    row->figures = (struct database_figures){.inserts = number(entry, "inserts"),
                                             .updates = number(entry, "updates"),
                                             .deletes = number(entry, "deletes"),
                                             .applied_changes = number(entry, "appliedChanges"),
                                             .pending_bytes = number(entry, "pendingBytes"),
                                             .latency_seconds = (int)number(entry, "latencySeconds")};
}

static int store_row(struct work *work, struct migration_database *row, json_t *entry)
{
    int state = word_to_value(WORDS_DATABASE_STATE, json_string_value(json_object_get(entry, "state")));
    row->state = state < 0 ? row->state : (enum database_state)state;
    row->started_us = row->started_us == 0 ? clock_now_us() : row->started_us;
    row->ended_us = database_ended(row) && row->ended_us == 0 ? clock_now_us() : row->ended_us;
    fill_row(row, entry);
    if (!str_replace(&row->operation, json_string_value(json_object_get(entry, "operation"))) ||
        !str_replace(&row->message, json_string_value(json_object_get(entry, "message")))) {
        return err_no_memory(&work->err);
    }
    return store_database_update(work->store, row, &work->err) < 0 ||
                   store_database_set_figures(work->store, row->migration_id, row->name, &row->figures,
                                              &work->err) < 0
               ? -1
               : 0;
}

/* The recording's n-th database is the migration's n-th: their names may differ. */
static int play_database(struct work *work, json_t *recording, json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "database"));
    json_t *names = json_object_get(recording, "databases");
    struct migration_database *rows = NULL;
    size_t count = 0;
    size_t at = 0;
    while (at < json_array_size(names) && !str_equals(json_string_value(json_array_get(names, at)), name)) {
        at++;
    }
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return -1;
    }
    int result = at < count && !database_ended(&rows[at]) ? store_row(work, &rows[at], entry) : 0;
    migration_databases_free(rows, count);
    return result;
}

/* STEP_LATER: played, without a move. */
static enum step_outcome play(struct work *work, json_t *recording, json_t *entry)
{
    if (json_object_get(entry, "database") != NULL) {
        return play_database(work, recording, entry) < 0 ? STEP_FAILED : STEP_LATER;
    }
    const struct migration_error error = {.text = json_string_value(json_object_get(entry, "error"))};
    int state = word_to_value(WORDS_MIGRATION_STATE, json_string_value(json_object_get(entry, "state")));
    int to = word_to_value(WORDS_SUBSTATE, json_string_value(json_object_get(entry, "substate")));
    if (to < 0 || state < 0 || to == (int)work->migration.substate) {
        return fsm_show(work, &error) < 0 ? STEP_FAILED : STEP_LATER;
    }
    if (!migration_may_move(work->migration.substate, (enum migration_substate)to)) {
        return STEP_LATER;
    }
    if (to == SUB_COMPLETED) {
        return fsm_end(work, (enum migration_state)state, &error, "The recording has ended.");
    }
    return error.text == NULL ? fsm_move(work, (enum migration_substate)to, "Played from the recording.")
                              : fsm_move_with_error(work, (enum migration_substate)to, &error);
}

/* A cutover is the user's decision: the recorded one is not played until the user has made it here. */
static bool waits_for_cutover(const struct work *work, json_t *entry)
{
    const struct migration_spec *spec = &work->migration.spec;
    int to = word_to_value(WORDS_SUBSTATE, json_string_value(json_object_get(entry, "substate")));
    return work->migration.substate == SUB_WAITING_FOR_CUTOVER_TRIGGER &&
           json_object_get(entry, "database") == NULL && to >= 0 && to != SUB_WAITING_FOR_CUTOVER_TRIGGER &&
           spec->trigger_cutover != FLAG_TRUE && spec->cutover_databases.count == 0;
}

static enum step_outcome pause_until(struct work *work, int64_t due_us)
{
    int64_t left_ms = (due_us - clock_steady_us() + 999) / 1000;
    work->delay_ms = left_ms < 1 ? 1 : left_ms > PAUSE_MOST_MS ? PAUSE_MOST_MS : (int)left_ms;
    return STEP_LATER;
}

static enum step_outcome play_due(struct work *work, struct replay *replay, json_t *recording)
{
    json_t *timeline = json_object_get(recording, "timeline");
    double speed = speed_of(&work->migration);
    while (replay->position < (int64_t)json_array_size(timeline)) {
        json_t *entry = json_array_get(timeline, (size_t)replay->position);
        int64_t after_us = (int64_t)(json_number_value(json_object_get(entry, "at")) * 1e6 / speed);
        if (stop_kind(&work->worker->stop) != STOP_NONE) {
            return stop_kind(&work->worker->stop) == STOP_CANCEL ? STEP_CANCELED : STEP_STOPPED;
        }
        if (waits_for_cutover(work, entry)) {
            replay->base_us = 0;
            return store_replay_put(work->store, replay, &work->err) < 0 ? STEP_FAILED : STEP_WAIT;
        }
        if (replay->base_us == 0) { /* the beginning, or the cutover was requested just now */
            replay->base_us = clock_steady_us() - after_us;
        }
        if (replay->base_us + after_us > clock_steady_us()) {
            return store_replay_put(work->store, replay, &work->err) < 0
                       ? STEP_FAILED
                       : pause_until(work, replay->base_us + after_us);
        }
        replay->position++;
        enum step_outcome outcome = play(work, recording, entry);
        if (outcome != STEP_LATER) {
            return store_replay_put(work->store, replay, &work->err) < 0 ? STEP_FAILED : outcome;
        }
    }
    /* A recording that was made before the end of its migration: the last answer stays. */
    return store_replay_put(work->store, replay, &work->err) < 0 ? STEP_FAILED : STEP_WAIT;
}

enum step_outcome step_replay(struct work *work)
{
    __attribute__((cleanup(replay_done))) struct replay replay = {0};
    if (work->migration.spec.cancel == FLAG_TRUE) {
        return STEP_CANCELED;
    }
    int found = store_replay_get(work->store, work->migration.id, &work->err, &replay);
    json_auto_t *recording = found > 0 ? json_from_text(replay.content) : NULL;
    if (found == 0 || (found > 0 && recording == NULL)) {
        err_set(&work->err, ERR_RESOURCE_NOT_FOUND, "The recording of this replay is missing.");
    }
    return recording == NULL ? STEP_FAILED : play_due(work, &replay, recording);
}
