/* SPDX-License-Identifier: MIT */
/* The rows of all tables as a queue of pieces, largest first, for lanes with one session on either side. */
#ifndef ENGINE_COPY_COPY_POOL_H
#define ENGINE_COPY_COPY_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/copy/copy_pieces.h"

int copy_pool_init(struct copy_pool *pool, const struct catalog *catalog, struct err *err);
void copy_pool_done(struct copy_pool *pool);

/* Takes the next work of a lane: one large piece, or several small ones that share a transaction. 0: none is
 * left. Any thread. */
size_t copy_pool_take(struct copy_pool *pool, struct copy_piece **ret_first);
/* How often lanes can take something. Before the first is taken. */
size_t copy_pool_rounds(const struct copy_pool *pool);
/* Whether there is something to take. Any thread. */
bool copy_pool_has_more(struct copy_pool *pool);
/* The lane has ended what it took, whatever became of it. */
void copy_pool_put(struct copy_pool *pool);
/* Whether nothing is left to take, and no lane is busy. Any thread. */
bool copy_pool_is_over(struct copy_pool *pool);
/* Whether every piece was copied, was reported as failed or was postponed, once the pool has ended: a lane
 * may have ended too early. */
bool copy_pool_is_complete(const struct copy_pool *pool);
/* Copies the pieces that the lanes left, with the session that holds the locks, when the pool is over. -1: it
 * could not continue (err). Tables that failed are in the report. */
int copy_pool_copy_postponed(struct copy_pool *pool, struct err *err);

#endif
