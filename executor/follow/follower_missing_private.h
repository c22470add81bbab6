/* SPDX-License-Identifier: MIT */
/* Finds objects of the source that the target lacks. */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_MISSING_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_MISSING_PRIVATE_H

#include "executor/follow/follower_parts_private.h"

/* Every few seconds: compares both catalogs, and fills view->missing. Requires a connected follower. */
void follower_compare_catalogs(struct follower *follower, struct follower_view *view);

#endif
