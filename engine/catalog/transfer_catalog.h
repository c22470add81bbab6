/* SPDX-License-Identifier: MIT */
/* What the source database holds, read in the transfer's snapshot. Texts are in the session's encoding. */
#ifndef ENGINE_CATALOG_TRANSFER_CATALOG_H
#define ENGINE_CATALOG_TRANSFER_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* A table whose rows are to be copied: ordinary, unlogged, leaf partition, or an extension's configuration.
 */
struct catalog_table {
    uint32_t oid;
    char *schema;
    char *name;
    char *columns;     /* quoted, with commas, without generated ones; NULL: there are none */
    bool text;         /* binary COPY is not safe for one of its columns */
    char *condition;   /* SQL "WHERE ..." of an extension's configuration table, "" without one; else NULL */
    char *root_schema; /* the partitioned table to load through, or NULL */
    char *root_name;
    int64_t bytes; /* with TOAST, without indexes */
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

/*
 * Reads tables, sequences and whether there are large objects. target_version decides which columns can be
 * copied in binary; encoding is the source database's.
 */
int catalog_read(struct pg *source, int target_version, const char *encoding, struct err *err,
                 struct catalog *ret_catalog);
/*
 * Adds to "WITH RECURSIVE relations AS (... oid ...)" the relation roots(leaf, root): partitions among those
 * relations whose rows have to go through the topmost partitioned table, as they may belong to another
 * partition on the target. version is the server's.
 */
void catalog_add_hash_roots(struct buf *sql, int version);
void catalog_done(struct catalog *catalog);

/* The table with this OID on the source, or NULL. */
const struct catalog_table *catalog_table(const struct catalog *catalog, uint32_t oid);

#define auto_catalog __attribute__((cleanup(catalog_done)))

#endif
