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

/* What is known of a follower at this moment. */
struct follower_view {
    enum follower_state state;
    uint64_t position; /* everything that was committed on the source before it is on the target */
    struct replica_progress progress;
    struct err failure; /* FAILED: why; ACTIVE: why it cannot follow at the moment, or an empty message */
    struct err
        missing; /* what the source has and the target lacks (cutover_find_missing()), or an empty message */
    struct err joining; /* what is to be said of tables that both sides have got since, or an empty message */
};

#endif
