/* SPDX-License-Identifier: MIT */
/* Tables that the cutover recopies; for engine/cutover/cutover_recopy*.c only. */
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
    char *assign;                  /* SQL for ON CONFLICT DO UPDATE that sets all columns */
    int64_t rows;                  /* copied */
    struct recopy_column *columns; /* whose types differ: rows are copied as text and compared */
    size_t column_count;
};

struct recopy {
    struct cutover_state *state;
    struct recopy_table *tables;
    size_t count;
    const char *encoding; /* of the rows: the source database's */
    bool text;            /* second attempt: no binary COPY, and the database's search_path */
};

/* Adds VALUES (n, name) of all tables. */
void recopy_add_values(struct recopy *recopy, struct buf *sql);
/* Fills each table's columns whose types differ. */
int recopy_compare_types(struct recopy *recopy, struct err *err);
/* Compares the values of those columns after the copy, in its transactions. -1 with SQLSTATE 42804: the
 * target's type has changed values. */
int recopy_check_values(struct recopy *recopy, const struct recopy_table *table, struct err *err);
void recopy_table_done(struct recopy_table *table);
/* Replaces the rows of all tables, inside the transactions of both sessions. */
int recopy_replace_rows(struct recopy *recopy, struct err *err);
/* Deletes recopied rows that reference rows written after the cutover's trigger, which the target lacks.
 * Notes rows of other tables that reference deleted rows. */
int recopy_settle_references(struct recopy *recopy, struct err *err);

#endif
