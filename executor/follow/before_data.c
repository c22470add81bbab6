/* SPDX-License-Identifier: MIT */
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"
#include "executor/fsm/migration_fsm.h"

static int end_database(struct work *work, struct migration_database *row)
{
    auto_sides struct sides sides = {0};
    bool found =
        row->replication != NULL && sides_find(work->executor, &work->migration, &work->err, &sides) == 0;
    return found ? online_cancel_database(work, &sides, row) : database_end(work, row, DB_CANCELED, NULL);
}

static int end_canceled(struct work *work, struct migration_database *rows, size_t count, bool *ret_any)
{
    for (size_t i = 0; i < count; i++) {
        if (database_ended(&rows[i]) || !database_is_canceled(work, &rows[i])) {
            continue;
        }
        if (end_database(work, &rows[i]) < 0) {
            return -1;
        }
        *ret_any = true;
    }
    return 0;
}

enum step_outcome before_data(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    bool any = false;
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return STEP_FAILED;
    }
    int result = end_canceled(work, rows, count, &any);
    if (result == 0 && is_online(&work->migration)) {
        result = online_follow(work, rows, count);
    }
    migration_databases_free(rows, count);
    if (result < 0) {
        return outcome_of_failure(work);
    }
    /* The question may have been about a canceled database. */
    return any && work->migration.substate == SUB_WAITING_FOR_OVERWRITE
               ? fsm_move(work, SUB_PERFORMING_PREREQUISITE_STEPS, "A database was canceled.")
               : STEP_MOVED;
}
