/* SPDX-License-Identifier: MIT */
/* Copies the rows of all tables: a queue of pieces, largest first, and lanes with one session on either
 * side. */
#ifndef ENGINE_COPY_COPY_POOL_H
#define ENGINE_COPY_COPY_POOL_H

#include "core/err.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/copy/copy_pieces.h"

int copy_pool_init(struct copy_pool *pool, const struct catalog *catalog, struct err *err);
void copy_pool_done(struct copy_pool *pool);

/* Copies all pieces. -1: it could not continue (err), for example because of a stop. Tables that failed
 * are in the report. */
int copy_pool_run(struct copy_pool *pool, struct err *err);

#endif
