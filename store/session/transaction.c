/* SPDX-License-Identifier: MIT */
#include "store/session/transaction.h"

#include "core/attr.h"
#include "core/memory.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"

int store_begin(struct store *store, struct err *err, struct store_tx *ret_tx)
{
    if (store_in_transaction(store)) {
        return err_set(err, ERR_INTERNAL, "A transaction of the store was started inside another one.");
    }
    auto_stmt struct stmt begin = {0};
    if (stmt_open(store, STMT_BEGIN, "BEGIN IMMEDIATE", err, &begin) < 0 || stmt_run(&begin, err) < 0) {
        return -1;
    }
    ret_tx->store = store;
    return 0;
}

int store_commit(struct store_tx *tx, struct err *err)
{
    /* SQLite has already rolled back after a full disk or an I/O error. */
    if (tx->store == NULL || !store_in_transaction(tx->store)) {
        tx->store = NULL;
        return err_set(err, ERR_INTERNAL, "The store's transaction was rolled back before its commit.");
    }
    auto_stmt struct stmt commit = {0};
    if (memory_watch_failed()) {
        store_rollback(tx);
        return memory_error(err);
    }
    if (stmt_open(tx->store, STMT_COMMIT, "COMMIT", err, &commit) < 0 || stmt_run(&commit, err) < 0) {
        stmt_close(&commit);
        store_rollback(tx);
        return -1;
    }
    tx->store = NULL;
    return 0;
}

void store_rollback(struct store_tx *tx)
{
    struct store *store = TAKE(tx->store);
    if (store == NULL || !store_in_transaction(store)) {
        return;
    }
    struct err ignored = {0};
    auto_stmt struct stmt rollback = {0};
    if (stmt_open(store, STMT_ROLLBACK, "ROLLBACK", &ignored, &rollback) == 0) {
        (void)stmt_run(&rollback, &ignored);
    }
}

int db_begin(struct store *store, struct err *err, struct db_tx *ret_tx)
{
    struct store_tx tx = {0};
    if (!store_in_transaction(store) && store_begin(store, err, &tx) < 0) {
        return -1;
    }
    ret_tx->store = tx.store;
    return 0;
}

int db_commit(struct db_tx *tx, struct err *err)
{
    struct store_tx own = {.store = TAKE(tx->store)};
    return own.store == NULL ? 0 : store_commit(&own, err);
}

void db_rollback(struct db_tx *tx)
{
    struct store_tx own = {.store = TAKE(tx->store)};
    store_rollback(&own);
}
