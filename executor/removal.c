/* SPDX-License-Identifier: MIT */
#include "executor/removal.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "engine/instance/instance_tree.h"
#include "executor/executor_parts.h"
#include "executor/snapshot_folder.h"
#include "executor/wake.h"

enum {
    POLL_MS = 20,
    EXPIRY_READS = 3, /* more than one: a worker may be between the claim of a row and the note of its end */
};

/* A subscription takes its snapshots with it; one that is only emptied keeps them, and can be restored. */
static int remove_snapshots(const struct executor *executor, const char *subscription_id, struct err *err)
{
    auto_free char *folder = snapshot_folder(executor, subscription_id);
    return folder == NULL ? err_no_memory(err) : tree_remove(folder, err);
}

/* Like store_removal_step(), and wakes the threads that execute what it has queued. */
static int step(struct executor *executor, const char *subscription_id, enum removal removal, struct err *err,
                struct removal_left *ret_left)
{
    if (removal == REMOVAL_OF_SUBSCRIPTION && remove_snapshots(executor, subscription_id, err) < 0) {
        return -1;
    }
    int result = store_removal_step(executor->store, subscription_id, err, ret_left);
    if (result == 0 && ret_left->queued) {
        executor_wake(executor);
    }
    return result;
}

int executor_remove(struct executor *executor, const char *subscription_id, enum removal removal,
                    int timeout_ms, struct err *err, struct removal_left *ret_left)
{
    const int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    int begun = store_removal_begin(executor->store, subscription_id, removal, err);
    if (begun <= 0) {
        return begun < 0 ? -1 : 1;
    }
    executor_wake(executor);
    while (true) {
        auto_removal_left struct removal_left left = {0};
        int result = step(executor, subscription_id, removal, err, &left);
        if (result != 0) {
            return result;
        }
        const int rest_ms = clock_ms_left(deadline_ms);
        if (rest_ms == 0 || stop_requested(&executor->stop)) {
            *ret_left = left;
            left = (struct removal_left){0};
            return 0;
        }
        executor_wait(executor, executor_generation(executor), rest_ms < POLL_MS ? rest_ms : POLL_MS);
    }
}

void removals_continue(struct executor *executor)
{
    struct err err = {0};
    struct subscription *rows = NULL;
    size_t count = 0;
    if (store_subscription_removing(executor->store, &err) != 1 ||
        store_subscription_list(executor->store, &err, &rows, &count) < 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        auto_removal_left struct removal_left left = {0};
        if (rows[i].removing != REMOVAL_NONE &&
            step(executor, rows[i].id, rows[i].removing, &err, &left) < 0) {
            log_event(LOG_ERROR, "cannot continue a removal", "subscription", rows[i].id, "reason",
                      err.message, NULL);
        }
    }
    free(rows);
}

void executor_moved(struct executor *executor)
{
    atomic_store(&executor->expiry_reads, EXPIRY_READS);
    executor_wake(executor);
}
