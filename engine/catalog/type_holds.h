/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CATALOG_TYPE_HOLDS_H
#define ENGINE_CATALOG_TYPE_HOLDS_H

#include <stdbool.h>

/* Whether a column of one type accepts every value of another unchanged, as text: nothing is rejected,
 * rounded or truncated. Both types are spelled as engine/replication/tables/table_now.h spells them. Types
 * that are not PostgreSQL's own must be equal, or the target's must have no modifier. */
bool type_holds(const char *target, const char *source);

#endif
