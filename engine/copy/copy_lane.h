/* SPDX-License-Identifier: MIT */
/* One lane of the copy: its two sessions, and how it copies the pieces it gets. A lane belongs to one thread.
 */
#ifndef ENGINE_COPY_COPY_LANE_H
#define ENGINE_COPY_COPY_LANE_H

#include "engine/copy/copy_commit.h"
#include "engine/copy/copy_pieces.h"
#include "engine/pg/pg.h"

struct copy_lane {
    struct copy_pool *pool;
    struct pg source;
    struct pg target;
    struct copy_commit commit; /* the last transaction on the target */
    bool holder;               /* source is the pool's holder, borrowed while the lane is open */
};

/* Opens both sessions; the source's uses the transfer's snapshot. */
int copy_lane_open(struct copy_lane *lane, struct err *err);
/* The same, but reads with the session that holds the locks: for pieces that were left (copy_piece.left). */
int copy_lane_open_holder(struct copy_lane *lane, struct err *err);
void copy_lane_close(struct copy_lane *lane);
#define auto_copy_lane __attribute__((cleanup(copy_lane_close)))

/* Copies "count" pieces in one transaction; if that fails, each in its own. Pieces that cannot be copied
 * are marked and reported; pieces that another session waits to lock are left. -1: the lane cannot
 * continue. */
int copy_lane_round(struct copy_lane *lane, struct copy_piece *pieces, size_t count, struct err *err);

#endif
