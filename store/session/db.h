/* SPDX-License-Identifier: MIT */
/* The file and its handles: one SQLite handle per thread, opened on first use, used by that thread only. */
#ifndef STORE_SESSION_DB_H
#define STORE_SESSION_DB_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>

#include "core/err.h"
#include "store/session/seal_private.h"
#include "store/session/session.h"
#include "store/session/statements_private.h"

struct store {
    char *path;  /* of the database file */
    int lock_fd; /* on the directory: one process at a time */
    struct seal_key key;
    pthread_key_t handle_key;
    _Atomic uint64_t generation; /* grows with every commit */
};

struct db {
    sqlite3 *sqlite;
    sqlite3_stmt *statements[STMT_COUNT];
    struct sealer *sealer;
};

/* The calling thread's handle, opened on first use. */
int db_of_thread(struct store *store, struct err *err, struct db **ret_db);
/* Closes a handle and its statements; destructor of the thread key. NULL is fine. */
void db_close(void *handle);

/* Turns SQLite's last error on this handle into an error for the user. Returns -1. */
int db_error(sqlite3 *sqlite, int rc, struct err *err);

#endif
