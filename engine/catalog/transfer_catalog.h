/* SPDX-License-Identifier: MIT */
/* The contents of the source database, read in the transfer's snapshot. Strings are in the session's
 * encoding. */
#ifndef ENGINE_CATALOG_TRANSFER_CATALOG_H
#define ENGINE_CATALOG_TRANSFER_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* A table whose rows are copied: ordinary, unlogged, leaf partition, or an extension's configuration. */
struct catalog_table {
    uint32_t oid;
    char *schema;
    char *name;
    char *columns;     /* quoted, separated by commas, without generated ones; NULL: none */
    bool text;         /* binary COPY is not safe for at least one column */
    char *condition;   /* SQL "WHERE ..." of an extension's configuration table, "" if it has none; NULL for
                          other tables */
    char *root_schema; /* the partitioned table to load through, or NULL */
    char *root_name;
    int64_t bytes;   /* with TOAST, without indexes */
    uint32_t blocks; /* without TOAST; 0: they cannot be read in ranges (before 14; only heap tables) */
};

struct catalog_sequence {
    char *schema;
    char *name;
};

struct catalog {
    struct catalog_table *tables; /* by OID */
    size_t table_count;
    struct catalog_sequence *sequences;
    size_t sequence_count;
    bool has_large_objects;
};

/* Reads tables, sequences and whether large objects exist. target_version decides which columns can be
 * copied in binary; encoding is the source database's. */
int catalog_read(struct pg *source, int target_version, const char *encoding, struct err *err,
                 struct catalog *ret_catalog);
/* Adds to "WITH RECURSIVE relations AS (... oid ...)" the relation roots(leaf, root): partitions among
 * those relations whose rows must be loaded through the topmost partitioned table, because they may belong
 * to another partition on the target. version is the server's. */
void catalog_add_hash_roots(struct buf *sql, int version);
void catalog_done(struct catalog *catalog);

/* The table with this OID on the source, or NULL. */
const struct catalog_table *catalog_table(const struct catalog *catalog, uint32_t oid);

#define auto_catalog __attribute__((cleanup(catalog_done)))

#endif
