/* SPDX-License-Identifier: MIT */
/* The text of the applier's statements; for engine/apply/apply_statement.c only. */
#ifndef ENGINE_APPLY_APPLY_SQL_PRIVATE_H
#define ENGINE_APPLY_APPLY_SQL_PRIVATE_H

#include "core/buf.h"
#include "engine/apply/apply_relation_private.h"

/*
 * Parameters are arrays in this order:
 *   INSERT, DELETE of whole rows and gathering them: every column;
 *   DELETE by key: the key columns;
 *   UPDATE: the key columns, then the columns that are set.
 *   UPDATE of whole rows: every column as it was, then every column as it shall be.
 *   rewriting: the key columns, then all others, then for each row which columns were sent ('1' or '0' each).
 * Without any column the parameter is the number of rows.
 */
void apply_add_insert(const struct apply_relation *relation, struct buf *sql);
void apply_add_delete(const struct apply_relation *relation, struct buf *sql);
void apply_add_update(const struct apply_relation *relation, const bool *set, struct buf *sql);
/* Of equal rows any is updated, each of them once. */
void apply_add_update_row(const struct apply_relation *relation, struct buf *sql);
/*
 * Updates rows, in whatever order, although other unique indexes are there: rows whose values in those stay
 * as they are, are updated; of the others all are deleted before the first of them is inserted again. Yields
 * the number of rows found.
 */
void apply_add_rewrite(const struct apply_relation *relation, struct buf *sql);
/* Deletes of whole rows that are gathered first: engine/apply/apply_gather_private.h. */
void apply_add_gathering_table(const struct apply_relation *relation, struct buf *sql);
void apply_add_gather(const struct apply_relation *relation, struct buf *sql);
void apply_add_delete_gathered(const struct apply_relation *relation, struct buf *sql);

#endif
