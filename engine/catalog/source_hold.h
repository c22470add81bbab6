/* SPDX-License-Identifier: MIT */
/*
 * Keeps objects other than tables that pg_dump reads from being dropped or changed concurrently: LOCK
 * TABLE does not accept views in all majors, nor materialized views, sequences, functions or types.
 *
 * Only a limited number of views and similar relations is locked, the newest first: applications recreate
 * those most often, and the server's lock table is shared with others.
 */
#ifndef ENGINE_CATALOG_SOURCE_HOLD_H
#define ENGINE_CATALOG_SOURCE_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* The session is in a transaction that has taken locks and no snapshot. This takes the snapshot, and right
 * afterwards locks the objects that it shows: sequences until the end of the transaction; views,
 * materialized views, foreign tables, functions, types and schemas until source_hold_end(). It waits
 * briefly for each lock, and never longer than source_tables_lock(). -1 with SQLSTATE 55P03: another
 * session has an exclusive lock, or an object of the snapshot was dropped. */
int source_hold_begin(struct pg *source, int64_t started_ms, struct err *err);
/* Releases those locks; settings and prepared statements are then as before source_hold_begin(). */
int source_hold_end(struct pg *source, struct err *err);

/* Whether any locked relation differs by now from the snapshot. "observer" is a session outside a
 * transaction, which sees the current state. */
int source_hold_changed(struct pg *source, struct pg *observer, struct err *err, bool *ret_changed);
/* Whether relations, functions or types of the snapshot have been dropped by now: pg_dump may then have
 * written wrong definitions without an error. */
int source_hold_dropped(struct pg *source, struct err *err, bool *ret_dropped);

#endif
