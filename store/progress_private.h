/* SPDX-License-Identifier: MIT */
/* What other files of the store need of a migration's events and databases; each inside the caller's
 * transaction. */
#ifndef STORE_PROGRESS_PRIVATE_H
#define STORE_PROGRESS_PRIVATE_H

#include "store/store.h"

/* Makes the database rows those of spec.databases, in that order; rows that stay keep their progress. */
int progress_set_databases(struct store *store, int64_t migration_id, const struct str_list *names,
                           struct err *err);

#endif
