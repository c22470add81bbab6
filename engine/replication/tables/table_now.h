/* SPDX-License-Identifier: MIT */
/*
 * The current definition of a table by its OID, from a server's catalog, for properties that a replication
 * stream omits. Type names of two servers can be compared: they include the modifier, and the schema
 * except for types of PostgreSQL and of extensions, which may be installed in any schema.
 */
#ifndef ENGINE_REPLICATION_TABLES_TABLE_NOW_H
#define ENGINE_REPLICATION_TABLES_TABLE_NOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

struct column_now {
    int number;
    char *name;
    uint32_t type;
    int32_t modifier;
    char *type_text; /* "numeric(10,2)", "shop.color[]" */
    bool generated;
};

/* An all-zero struct is a table that the server does not have. */
struct table_now {
    uint32_t oid; /* 0: none */
    bool locked;  /* another session has kept it locked for so long that a change may not be visible yet */
    char kind;
    char *schema;
    char *name;
    char *bound;                /* of a partition: "FOR VALUES ...", otherwise NULL */
    char *parents;              /* OIDs of its parents, ascending: "16400 16500" */
    struct column_now *columns; /* those that are not dropped, by number */
    size_t column_count;
};

/* "settle": waits a moment for sessions that have altered it, because the stream can be ahead of what
 * other sessions see. Names are in the session's encoding. */
int table_now_read(struct pg *pg, uint32_t oid, bool settle, struct err *err, struct table_now *ret_table);
/* The OID of a table or partitioned table; 0: none. */
int table_now_find(struct pg *pg, const char *schema, const char *name, struct err *err, uint32_t *ret_oid);
void table_now_done(struct table_now *table);
#define auto_table_now __attribute__((cleanup(table_now_done)))

/* NULL: none. */
const struct column_now *table_now_column(const struct table_now *table, int number);
const struct column_now *table_now_named(const struct table_now *table, const char *name);
/* Whether all properties that affect applying are equal. */
bool table_now_same(const struct table_now *a, const struct table_now *b);

/* Formats a type like type_text; the caller frees. NULL: the server does not have it. */
int table_now_type(struct pg *pg, uint32_t type, int32_t modifier, struct err *err, char **ret_text);

#endif
