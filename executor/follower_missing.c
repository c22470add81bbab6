/* SPDX-License-Identifier: MIT */
/*
 * Logical replication carries no DDL: a table, column or sequence that is made on the source while its
 * database is followed is found by comparing the catalogs, every few seconds while something is written
 * there.
 */
#include "core/clock.h"
#include "core/log.h"
#include "engine/cutover.h"
#include "executor/followers_private.h"

enum {
    LOOK_LEAST_MS = 2000,
    SHARE = 20, /* a look takes at most one part in so many of the time */
};

/* A source that has written nothing has made nothing, but the target may have got what was missing. */
static bool is_due(const struct follower *follower, const struct follower_view *view)
{
    bool written = follower->asked_end != follower->looked_end || view->missing.message[0] != '\0';
    return written && clock_monotonic_ms() >= follower->look_due_ms;
}

static void look(struct follower *follower, struct follower_view *view)
{
    struct err err = {0};
    struct err missing = {0};
    const struct cutover cutover = {.source = &follower->sides.source.work,
                                    .target = &follower->sides.target.work,
                                    .database = follower->database,
                                    .name = follower->name,
                                    .stop = &follower->stop};
    if (cutover_find_missing(&cutover, &err, &missing) == 0) {
        view->missing = missing;
        follower->looked_end = follower->asked_end;
    } else if (!stop_requested(&follower->stop)) {
        log_event(LOG_INFO, "cannot compare catalogs", "migration", follower->migration_uuid, "database",
                  follower->database, "reason", err.message, NULL);
    }
}

void follower_look_for_missing(struct follower *follower, struct follower_view *view)
{
    atomic_bool *looking = &follower->executor->followers->looking;
    bool busy = false;
    /* One at a time: the sessions that it takes on each server are few. */
    if (!is_due(follower, view) || !atomic_compare_exchange_strong(looking, &busy, true)) {
        return;
    }
    int64_t began_ms = clock_monotonic_ms();
    look(follower, view);
    atomic_store(looking, false);
    int64_t now_ms = clock_monotonic_ms();
    int64_t pause_ms = (now_ms - began_ms) * SHARE;
    follower->look_due_ms = now_ms + (pause_ms > LOOK_LEAST_MS ? pause_ms : LOOK_LEAST_MS);
}
