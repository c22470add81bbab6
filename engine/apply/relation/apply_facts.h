/* SPDX-License-Identifier: MIT */
/*
 * Reads the facts about a target's table that decide how its changes are applied: the table that statements
 * name, the columns that identify a row, whether the order of changes matters, and whether foreign keys act
 * on rows. They do where the login may not set session_replication_role and engine/replica/replica.h could
 * not suppress them. For this room only.
 */
#ifndef ENGINE_APPLY_RELATION_APPLY_FACTS_H
#define ENGINE_APPLY_RELATION_APPLY_FACTS_H

#include "core/err.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/pg/pg.h"

/* Reads the facts of the target's table "there". "target" must not be in pipeline mode. "helper" names the
 * schema and the triggers that suppress actions. "careful": assumes that foreign keys act. */
int apply_facts_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                     const char *helper, bool careful, struct err *err);

/* The OID of the newest trigger of the target's database, as text: foreign keys have triggers, too. The
 * caller frees it. */
int apply_facts_newest(struct pg *target, struct err *err, char **ret_oid);
/* SQL that counts the triggers newer than parameter 1. */
extern const char apply_facts_newer_sql[];

#endif
