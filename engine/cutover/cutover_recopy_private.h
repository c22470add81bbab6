/* SPDX-License-Identifier: MIT */
/* Tables whose rows are replaced at the cutover; for engine/cutover/cutover_recopy*.c only. */
#ifndef ENGINE_CUTOVER_CUTOVER_RECOPY_PRIVATE_H
#define ENGINE_CUTOVER_CUTOVER_RECOPY_PRIVATE_H

#include "engine/cutover/cutover_private.h"

/* A column whose types differ. */
struct recopy_column {
    char *name;
    char *source_type;
    char *target_type;
};

struct recopy_table {
    const struct catalog_table *table;
    int64_t target_bytes;
    bool referenced;               /* by a foreign key of any table */
    bool outside;                  /* by one of a table that is not recopied */
    char *key;                     /* columns of a primary or unique key, or NULL */
    char *same;                    /* whether s and t have the same key */
    char *assign;                  /* for ON CONFLICT DO UPDATE: each column gets its new value */
    int64_t rows;                  /* copied */
    struct recopy_column *columns; /* those whose types differ: rows travel as text and are compared */
    size_t column_count;
};

struct recopy {
    struct cutover_state *state;
    struct recopy_table *tables;
    size_t count;
    const char *encoding; /* of the rows: the source database's */
    bool text;            /* a second attempt: nothing binary, with the database's search_path */
};

/* Adds VALUES (n, name) of all tables. */
void recopy_add_values(struct recopy *recopy, struct buf *sql);
/* Fills each table's columns whose types differ. */
int recopy_compare_types(struct recopy *recopy, struct err *err);
/* Compares the values of those columns, behind the copy and in its transactions. -1 with SQLSTATE 42804: the
 * target's type has changed them. */
int recopy_check_values(struct recopy *recopy, const struct recopy_table *table, struct err *err);
void recopy_table_done(struct recopy_table *table);
/* Replaces the rows of all tables, inside the transactions of both sessions. */
int recopy_replace_rows(struct recopy *recopy, struct err *err);
/* Removes the rows that refer to rows written after the trigger, which are not on the target, and tells of
 * rows of other tables that refer to rows that are gone. */
int recopy_settle_references(struct recopy *recopy, struct err *err);

#endif
