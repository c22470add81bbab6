/* SPDX-License-Identifier: MIT */
/*
 * A migration has a debt while something that replication needs may be left on its servers: one of its
 * databases has a replication name. It then keeps, also when it has ended, the secrets that removing it
 * takes.
 */
#ifndef STORE_DEBTS_PRIVATE_H
#define STORE_DEBTS_PRIVATE_H

#include "store/store.h"

/* A condition on a row of migration. */
#define HAS_DEBT                                                                                             \
    "EXISTS (SELECT 1 FROM migration_database AS debt WHERE debt.migration_id = migration.id"                \
    " AND debt.replication IS NOT NULL)"

/* At start, inside the caller's transaction: attention for what a worker of an earlier process looked after,
 * and the secrets that it had no time to erase. */
int debts_take_up(struct store *store, struct err *err);

#endif
