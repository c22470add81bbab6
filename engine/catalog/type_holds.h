/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CATALOG_TYPE_HOLDS_H
#define ENGINE_CATALOG_TYPE_HOLDS_H

#include <stdbool.h>

/*
 * Whether a column of one type takes every value of another as it is, given as text: nothing is refused,
 * rounded or cut. Both are written as engine/replication/tables/table_now.h writes them. Types that
 * PostgreSQL does not have of its own are the same, or the target's has no modifier.
 */
bool type_holds(const char *target, const char *source);

#endif
