/* SPDX-License-Identifier: MIT */
/* The last steps: completing, and canceling. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/databases.h"
#include "executor/migration_fsm.h"
#include "executor/sides.h"

enum step_outcome step_complete(struct work *work)
{
    return fsm_end(work, STATE_SUCCEEDED, NULL, "The migration succeeded.");
}

/*
 * A killed process may have left sessions at work on the target, which PostgreSQL would end only when it
 * notices. Where the target cannot be reached there is nothing to end.
 */
static void end_leftover_sessions(const struct work *work, const struct migration_database *row)
{
    struct err ignored;
    auto_sides struct sides sides = {0};
    bool ours = work->migration.created_us >= work->executor->started_us;
    if (!ours && row->target_claimed && sides_find(work->executor, &work->migration, &ignored, &sides) == 0) {
        (void)database_end_own_sessions(&sides.target.work, row->name, &work->executor->stop, &ignored);
    }
}

/* The worker that moved a database has stopped it before the migration came here: only the rows remain to be
 * closed. */
enum step_outcome step_cancel(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    int result = store_database_list(work->store, work->migration.id, &work->err, &rows, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        bool open = rows[i].state == DB_IN_PROGRESS || rows[i].state == DB_WAITING_FOR_CUTOVER ||
                    rows[i].state == DB_CANCELING;
        if (open) {
            end_leftover_sessions(work, &rows[i]);
            rows[i].state = DB_CANCELED;
            rows[i].ended_us = rows[i].started_us == 0 ? 0 : clock_now_us();
            (void)str_replace(&rows[i].operation, NULL);
            result = store_database_update(work->store, &rows[i], &work->err);
        }
    }
    migration_databases_free(rows, count);
    if (result < 0) {
        return STEP_FAILED;
    }
    return fsm_end(work, STATE_CANCELED, NULL,
                   "The migration was canceled; databases on the target stay as they are.");
}
