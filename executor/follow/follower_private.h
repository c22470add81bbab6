/* SPDX-License-Identifier: MIT */
/* The turns of one follower, for the thread that runs it. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_PRIVATE_H

#include "executor/follow/follower_parts_private.h"

/* One turn: connects, reads, applies, stores figures. Returns the milliseconds until the next turn is due
 * at the latest; 0: at once. Fills *ret_view. */
int follower_turn(struct follower *follower, uint64_t wanted, struct follower_view *ret_view);
/* Closes its sessions and frees it. */
void follower_free(struct follower *follower);

#endif
