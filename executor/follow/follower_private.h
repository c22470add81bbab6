/* SPDX-License-Identifier: MIT */
/* One follower's turns, for the thread that has it. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_PRIVATE_H

#include "executor/follow/follower_parts_private.h"

/* One turn: connects, reads, applies, stores figures. Returns in how many milliseconds the next turn is due
 * at the latest; 0: at once. Fills *ret_view for everybody to see. */
int follower_turn(struct follower *follower, uint64_t wanted, struct follower_view *ret_view);
/* Closes its sessions and frees it. */
void follower_free(struct follower *follower);

#endif
