/* SPDX-License-Identifier: MIT */
/* The text of the applier's statements; for engine/apply/apply_statement.c only. */
#ifndef ENGINE_APPLY_RELATION_APPLY_SQL_H
#define ENGINE_APPLY_RELATION_APPLY_SQL_H

#include "core/buf.h"
#include "engine/apply/relation/apply_relation.h"

/*
 * Adds a statement. Its parameters are arrays, or with "alone" the values of one row, in this order:
 *   INSERT, DELETE of whole rows and gathering them: every column;
 *   DELETE by key: the key columns;
 *   UPDATE: the key columns, then the columns that are set.
 *   UPDATE of whole rows: every column as it was, then every column as it shall be. Of equal rows any is
 *   updated, each of them once.
 *   rewriting: the key columns, then all others, then for each row which columns were sent ('1' or '0' each).
 *   Updates rows, in whatever order, although other unique indexes are there: rows whose values in those stay
 *   as they are, are updated; of the others all are deleted before the first of them is inserted again.
 *   Yields the number of rows found.
 * Without any column the parameter is the number of rows. "set": the columns that an UPDATE sets; of whole
 * rows NULL, for all.
 */
void apply_add_statement(const struct apply_relation *relation, enum apply_statement_kind kind,
                         const bool *set, bool alone, struct buf *sql);
/* Deletes of whole rows that are gathered first: engine/apply/apply_send_private.h. */
void apply_add_gathering_table(const struct apply_relation *relation, struct buf *sql);
void apply_add_delete_gathered(const struct apply_relation *relation, struct buf *sql);

/* ---- what the files that write statements share ---- */

/* A statement that is being written. */
struct sql_text {
    const struct apply_relation *relation;
    struct buf *sql;
    bool alone;       /* of one row: parameters are values, not arrays */
    size_t parameter; /* number of the last one */
};

/* v.<letter><number> as the column's type: its input function reads the text. */
void sql_add_value(const struct apply_column *column, struct buf *sql, char letter, size_t number);
void sql_add_parameter(struct sql_text *text, const struct apply_column *column);
/* Begins a list of parameters that ends with ") AS v(...)". */
const char *sql_rows_of(const struct sql_text *text);
/* "unnest($1::text[], ...) AS v(c0, ...)" with all columns. */
void sql_add_rows(struct sql_text *text);
/* The table, with the rows of its partitions where changes go through a partitioned table. */
void sql_add_table(const struct apply_relation *relation, struct buf *sql);

/* Statements about rows without a key: engine/apply/relation/apply_sql_rows.c. */
void sql_add_gather(struct sql_text *text);
void sql_add_delete_by_row(struct sql_text *text, bool gathered);
/* "set" NULL: all columns. */
void sql_add_update_row(struct sql_text *text, const bool *set);

#endif
