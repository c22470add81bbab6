/* SPDX-License-Identifier: MIT */
/*
 * The cleanup of a migration is pending while its servers may still hold objects of replication: one of
 * its databases has a replication name. Even an ended migration keeps the secrets that its cleanup needs.
 */
#ifndef STORE_MIGRATION_CLEANUP_PRIVATE_H
#define STORE_MIGRATION_CLEANUP_PRIVATE_H

#include "store/store.h"

/* A condition on a row of migration. */
#define HAS_PENDING_CLEANUP                                                                                  \
    "EXISTS (SELECT 1 FROM migration_database AS cleanup WHERE cleanup.migration_id = migration.id"          \
    " AND cleanup.replication IS NOT NULL)"

/* At start, inside the caller's transaction: requests attention for migrations that a worker of an earlier
 * process handled, and erases secrets that it did not erase. */
int migration_cleanup_resume(struct store *store, struct err *err);

#endif
