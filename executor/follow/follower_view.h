/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_VIEW_H
#define EXECUTOR_FOLLOW_FOLLOWER_VIEW_H

#include <stdint.h>

#include "core/err.h"
#include "engine/replica/replica.h"

enum follower_state {
    FOLLOWER_NONE,
    FOLLOWER_ACTIVE,
    FOLLOWER_FAILED,
};

/* The published state of a follower. */
struct follower_view {
    enum follower_state state;
    uint64_t position; /* the target has everything that was committed on the source before it */
    struct replica_progress progress;
    struct err failure; /* FAILED: why; ACTIVE: why it cannot follow at the moment, or an empty message */
    struct err missing; /* objects of the source that the target lacks (cutover_find_missing()), or an empty
                           message */
    struct err joining; /* a message about tables created later on both sides, or an empty one */
};

#endif
