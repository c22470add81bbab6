/* SPDX-License-Identifier: MIT */
/*
 * What the target itself does when a row changes, although it follows: actions of foreign keys where the
 * login may not set session_replication_role. Most of them are silent while the target follows
 * (engine/apply/replica.h); these are the others. For engine/apply*.c only.
 */
#ifndef ENGINE_APPLY_APPLY_ACTIONS_PRIVATE_H
#define ENGINE_APPLY_APPLY_ACTIONS_PRIVATE_H

#include "core/err.h"
#include "engine/apply/apply_relation_private.h"
#include "engine/pg/pg.h"

/* Sets "acts" and "lenient" of a relation that is this table of the target; before apply_relation_load().
 * "helper": the schema's name, which silent tables have a trigger of. The target is not in pipeline mode. */
int apply_actions_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                       const char *helper, struct err *err);

/* The newest trigger of the target's database, as text: a new foreign key has triggers too. The caller frees
 * it. */
int apply_actions_newest(struct pg *target, struct err *err, char **ret_oid);
/* SQL that yields one row: how many triggers of tables are newer than parameter 1. */
extern const char apply_actions_newer_sql[];

#endif
