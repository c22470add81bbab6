/* SPDX-License-Identifier: MIT */
/*
 * Which table of the target is which of the source, and which column. A name does not say: tables, schemas
 * and columns are renamed and their names given to others while an online migration follows. A table is its
 * OID, a column its number. The helper schema (engine/replica/replica.h, table "identity") holds the pairs as
 * the base copy has made them, and those that were found since.
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
    int target; /* 0: the target does not have it */
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

/* More columns of the row that stale_read_origin() yields, behind its own: arrays, in the order of the
 * relations and of the columns. */
enum identity_origin_column {
    IDENTITY_RELATIONS = 4, /* OIDs of tables and partitioned tables */
    IDENTITY_SCHEMAS,
    IDENTITY_NAMES,
    IDENTITY_COLUMN_RELATIONS, /* one of those OIDs for each column */
    IDENTITY_COLUMN_NUMBERS,
    IDENTITY_COLUMN_NAMES,
    IDENTITY_ORIGIN_COLUMNS,
};
/* Adds those columns to a SELECT on a source of that version, with a comma before each. Columns that are
 * generated are left out, as in the stream of changes. */
void identity_add_origin_columns(struct buf *sql, int version);

/* Add statements for the helper: its table; what it holds at the beginning. */
void identity_add_table(struct pg *target, struct buf *sql, const char *name);
void identity_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin);
/* Adds the statements that make the helper remember a pair. */
void identity_add_note(struct pg *target, struct buf *sql, const char *name,
                       const struct identity_table *table);

/* Reads the helper's table; names are in the session's encoding. */
int identities_load(struct pg *target, const char *name, struct err *err, struct identities *ret_identities);
void identities_done(struct identities *identities);

/* NULL: no pair is known. */
const struct identity_table *identities_find(const struct identities *identities, uint32_t source);
const struct identity_table *identities_find_target(const struct identities *identities, uint32_t target);
/* Takes the table over, in place of the pair with the same OID on the source. -1: memory is out; it is freed.
 */
int identities_put(struct identities *identities, struct identity_table *table, struct err *err);
void identity_table_done(struct identity_table *table);

/* NULL: no pair is known. */
const struct identity_column *identity_column(const struct identity_table *table, int source);
const struct identity_column *identity_column_of_target(const struct identity_table *table, int target);

#endif
