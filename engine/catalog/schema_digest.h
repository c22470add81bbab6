/* SPDX-License-Identifier: MIT */
/* Whether a database's definitions are the same at two moments, or in two sessions, without reading them
 * twice. */
#ifndef ENGINE_CATALOG_SCHEMA_DIGEST_H
#define ENGINE_CATALOG_SCHEMA_DIGEST_H

#include "core/err.h"
#include "engine/pg/pg.h"

enum schema_scope {
    SCHEMA_TABLES, /* what decides which rows and values a table has: columns, partitions, parents */
    SCHEMA_ALL, /* also what pg_dump writes of constraints, indexes, triggers, views, types, functions ... */
};

/*
 * A digest of the definitions, by name and not by OID: a table that was dropped and made again in the same
 * way has the same one. Temporary objects and Malachite's helpers do not count. As the session's snapshot
 * shows them; fails with class XX or 42 when objects are dropped in the meantime. The caller frees.
 */
int schema_digest(struct pg *source, enum schema_scope scope, struct err *err, char **ret_digest);

/*
 * Changes with every committed change of the catalog, cheaply: when it is the same before and after a
 * failure, nobody's DDL has caused that. Outside a transaction. The caller frees.
 */
int schema_stamp(struct pg *source, struct err *err, char **ret_stamp);

#endif
