/* SPDX-License-Identifier: MIT */
/* Cancels a migration, and retries cleanups after its end. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/admin/databases.h"
#include "executor/follow/online.h"
#include "executor/fsm/database_row.h"

enum { SETTLE_AGAIN_LEAST_MS = 5000, SETTLE_AGAIN_MOST_MS = 5 * 60 * 1000 };

/*
 * A killed process may have left sessions running on the target, which PostgreSQL would notice late. An
 * unreachable target has none to end.
 */
static void end_leftover_sessions(const struct work *work, const struct migration_database *row)
{
    struct err ignored = {0};
    auto_sides struct sides sides = {0};
    bool ours = work->migration.created_us >= work->executor->started_us;
    if (!ours && row->target_claimed && sides_find(work->executor, &work->migration, &ignored, &sides) == 0) {
        (void)database_end_own_sessions(&sides.target.work, row->name, &work->executor->stop, &ignored);
    }
}

/* The worker has already stopped the transfer of a database when the migration gets here: remove the
 * replication, and close the rows. */
enum step_outcome step_cancel(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    int result = store_database_list(work->store, work->migration.id, &work->err, &rows, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (!database_ended(&rows[i])) {
            rows[i].state = DB_CANCELING;
            result = store_database_update(work->store, &rows[i], &work->err);
            end_leftover_sessions(work, &rows[i]);
        }
    }
    migration_databases_free(rows, count);
    (void)online_clean_up(work);
    if (result < 0 || databases_end(work, DB_CANCELED, NULL) < 0) {
        return STEP_FAILED;
    }
    return fsm_end(work, STATE_CANCELED, &(struct migration_error){0},
                   "The migration was canceled. Databases on the target stay unchanged.");
}

/* The longer a server has been unreachable, the less often it is tried. */
static int cleanup_pause_ms(const struct migration *migration)
{
    int64_t pause_ms = (clock_now_us() - migration->ended_us) / 1000 / 8;
    return pause_ms < SETTLE_AGAIN_LEAST_MS  ? SETTLE_AGAIN_LEAST_MS
           : pause_ms > SETTLE_AGAIN_MOST_MS ? SETTLE_AGAIN_MOST_MS
                                             : (int)pause_ms;
}

/* Ended migrations get here as long as an unreachable server keeps their replication. */
enum step_outcome step_clean_up(struct work *work)
{
    if (online_clean_up(work) != 0) {
        work->delay_ms = cleanup_pause_ms(&work->migration);
        return STEP_LATER;
    }
    return store_migration_cleaned_up(work->store, work->migration.id, &work->err) < 0 ? STEP_STOPPED
                                                                                       : STEP_WAIT;
}
