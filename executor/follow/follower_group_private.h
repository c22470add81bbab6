/* SPDX-License-Identifier: MIT */
/*
 * The followers of one migration share a session that queries the end of the source's WAL. The caller's
 * lock (struct followers) guards joining and leaving; any thread may call the rest, also under that lock:
 * only follower_group_set_source() waits for a server.
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
/* Returns the group if it has no user left: the caller frees it outside its lock. */
struct follower_group *follower_group_leave(struct follower_group *group);
/* Ends the session. NULL is fine. */
void follower_group_free(struct follower_group *group);

/* A follower has looked up the source, whose login may have changed. */
int follower_group_set_source(struct follower_group *group, const struct endpoint *source, struct err *err);
/* NULL until a follower has looked up the source; then valid as long as the group. */
struct source_wal *follower_group_wal(struct follower_group *group);

#endif
