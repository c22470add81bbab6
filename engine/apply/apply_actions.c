/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_actions_private.h"

#include <string.h>

/* The keys of partitions and of the partitioned tables above are listed like any other. A key that refuses
 * rows at once depends on their order as much as one that changes them. */
static const char actions_sql[] =
    "WITH RECURSIVE above(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c"
    "    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"
    "  UNION SELECT i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid"
    "    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'),"
    " family(oid) AS (SELECT oid FROM above UNION SELECT i.inhrelid FROM family f"
    "    JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid"
    "    JOIN pg_catalog.pg_class p ON p.oid = f.oid AND p.relkind = 'p'),"
    " keys AS (SELECT (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))"
    "      AND r.relkind = 'r' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t"
    "        WHERE t.tgrelid = k.conrelid AND t.tgname = $3 AND t.tgenabled <> 'D') AS changes,"
    "    k.confdeltype = 'r' OR k.confupdtype = 'r' OR NOT k.condeferrable AS refuses"
    "  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class r ON r.oid = k.conrelid"
    "  WHERE k.contype = 'f' AND (k.conrelid IN (SELECT oid FROM family)"
    "    OR k.confrelid IN (SELECT oid FROM family)))"
    " SELECT coalesce(bool_or(changes), false), coalesce(bool_or(changes OR refuses), false) FROM keys";

int apply_actions_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                       const char *helper, struct err *err)
{
    auto_result PGresult *actions = NULL;
    const char *params[] = {there->schema, there->name, helper};
    relation->lenient = false;
    relation->acts = false;
    if (target->replica) {
        return 0;
    }
    if (pg_query(target, err, &actions, actions_sql, 3, params) != 0) {
        return -1;
    }
    relation->lenient = pg_is_true(actions, 0, 0);
    relation->acts = pg_is_true(actions, 0, 1);
    return 0;
}

int apply_actions_newest(struct pg *target, struct err *err, char **ret_oid)
{
    return pg_value(target, err, ret_oid, "SELECT coalesce(max(oid), 0::oid) FROM pg_catalog.pg_trigger", 0,
                    NULL);
}

/* By the index on the OID. Temporary tables are somebody else's. */
const char apply_actions_newer_sql[] =
    "SELECT count(*) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid"
    " WHERE t.oid > $1::pg_catalog.oid AND c.relpersistence <> 't'";
