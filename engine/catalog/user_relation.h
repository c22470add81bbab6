/* SPDX-License-Identifier: MIT */
/* SQL conditions for objects that belong to the user rather than to PostgreSQL or an extension. Row "n" is
 * of pg_namespace, "c" of pg_class with its schema "n". */
#ifndef ENGINE_CATALOG_USER_RELATION_H
#define ENGINE_CATALOG_USER_RELATION_H

/* A schema. */
#define USER_SCHEMA "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

/* Excludes temporary relations. "is_config": SQL for whether an extension keeps its configuration in the
 * relation; those rows belong to the user. */
#define USER_RELATION(is_config)                                                                             \
    "c.relpersistence <> 't' AND (" is_config " OR (" USER_SCHEMA " AND NOT EXISTS (SELECT 1 FROM pg_depend" \
    " d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')))"

#endif
