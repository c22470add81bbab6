/* SPDX-License-Identifier: MIT */
/* A store: opened, written in transactions, closed. */
#ifndef STORE_SESSION_SESSION_H
#define STORE_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct store;

/*
 * Opens or creates <dir>/malachite.db and the key that seals secrets: key_file, or <dir>/malachite.key if
 * that is "" (mode 0600); dir must exist. Fails with a message for the user if another process serves the
 * directory (Malachite waits 2 s for one that is ending); if the file is damaged, not writable, or belongs
 * to another program or a newer Malachite; or if the key is missing though values are sealed, does not
 * match, or is readable by others.
 *
 * Committed data survives the death of the process; a power loss can lose the last moments, never the
 * file.
 */
int store_open(const char *dir, const char *key_file, struct err *err, struct store **ret_store);
/* Call after every other thread has ended. NULL is fine. */
void store_close(struct store *store);
/* Closes the calling thread's handle; threads that used the store call it before they end. */
void store_thread_done(struct store *store);

/* A write transaction of the calling thread. store_commit() ends it; store_rollback() after an error. Not
 * nested. struct store_tx with auto_store_tx rolls back at the end of its scope unless committed. */
struct store_tx {
    struct store *store; /* NULL: not open */
};
int store_begin(struct store *store, struct err *err, struct store_tx *ret_tx);
int store_commit(struct store_tx *tx, struct err *err);
void store_rollback(struct store_tx *tx);
/* Grows with every commit of any thread, before the committing function returns. Data read after the call
 * is at least that recent. */
uint64_t store_generation(const struct store *store);
/* True while the calling thread has a transaction open: a handler that returns with an open one has a bug. */
bool store_in_transaction(struct store *store);
#define auto_store_tx __attribute__((cleanup(store_rollback)))

#endif
