/* SPDX-License-Identifier: MIT */
/* Tables that were created on both sides after the base copy. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_JOIN_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_JOIN_PRIVATE_H

#include "executor/follow/follower_parts_private.h"

/* Takes the tables that the last comparison found; empties the list. */
void follower_take_late(struct follower *follower, struct late_tables *late);
/* At the end of a turn: executes the next step of joining, and fills view->joining. Closes
 * follower->follow if nothing may be applied concurrently. */
void follower_join(struct follower *follower, uint64_t wanted, struct follower_view *view);
void follower_join_done(struct follower *follower);

#endif
