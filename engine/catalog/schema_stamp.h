/* SPDX-License-Identifier: MIT */
/* Detects whether the definitions in a database changed between two moments. */
#ifndef ENGINE_CATALOG_SCHEMA_STAMP_H
#define ENGINE_CATALOG_SCHEMA_STAMP_H

#include "core/err.h"
#include "engine/pg/pg.h"

/* A cheap value that changes with every committed catalog change: if it is equal before and after a
 * failure, no concurrent DDL caused the failure. Call it outside a transaction. The caller frees. */
int schema_stamp(struct pg *source, struct err *err, char **ret_stamp);

#endif
