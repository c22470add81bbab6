/* SPDX-License-Identifier: MIT */
/* What the source has and the target lacks. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_MISSING_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_MISSING_PRIVATE_H

#include "executor/follow/follower_parts_private.h"

/* Every few seconds: compares both catalogs, and fills view->missing. Needs the sides of a follower that is
 * connected. */
void follower_compare_catalogs(struct follower *follower, struct follower_view *view);

#endif
