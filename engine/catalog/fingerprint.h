/* SPDX-License-Identifier: MIT */
/*
 * Records what objects looked like at the base copy: logical replication carries no DDL, so the cutover
 * compares. Each side has its own fingerprint of an object's definition, comparable only on that side,
 * because two majors print the same definition differently. The helper schema (engine/replica/replica.h,
 * table "catalog") stores both.
 */
#ifndef ENGINE_CATALOG_FINGERPRINT_H
#define ENGINE_CATALOG_FINGERPRINT_H

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

/* The column that this file adds to the row of stale_read_origin(), after those of
 * engine/catalog/identity.h: an array of lines. */
enum { FINGERPRINT_LINES = 10 };
/* Adds that column to a SELECT on a server of that version, with a comma before it. */
void fingerprint_add_origin_column(struct buf *sql, int version);

/* Add statements for the helper schema: its table, and the fingerprints when the base copy is complete.
 * The session "target" runs them. */
void fingerprint_add_table(struct pg *target, struct buf *sql, const char *name);
void fingerprint_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin);

/* Reports what changed on the source since the base copy and was not repeated on the target: rows of kind
 * ("index"), object ("shop.by_name") and change ("created", "altered", "dropped"). Leaves out objects
 * whose parent was itself created or dropped. NULL: nothing changed on the source. */
int fingerprint_compare(struct pg *source, struct pg *target, const char *name, struct err *err,
                        PGresult **ret_changes);

#endif
