/* SPDX-License-Identifier: MIT */
/* Transactions inside the store. */
#ifndef STORE_SESSION_TRANSACTION_H
#define STORE_SESSION_TRANSACTION_H

#include "core/err.h"
#include "store/session/session.h"

/* The transaction of a function with several statements: its own, or none if the caller has one open. */
struct db_tx {
    struct store *store; /* NULL: the caller's transaction, or ended */
};
int db_begin(struct store *store, struct err *err, struct db_tx *ret_tx);
int db_commit(struct db_tx *tx, struct err *err);
void db_rollback(struct db_tx *tx);
#define auto_db_tx __attribute__((cleanup(db_rollback)))

#endif
