/* SPDX-License-Identifier: MIT */
#include "executor/fsm/substate_points_private.h"

#include "engine/pg/pg_point.h"
#include "executor/expiry.h"
#include "executor/retry.h"

/* A migration on its way to its end leaves even when a rule would fail it: it could not end at all. */
enum step_outcome substate_leave(struct work *work, enum migration_substate to, enum migration_state state)
{
    bool ends = to == SUB_CANCELING || (to == SUB_COMPLETED && state != STATE_SUCCEEDED);
    struct err kept = work->err;
    if (pg_point_work(POINT_SUBSTATE_LEAVE, word_of(WORDS_SUBSTATE, (int)work->migration.substate), NULL,
                      &work->err) == 0) {
        return STEP_MOVED;
    }
    enum stop_kind kind = stop_kind(&work->worker->stop);
    if (kind == STOP_SHUTDOWN) {
        return STEP_STOPPED;
    }
    if (ends || (kind == STOP_CANCEL && migration_ends_by_itself(&work->migration))) {
        work->err = kept;
        return STEP_MOVED;
    }
    return outcome_of_failure(work);
}

enum step_outcome substate_enter(struct work *work)
{
    if (work->migration.substate == SUB_COMPLETED ||
        pg_point_work(POINT_SUBSTATE_ENTER, word_of(WORDS_SUBSTATE, (int)work->migration.substate), NULL,
                      &work->err) == 0) {
        return STEP_MOVED;
    }
    enum stop_kind kind = stop_kind(&work->worker->stop);
    if (kind == STOP_CANCEL && migration_ends_by_itself(&work->migration)) {
        return STEP_MOVED;
    }
    return retry_later(work, outcome_of_failure(work));
}
