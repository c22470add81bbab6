/* SPDX-License-Identifier: MIT */
/*
 * What objects looked like when the base copy was made: logical replication carries no DDL, so the cutover
 * compares. An object has a fingerprint of its definition on either side, which only means something on that
 * side: two majors write the same definition in two ways. The helper schema (engine/replica/replica.h, table
 * "catalog") keeps both.
 */
#ifndef ENGINE_CATALOG_FINGERPRINT_H
#define ENGINE_CATALOG_FINGERPRINT_H

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

/* The column of the row that stale_read_origin() yields, behind those of engine/catalog/identity.h: an array
 * of lines. */
enum { FINGERPRINT_LINES = 10 };
/* Adds that column to a SELECT on a server of that version, with a comma before it. */
void fingerprint_add_origin_column(struct buf *sql, int version);

/* Add statements for the helper: its table; what it holds when the base copy is complete. "target" is the
 * session that runs them. */
void fingerprint_add_table(struct pg *target, struct buf *sql, const char *name);
void fingerprint_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin);

/*
 * What was done on the source since and not repeated on the target: rows of kind ("index"), object
 * ("shop.by_name") and what was done to it ("created", "altered", "dropped"). Objects of one that was created
 * or dropped itself are left out. NULL: nothing was done on the source.
 */
int fingerprint_compare(struct pg *source, struct pg *target, const char *name, struct err *err,
                        PGresult **ret_changes);

#endif
