/* SPDX-License-Identifier: MIT */
/*
 * Each follower keeps one database of an online migration up to date with its source
 * (engine/online/follow.h) without occupying a worker thread. A few threads, started with the first
 * follower, serve all of them: one waits for all sockets, the others apply.
 *
 * A follower that loses a server retries until options->reconnect_seconds have passed without success;
 * then, or if a retry cannot help, it fails. One that waits for the user (err->waiting: DDL that the
 * target lacks) retries without a deadline. Whenever the trouble that follower_look() reports changes, a
 * worker gets its migration. Any thread may call.
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
/* Ends all of them, and the threads: unapplied changes stay in the slots. NULL is fine. */
void followers_done(struct followers *followers);

/* Follows a database from now on; does nothing if it is already followed. */
int follower_start(struct followers *followers, const struct migration *migration,
                   const struct migration_database *database, struct err *err);
void follower_look(struct followers *followers, int64_t migration_id, const char *database,
                   struct follower_view *ret_view);
/* Waits until the target has everything before "position". -1: stopped, or the follower has failed, or it
 * waits for the user (err->waiting) and continues to do so. */
int follower_wait(struct followers *followers, int64_t migration_id, const char *database, uint64_t position,
                  const struct stop *stop, struct err *err, struct follower_view *ret_view);
/* The current end of the source's WAL, including everything committed; uses the followers' shared session.
 * The migration must have a follower that only the caller may end. */
int followers_source_position(struct followers *followers, int64_t migration_id, const struct stop *stop,
                              struct err *err, uint64_t *ret_position);
/* Ends it; when this returns, it has no session. It is no error if it does not exist. */
void follower_stop(struct followers *followers, int64_t migration_id, const char *database);

#endif
