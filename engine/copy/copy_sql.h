/* SPDX-License-Identifier: MIT */
/* The COPY statements of one table, for either side. */
#ifndef ENGINE_COPY_COPY_SQL_H
#define ENGINE_COPY_COPY_SQL_H

#include <stdbool.h>

#include "core/buf.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/pg/pg.h"

struct copy_form {
    const struct catalog_table *table;
    const char *encoding; /* for the rows; NULL: the session's */
    bool text;
    bool piece; /* only the rows of the blocks from first_block on and before end_block */
    uint32_t first_block;
    uint32_t end_block; /* 0: to the end */
};

/* Reads the rows of this table only (not of its children), with an explicit list of columns. */
void copy_add_out(struct pg *source, struct buf *sql, const struct copy_form *form);
/* Empties a large table that is copied whole first, so that its rows can be frozen; the caller has begun a
 * transaction. */
void copy_add_in(struct pg *target, struct buf *sql, const struct copy_form *form);

#endif
