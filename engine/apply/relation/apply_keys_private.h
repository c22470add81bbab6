/* SPDX-License-Identifier: MIT */
/* By which columns the applier finds a row of a table again, and whether its unique indexes make the order of
 * changes matter. For engine/apply/relation/apply_facts.c only. */
#ifndef ENGINE_APPLY_RELATION_APPLY_KEYS_PRIVATE_H
#define ENGINE_APPLY_RELATION_APPLY_KEYS_PRIVATE_H

#include "core/err.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/pg/pg.h"

/* Fills identity, keys and ordered of a relation whose columns are known. "oid" is the table on the target.
 */
int apply_keys_load(struct apply_relation *relation, struct pg *target, const char *oid, struct err *err);

#endif
