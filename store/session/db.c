/* SPDX-License-Identifier: MIT */
/*
 * Handles and transactions. synchronous=NORMAL in WAL mode: a commit has reached the kernel when it
 * returns, so it survives the death of the process; a power loss can lose the last commits, in order, but
 * never damages the file.
 *
 * The VFS unix-excl locks the file for this process while it is open and keeps the index of the WAL on the
 * heap: a read needs no system call (2.5 instead of 6 us), and no shared mapping is needed, which mounted
 * folders of container hosts do not support. In the meantime others can read a copy of the files, not the
 * files themselves.
 */
#include "store/session/db.h"
#include "store/session/memory_error.h"

#include <stdlib.h>

#include "core/attr.h"
#include "core/change.h"
#include "core/memory.h"

enum { BUSY_TIMEOUT_MS = 5000, CHECKPOINT_PAGES = 1000 };

/* Small caches: a dozen handles exist in a process that should idle below 15 MiB, and the kernel caches
 * the file. */
static const char handle_settings[] = "PRAGMA foreign_keys = ON;"
                                      "PRAGMA synchronous = NORMAL;"
                                      "PRAGMA cache_size = -256;"
                                      "PRAGMA journal_size_limit = 8388608;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA trusted_schema = OFF;";

static int describe(struct err *err, sqlite3 *sqlite, enum err_code code, const char *what)
{
    const char *path = sqlite3_db_filename(sqlite, "main");
    err_set(err, code, "The store %s %s (%s).", path == NULL ? "" : path, what, sqlite3_errmsg(sqlite));
    err->lasting = code != ERR_STORE_UNAVAILABLE;
    return -1;
}

int db_error(sqlite3 *sqlite, int rc, struct err *err)
{
    switch (rc & 0xFF) {
    case SQLITE_NOMEM:
        return memory_error(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return describe(err, sqlite, ERR_STORE_UNAVAILABLE, "is busy: retry");
    case SQLITE_FULL:
        return describe(err, sqlite, ERR_STORE_UNAVAILABLE, "cannot grow: its disk is full");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return describe(err, sqlite, ERR_STORE_UNAVAILABLE,
                        "cannot be written: check the directory's owner and mode");
    case SQLITE_IOERR:
        return describe(err, sqlite, ERR_STORE_UNAVAILABLE,
                        "cannot be read or written: its disk reports an error");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return describe(err, sqlite, ERR_INTERNAL, "is damaged: restore a copy, or remove it to start empty");
    default:
        return describe(err, sqlite, ERR_INTERNAL, "failed");
    }
}

static int open_file(const char *path, struct err *err, sqlite3 **ret_sqlite)
{
    sqlite3 *sqlite = NULL;
    int rc = sqlite3_open_v2(
        path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, "unix-excl");
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(sqlite, BUSY_TIMEOUT_MS);
        sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        rc = sqlite3_exec(sqlite, handle_settings, NULL, NULL, NULL);
    }
    /* SQLite opens the file read-only if it may not write. */
    if (rc == SQLITE_OK && sqlite3_db_readonly(sqlite, "main") == 1) {
        rc = SQLITE_READONLY;
    }
    if (rc != SQLITE_OK) {
        db_error(sqlite, rc, err);
        sqlite3_close_v2(sqlite);
        return -1;
    }
    *ret_sqlite = sqlite;
    return 0;
}

void db_close(void *handle)
{
    struct db *db = handle;
    if (db == NULL) {
        return;
    }
    for (size_t i = 0; i < STMT_COUNT; i++) {
        sqlite3_finalize(db->statements[i]);
    }
    sqlite3_close_v2(db->sqlite);
    sealer_free(db->sealer);
    free(db);
}

/* After a commit, which others can see by now. Takes the place of SQLite's own hook, which checkpoints. */
static int count_commit(void *argument, sqlite3 *sqlite, const char *name, int wal_pages)
{
    struct store *store = argument;
    atomic_fetch_add(&store->generation, 1);
    change_report();
    if (wal_pages >= CHECKPOINT_PAGES) {
        /* A failed checkpoint is repeated after the next commit. */
        (void)sqlite3_wal_checkpoint_v2(sqlite, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

static int open_handle(struct store *store, struct err *err, struct db **ret_db)
{
    struct db *db = calloc(1, sizeof(*db));
    if (db == NULL) {
        return memory_error(err);
    }
    if (open_file(store->path, err, &db->sqlite) < 0 || sealer_new(&store->key, err, &db->sealer) < 0) {
        db_close(db);
        return -1;
    }
    sqlite3_wal_hook(db->sqlite, count_commit, store);
    if (pthread_setspecific(store->handle_key, db) != 0) {
        db_close(db);
        return memory_error(err);
    }
    *ret_db = db;
    return 0;
}

int db_of_thread(struct store *store, struct err *err, struct db **ret_db)
{
    struct db *db = pthread_getspecific(store->handle_key);
    if (db == NULL) {
        return open_handle(store, err, ret_db);
    }
    *ret_db = db;
    return 0;
}

void store_thread_done(struct store *store)
{
    struct db *db = pthread_getspecific(store->handle_key);
    pthread_setspecific(store->handle_key, NULL);
    db_close(db);
}

uint64_t store_generation(const struct store *store)
{
    return atomic_load(&store->generation);
}

bool store_in_transaction(struct store *store)
{
    const struct db *db = pthread_getspecific(store->handle_key);
    return db != NULL && sqlite3_get_autocommit(db->sqlite) == 0;
}
