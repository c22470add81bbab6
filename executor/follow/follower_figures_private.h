/* SPDX-License-Identifier: MIT */
/* Publishes the progress of a follower: incomingChanges, latency and the counters. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_FIGURES_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_FIGURES_PRIVATE_H

#include <stdint.h>

#include "core/err.h"
#include "executor/follow/follower_parts_private.h"

/* Reads the end of the source's WAL, at most max_age_ms old. */
void figures_find_end(struct follower *follower, int max_age_ms);
/* The bytes between a position and that end; 0: none. */
int64_t figures_pending_bytes(const struct follower *follower, uint64_t position);
/* Stores the figures if they have changed. */
void figures_store(struct follower *follower, const struct follower_view *view);
/* Twice a second: reads the WAL end and stores the figures. */
void figures_store_if_due(struct follower *follower, const struct follower_view *view);
/* The same while follow_run() waits for the target; "context" is the follower. */
void figures_store_while_waiting(void *context);
/* After a turn: the same, and asks the source for its position if bytes are pending. */
int figures_check_end(struct follower *follower, const struct follower_view *view, struct err *err);

#endif
