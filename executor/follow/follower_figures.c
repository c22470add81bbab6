/* SPDX-License-Identifier: MIT */
#include "executor/follow/follower_figures_private.h"

#include "core/clock.h"
#include "core/log.h"
#include "engine/replication/source_wal.h"

enum {
    FIGURES_MS = 500
}; /* the interval for storing figures, and the maximum age of the source's WAL end in them */

/* Pending changes are younger than the last applied transaction, and than the last time when nothing was
 * pending. */
static int latency_seconds(struct follower *follower, int64_t pending)
{
    int64_t now_us = clock_now_us();
    if (pending == 0 || follower->arrived_us == 0) {
        follower->arrived_us = now_us;
    }
    int64_t since_us =
        follower->commit_us > follower->arrived_us ? follower->commit_us : follower->arrived_us;
    int64_t seconds = (now_us - since_us) / 1000000;
    return seconds < 0 ? 0 : seconds > INT32_MAX ? INT32_MAX : (int)seconds;
}

/* Everything that the source had written a moment ago has arrived: nothing is pending, however much other
 * databases write. */
int64_t figures_pending_bytes(const struct follower *follower, uint64_t position)
{
    return follower->asked_end > position ? (int64_t)(follower->asked_end - position) : 0;
}

static bool same_figures(const struct database_figures *a, const struct database_figures *b)
{
    return a->inserts == b->inserts && a->updates == b->updates && a->deletes == b->deletes &&
           a->applied_changes == b->applied_changes && a->pending_bytes == b->pending_bytes &&
           a->latency_seconds == b->latency_seconds && a->last_change_us == b->last_change_us;
}

void figures_store(struct follower *follower, const struct follower_view *view)
{
    const struct replica_progress *progress = &view->progress;
    int64_t pending = figures_pending_bytes(follower, view->position);
    const struct database_figures figures = {.inserts = progress->inserts,
                                             .updates = progress->updates,
                                             .deletes = progress->deletes,
                                             .applied_changes = progress->inserts + progress->updates +
                                                                progress->deletes + progress->truncates,
                                             .pending_bytes = pending,
                                             .latency_seconds = latency_seconds(follower, pending),
                                             .last_change_us = follower->commit_us};
    if (same_figures(&figures, &follower->figures)) {
        return;
    }
    struct err err = {0};
    if (store_database_set_figures(follower->executor->store, follower->migration_id, follower->database,
                                   &figures, &err) < 0) {
        log_event(LOG_WARNING, "cannot store figures", "reason", err.message, NULL);
        return;
    }
    follower->figures = figures;
}

void figures_find_end(struct follower *follower, int max_age_ms)
{
    struct err ignored = {0};
    uint64_t end = 0;
    struct source_wal *wal = follower_group_wal(follower->group);
    if (wal != NULL && source_wal_end(wal, max_age_ms, &follower->stop, &ignored, &end) == 0) {
        follower->asked_end = end;
    }
}

void figures_store_if_due(struct follower *follower, const struct follower_view *view)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms - follower->figures_ms >= FIGURES_MS) {
        follower->figures_ms = now_ms;
        figures_find_end(follower, FIGURES_MS / 2);
        figures_store(follower, view);
    }
}

/* The turn waits for the target, for example for a lock: changes that the source writes concurrently are
 * pending. */
void figures_store_while_waiting(void *context)
{
    struct follower *follower = context;
    if (follower->follow == NULL) {
        return;
    }
    uint64_t position = follow_position(follower->follow);
    const struct follower_view view = {.position =
                                           position > follower->arrived ? position : follower->arrived,
                                       .progress = *follow_progress(follower->follow)};
    figures_store_if_due(follower, &view);
}

/*
 * Once a second. Changes since the last check count as pending until the source reports that it has sent
 * everything before them. So this asks the source, and stores the pending bytes up to the WAL end of the
 * last check: 0 if the source answers in time.
 */
int figures_check_end(struct follower *follower, const struct follower_view *view, struct err *err)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms - follower->figures_ms < FIGURES_MS) {
        if (figures_pending_bytes(follower, view->position) == 0 && follower->figures.pending_bytes != 0) {
            figures_store(follower, view);
        }
        return 0;
    }
    figures_store(follower, view);
    follower->figures_ms = now_ms;
    figures_find_end(follower, FIGURES_MS / 2);
    return figures_pending_bytes(follower, view->position) == 0 ? 0 : follow_ask(follower->follow, err);
}
