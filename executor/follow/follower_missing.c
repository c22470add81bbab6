/* SPDX-License-Identifier: MIT */
/*
 * Logical replication carries no DDL. A table, column or sequence created on the source during following
 * is found by comparing the catalogs, every few seconds while the source writes. It is shown once the
 * changes before it are applied: a user who repeats the renaming of a column earlier would direct values
 * of older changes to the wrong column.
 */
#include "executor/follow/follower_missing_private.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "engine/cutover/cutover.h"
#include "engine/replication/source_wal.h"
#include "executor/follow/follower_join_private.h"

enum {
    LOOK_LEAST_MS = 2000,
    SHARE = 20,        /* a comparison takes at most this fraction of the time, */
    SHARE_MISSING = 4, /* and this fraction while the user waits for a message to disappear */
    MISSING_MOST_MS = 10000,
};

/* A source that has written nothing has created nothing, but the target may have got the missing objects. */
static bool is_due(const struct follower *follower, const struct follower_view *view)
{
    bool written = follower->asked_end != follower->looked_end || view->missing.message[0] != '\0' ||
                   follower->found.message[0] != '\0' || follower->late.count > 0;
    return written && !follower->found_waits && clock_monotonic_ms() >= follower->look_due_ms;
}

/* Shows the result as soon as permitted; if that takes a while, only after a second comparison confirms
 * it. */
static void show(struct follower *follower, struct follower_view *view)
{
    bool none = follower->found.message[0] == '\0';
    if (!follower->found_waits || (!none && view->position < follower->found_end)) {
        return;
    }
    follower->found_waits = false;
    if (none || clock_monotonic_ms() - follower->found_ms < LOOK_LEAST_MS) {
        view->missing = follower->found;
    } else {
        follower->look_due_ms = 0;
    }
}

/* The user may have repeated some of the DDL since; an unchanged result is confirmed. */
static bool is_found_again(const struct follower *follower, const struct follower_view *view,
                           const struct err *missing)
{
    return missing->message[0] != '\0' && strcmp(missing->message, follower->found.message) == 0 &&
           view->position >= follower->found_end;
}

static void compare(struct follower *follower, struct follower_view *view)
{
    struct err err = {0};
    struct err ignored = {0};
    struct err missing = {0};
    struct source_wal *wal = follower_group_wal(follower->group);
    const struct cutover cutover = {.source = &follower->sides.source.work,
                                    .target = &follower->sides.target.work,
                                    .database = follower->database,
                                    .name = follower->name,
                                    .stop = &follower->stop};
    struct late_tables late = {0};
    if (cutover_find_missing(&cutover, &err, &missing, &late) == 0) {
        follower_take_late(follower, &late);
        bool again = is_found_again(follower, view, &missing);
        follower->found = missing;
        follower->found_ms = clock_monotonic_ms();
        follower->found_waits = !again;
        follower->looked_end = follower->asked_end;
        if (again) {
            view->missing = missing;
        } else if (wal == NULL ||
                   source_wal_end(wal, 0, &follower->stop, &ignored, &follower->found_end) != 0) {
            follower->found_end = 0; /* the next comparison tries again */
        }
    } else if (!stop_requested(&follower->stop)) {
        log_event(LOG_INFO, "cannot compare catalogs", "migration", follower->migration_uuid, "database",
                  follower->database, "reason", err.message, NULL);
    }
    late_tables_done(&late);
}

void follower_compare_catalogs(struct follower *follower, struct follower_view *view)
{
    atomic_bool *looking = follower->looking;
    bool busy = false;
    show(follower, view);
    /* One at a time, to limit the sessions on each server. */
    if (!is_due(follower, view) || !atomic_compare_exchange_strong(looking, &busy, true)) {
        return;
    }
    int64_t began_ms = clock_monotonic_ms();
    compare(follower, view);
    show(follower, view);
    atomic_store(looking, false);
    int64_t now_ms = clock_monotonic_ms();
    bool missing = view->missing.message[0] != '\0' || follower->found_waits;
    int64_t pause_ms = (now_ms - began_ms) * (missing ? SHARE_MISSING : SHARE);
    pause_ms = missing && pause_ms > MISSING_MOST_MS ? MISSING_MOST_MS : pause_ms;
    follower->look_due_ms = now_ms + (pause_ms > LOOK_LEAST_MS ? pause_ms : LOOK_LEAST_MS);
}
