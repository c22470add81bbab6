/* SPDX-License-Identifier: MIT */
/* The common name of the slot, publication and helper schema of one database's online migration. */
#ifndef ENGINE_CATALOG_REPLICATION_NAME_H
#define ENGINE_CATALOG_REPLICATION_NAME_H

#include <stdbool.h>

/* "malachite_", the migration's UUID without hyphens, "_", the database's position in the migration. The
 * caller frees; NULL when memory is out. */
char *replication_name(const char *uuid, int position);
/* Whether any Malachite made this name. */
bool replication_name_is_ours(const char *name);

#endif
