/* SPDX-License-Identifier: MIT */
/* Functions for other files of the store on a migration's events and databases; each runs inside the
 * caller's transaction. */
#ifndef STORE_PROGRESS_PRIVATE_H
#define STORE_PROGRESS_PRIVATE_H

#include "store/store.h"

/* Makes the database rows match spec.databases, in that order; existing rows keep their progress. */
int progress_set_databases(struct store *store, int64_t migration_id, const struct str_list *names,
                           struct err *err);

#endif
