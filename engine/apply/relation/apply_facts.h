/* SPDX-License-Identifier: MIT */
/*
 * What of a table of the target decides how its changes are applied: through which table they go, by which
 * columns a row is found again, whether the order of changes matters, and what the target itself does when a
 * row changes, although it follows: actions of foreign keys where the login may not set
 * session_replication_role. Most of them are silent while the target follows (engine/replica/replica.h); the
 * others are read here. For this room only.
 */
#ifndef ENGINE_APPLY_RELATION_APPLY_FACTS_H
#define ENGINE_APPLY_RELATION_APPLY_FACTS_H

#include "core/err.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/pg/pg.h"

/* Reads the facts, for the table "there" of the target, which is not in pipeline mode. "helper": the schema's
 * name, which silent tables have a trigger of. "careful": as if foreign keys acted. */
int apply_facts_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                     const char *helper, bool careful, struct err *err);

/* The newest trigger of the target's database, as text: a new foreign key has triggers too. The caller frees
 * it. */
int apply_facts_newest(struct pg *target, struct err *err, char **ret_oid);
/* SQL that yields one row: how many triggers of tables are newer than parameter 1. */
extern const char apply_facts_newer_sql[];

#endif
