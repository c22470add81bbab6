/* SPDX-License-Identifier: MIT */
/*
 * Maps tables and columns of the source to those of the target. Names do not identify them: during an
 * online migration, tables, schemas and columns are renamed and their names reused. An OID identifies a
 * table, a number a column. The helper schema (engine/replica/replica.h, table "identity") holds the pairs
 * that the base copy created, and those found since.
 */
#ifndef ENGINE_CATALOG_IDENTITY_H
#define ENGINE_CATALOG_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

struct identity_column {
    int source; /* attnum */
    int target; /* 0: the target lacks it */
    char *name; /* on the source, when the pair was made */
};

struct identity_table {
    uint32_t source; /* OID */
    uint32_t target;
    struct identity_column *columns; /* by number on the source */
    size_t column_count;
};

/* All-zero is empty. */
struct identities {
    struct identity_table *tables; /* by OID on the source */
    size_t count;
};

/* Columns that this file adds to the row of stale_read_origin(), after its own: arrays, ordered by
 * relation and column. */
enum identity_origin_column {
    IDENTITY_RELATIONS = 4, /* OIDs of tables and partitioned tables */
    IDENTITY_SCHEMAS,
    IDENTITY_NAMES,
    IDENTITY_COLUMN_RELATIONS, /* one of those OIDs for each column */
    IDENTITY_COLUMN_NUMBERS,
    IDENTITY_COLUMN_NAMES,
    IDENTITY_ORIGIN_COLUMNS,
};
/* Adds those columns to a SELECT on a source of that version, each after a comma. Generated columns are
 * left out, as they are in logical replication. */
void identity_add_origin_columns(struct buf *sql, int version);

/* Add statements for the helper schema: its table, and its initial rows. */
void identity_add_table(struct pg *target, struct buf *sql, const char *name);
void identity_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin);
/* Adds the statements that store a pair in the helper schema. */
void identity_add_note(struct pg *target, struct buf *sql, const char *name,
                       const struct identity_table *table);

/* Reads the helper's table; the names are in the session's encoding. */
int identities_load(struct pg *target, const char *name, struct err *err, struct identities *ret_identities);
void identities_done(struct identities *identities);

/* NULL: unknown table. */
const struct identity_table *identities_find(const struct identities *identities, uint32_t source);
const struct identity_table *identities_find_target(const struct identities *identities, uint32_t target);
/* Takes ownership of the table and replaces the pair with the same OID on the source. -1: memory is out;
 * the table is freed. */
int identities_put(struct identities *identities, struct identity_table *table, struct err *err);
void identity_table_done(struct identity_table *table);

/* NULL: unknown column. */
const struct identity_column *identity_column(const struct identity_table *table, int source);
const struct identity_column *identity_column_of_target(const struct identity_table *table, int target);

#endif
