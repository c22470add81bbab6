/* SPDX-License-Identifier: MIT */
/* One follower: the members for all of executor/follow/, and those of the thread that runs it. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_PARTS_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_PARTS_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/stop.h"
#include "engine/cutover/cutover.h"
#include "engine/online/follow.h"
#include "engine/online/join.h"
#include "executor/executor_parts.h"
#include "executor/follow/follower_group_private.h"
#include "executor/follow/follower_view.h"
#include "executor/retry.h"
#include "executor/servers/sides.h"
#include "store/store.h"

enum follower_phase {
    FOLLOWER_RESTING, /* until its socket is readable, or until due_ms */
    FOLLOWER_READY,
    FOLLOWER_RUNNING, /* a thread has it */
};

struct follower {
    struct follower *next;
    struct executor *executor;
    atomic_bool *looking; /* only one follower at a time compares catalogs, */
    atomic_bool *joining; /* and only one copies tables that join */
    struct follower_group *group;
    int64_t migration_id;
    char *migration_uuid;
    char *database;
    char *name; /* of slot, publication and helper */
    struct stop stop;

    /* Under the lock of struct followers. */
    enum follower_phase phase;
    bool ending;
    int64_t due_ms;
    int socket;      /* -1: not connected */
    uint64_t wanted; /* a cutover waits for this position; 0: none */
    struct follower_view view;

    /* Owned by the thread that runs it. */
    struct point_subject subject; /* of its turns, for testers' rules */
    struct point_effect begin;    /* what a rule at "follow.begin" wants */
    bool has_visited;             /* that point, since it was closed */
    struct migration migration;
    struct sides sides;
    struct follow *follow;
    struct retry retry;
    int internal_errors; /* consecutive internal errors of PostgreSQL at one position */
    struct err trouble;
    uint64_t trouble_position;       /* of the view when the trouble began, or of the rejected transaction */
    int64_t commit_us;               /* of the last transaction applied, on the source's clock; 0: none yet */
    struct database_figures figures; /* as stored last */
    int64_t figures_ms;
    uint64_t arrived;    /* the position of the last turn */
    int64_t arrived_us;  /* when nothing was pending the last time */
    uint64_t asked_end;  /* the end of the WAL at the last check */
    uint64_t looked_end; /* asked_end at the last comparison of the catalogs */
    int64_t look_due_ms; /* monotonic: not before */
    struct err found;    /* objects missing at the last comparison */
    uint64_t found_end;  /* the end of the WAL after it */
    int64_t found_ms;    /* monotonic */
    bool found_waits;    /* it is shown when everything before found_end is applied */

    /* Tables that join: executor/follow/follower_join.c. */
    struct late_tables late;               /* as found last */
    struct join *join;                     /* those that are published and not copied yet; NULL: none */
    bool join_copies;                      /* the next turn copies them */
    int64_t join_due_ms;                   /* monotonic: not before */
    int join_failures;                     /* in a row */
    const struct follower_view *turn_view; /* while they are copied */
};

#endif
