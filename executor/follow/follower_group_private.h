/* SPDX-License-Identifier: MIT */
/*
 * The followers of one migration share a session that asks where the source's WAL ends. Who joins and leaves
 * is up to the caller's lock (struct followers); the rest may be called by any thread, under that lock, too:
 * none of it waits for a server but follower_group_set_source().
 */
#ifndef EXECUTOR_FOLLOW_FOLLOWER_GROUP_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWER_GROUP_PRIVATE_H

#include <stdint.h>

#include "core/err.h"
#include "engine/online/follow.h"
#include "engine/pg/endpoint.h"

struct follower_group;

/* A group with one user; NULL: memory is out. */
struct follower_group *follower_group_new(int64_t migration_id);
int64_t follower_group_migration(const struct follower_group *group);
void follower_group_join(struct follower_group *group);
/* Yields the group when nobody is left in it: to be freed outside of the caller's lock. */
struct follower_group *follower_group_leave(struct follower_group *group);
/* Ends the session. NULL is fine. */
void follower_group_free(struct follower_group *group);

/* A follower has found the source, whose login may have changed. */
int follower_group_set_source(struct follower_group *group, const struct endpoint *source, struct err *err);
/* NULL until a follower has found the source; then it stays as long as the group. */
struct source_wal *follower_group_wal(struct follower_group *group);

#endif
