/* SPDX-License-Identifier: MIT */
/* The text of the applier's statements; for engine/apply_statement.c only. */
#ifndef ENGINE_APPLY_SQL_H
#define ENGINE_APPLY_SQL_H

#include "core/buf.h"
#include "engine/apply_relation.h"

/*
 * Parameters are arrays in this order:
 *   INSERT, DELETE of whole rows and gathering them: every column;
 *   DELETE by key: the key columns;
 *   UPDATE: the key columns, then the columns that are set.
 * Without any column the parameter is the number of rows.
 */
void apply_add_insert(const struct apply_relation *relation, struct buf *sql);
void apply_add_delete(const struct apply_relation *relation, struct buf *sql);
void apply_add_update(const struct apply_relation *relation, const bool *set, struct buf *sql);
/* Deletes of whole rows that are gathered first: engine/apply_gather.h. */
void apply_add_gathering_table(const struct apply_relation *relation, struct buf *sql);
void apply_add_gather(const struct apply_relation *relation, struct buf *sql);
void apply_add_delete_gathered(const struct apply_relation *relation, struct buf *sql);

#endif
