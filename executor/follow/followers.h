/* SPDX-License-Identifier: MIT */
/*
 * Followers: each keeps one database of an online migration up with its source (engine/online/follow.h) while
 * the migration itself holds no thread. A few threads, started with the first follower, serve all of them:
 * one waits for whatever socket has something to read, the others apply.
 *
 * A follower that loses a server tries again, until options->reconnect_seconds have passed without success;
 * then, or when trying again cannot help, it has failed. One that waits for the user (err->waiting: DDL
 * that the target lacks) retries without a deadline. Whenever what follower_look() tells of trouble
 * changes, its migration gets a worker's attention. Any thread may call.
 */
#ifndef EXECUTOR_FOLLOW_FOLLOWERS_H
#define EXECUTOR_FOLLOW_FOLLOWERS_H

#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "executor/executor_parts.h"
#include "executor/follow/follower_view.h"
#include "store/rows/rows.h"

struct followers;

int followers_init(struct executor *executor, struct err *err, struct followers **ret_followers);
/* Ends all of them, and the threads: what is not applied yet stays in the slots. NULL is fine. */
void followers_done(struct followers *followers);

/* Follows a database from now on; does nothing when it is followed already. */
int follower_start(struct followers *followers, const struct migration *migration,
                   const struct migration_database *database, struct err *err);
void follower_look(struct followers *followers, int64_t migration_id, const char *database,
                   struct follower_view *ret_view);
/* Waits until everything before "position" is on the target. -1: stopped, or the follower has failed, or it
 * waits for the user (err->waiting) and goes on doing so. */
int follower_wait(struct followers *followers, int64_t migration_id, const char *database, uint64_t position,
                  const struct stop *stop, struct err *err, struct follower_view *ret_view);
/* Where the source's WAL ends now, all that is committed included; asked over the followers' own session. The
 * migration has a follower, and the caller is who would end it. */
int followers_source_position(struct followers *followers, int64_t migration_id, const struct stop *stop,
                              struct err *err, uint64_t *ret_position);
/* Ends it; when this returns it has no session any more. One that is not there is fine. */
void follower_stop(struct followers *followers, int64_t migration_id, const char *database);

#endif
