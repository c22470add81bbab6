/* SPDX-License-Identifier: MIT */
/* Whether anybody has changed the definitions in a database between two moments. */
#ifndef ENGINE_CATALOG_SCHEMA_STAMP_H
#define ENGINE_CATALOG_SCHEMA_STAMP_H

#include "core/err.h"
#include "engine/pg/pg.h"

/*
 * Changes with every committed change of the catalog, cheaply: when it is the same before and after a
 * failure, nobody's DDL has caused that. Outside a transaction. The caller frees.
 */
int schema_stamp(struct pg *source, struct err *err, char **ret_stamp);

#endif
