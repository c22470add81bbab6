/* SPDX-License-Identifier: MIT */
/* The name that slot, publication and helper schema of one database's online migration share. */
#ifndef ENGINE_CATALOG_REPLICATION_NAME_H
#define ENGINE_CATALOG_REPLICATION_NAME_H

#include <stdbool.h>

/* "malachite_", the migration's UUID without hyphens, "_", the database's position in the migration. The
 * caller frees; NULL when memory is out. */
char *replication_name(const char *uuid, int position);
/* Whether a name was made so, by any Malachite. */
bool replication_name_is_ours(const char *name);

#endif
