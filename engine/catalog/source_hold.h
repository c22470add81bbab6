/* SPDX-License-Identifier: MIT */
/*
 * Keeps what pg_dump reads besides tables from being dropped or changed meanwhile: LOCK TABLE does not take
 * views of all majors, materialized views, sequences, functions or types.
 *
 * Of views and the like the newest only, up to a number: those are the ones that are made again and again,
 * and the server's table of locks is not for us alone.
 */
#ifndef ENGINE_CATALOG_SOURCE_HOLD_H
#define ENGINE_CATALOG_SOURCE_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/*
 * The session is in a transaction in which nothing but locks was taken: this takes its snapshot, and holds a
 * moment later what that shows. Sequences until the end of the transaction, views, materialized views,
 * foreign tables, functions, types and schemas until source_hold_end(). Each lock is waited for shortly, and
 * none longer than source_tables_lock() would. -1 with SQLSTATE 55P03: somebody has one of them for himself;
 * or one that the snapshot shows is gone.
 */
int source_hold_begin(struct pg *source, int64_t started_ms, struct err *err);
/* Settings and prepared statements are as before source_hold_begin(). */
int source_hold_end(struct pg *source, struct err *err);

/* Whether relations that are held are by now other than in the snapshot. "observer" sees what is true now. */
int source_hold_changed(struct pg *source, struct pg *observer, struct err *err, bool *ret_changed);
/* Whether the snapshot shows relations, functions or types that are dropped by now: pg_dump may have written
 * nonsense of them without a word. */
int source_hold_dropped(struct pg *source, struct err *err, bool *ret_dropped);

#endif
