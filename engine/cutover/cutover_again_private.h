/* SPDX-License-Identifier: MIT */
/* Tables that are copied a second time, at the cutover; for engine/cutover/cutover_tables.c and
 * cutover_again.c only.
 */
#ifndef ENGINE_CUTOVER_CUTOVER_AGAIN_PRIVATE_H
#define ENGINE_CUTOVER_CUTOVER_AGAIN_PRIVATE_H

#include "engine/cutover/cutover_private.h"

/* A column whose types differ. */
struct again_column {
    char *name;
    char *source_type;
    char *target_type;
};

struct again_table {
    const struct catalog_table *table;
    int64_t target_bytes;
    bool referenced;              /* by a foreign key of any table */
    bool outside;                 /* by one of a table that is not copied again */
    char *key;                    /* columns of a primary or unique key, or NULL */
    char *same;                   /* whether s and t have the same key */
    char *assign;                 /* for ON CONFLICT DO UPDATE: each column gets its new value */
    int64_t rows;                 /* copied */
    struct again_column *columns; /* those whose types differ: rows travel as text and are compared */
    size_t column_count;
};

struct again {
    struct cutover_state *state;
    struct again_table *tables;
    size_t count;
    const char *encoding; /* of the rows: the source database's */
    bool text;            /* a second attempt: nothing binary, with the database's search_path */
};

/* Adds VALUES (n, name) of all tables. */
void again_add_values(struct again *again, struct buf *sql);
/* Fills each table's columns whose types differ. */
int again_compare_types(struct again *again, struct err *err);
/* Compares the values of those columns, behind the copy and in its transactions. -1 with SQLSTATE 42804: the
 * target's type has changed them. */
int again_check_values(struct again *again, const struct again_table *table, struct err *err);
void again_table_done(struct again_table *table);
/* Replaces the rows of all tables, inside the transactions of both sessions. */
int again_replace_rows(struct again *again, struct err *err);
/* Removes the rows that refer to rows written after the trigger, which are not on the target, and tells of
 * rows of other tables that refer to rows that are gone. */
int again_settle_references(struct again *again, struct err *err);

#endif
