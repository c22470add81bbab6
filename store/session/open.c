/* SPDX-License-Identifier: MIT */
/*
 * Opens the store: one process per directory, the schema, and the key of the sealed values. The lock is on
 * the directory rather than the database: closing a descriptor of the database would drop SQLite's own
 * locks on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/schema_private.h"
#include "store/session/stmt.h"

/* How long a killed predecessor may take to disappear. */
enum { LOCK_TIMEOUT_MS = 2000, LOCK_PAUSE_MS = 20 };

static const char key_check[] = "malachite.key fits";

static int lock_directory(const char *dir, struct err *err, int *ret_fd)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, ERR_INTERNAL, "The data directory %s cannot be opened: %s.", dir,
                       strerror(errno));
    }
    int64_t deadline_ms = clock_monotonic_ms() + LOCK_TIMEOUT_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (clock_ms_left(deadline_ms) == 0) {
            close(fd);
            return err_set(err, ERR_INTERNAL, "The data directory %s is in use by another Malachite.", dir);
        }
        clock_sleep_ms(LOCK_PAUSE_MS);
    }
    *ret_fd = fd;
    return 0;
}

/* SQLite would create the file readable by everyone; its -wal and -shm files get this file's mode. */
static int create_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0) {
        return err_set(err, ERR_INTERNAL, "The store %s cannot be opened: %s.", path, strerror(errno));
    }
    close(fd);
    return 0;
}

/* 1 if anything besides the key check is sealed. */
static int has_secrets(struct store *store, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_HAS_SECRETS,
                  "SELECT 1 FROM server WHERE password IS NOT NULL"
                  " UNION ALL SELECT 1 FROM migration WHERE secrets IS NOT NULL LIMIT 1",
                  err, &stmt) < 0) {
        return -1;
    }
    return stmt_next(&stmt, err);
}

static int put_key_check(struct store *store, struct err *err)
{
    struct db *db = NULL;
    auto_sealed struct sealed sealed = {0};
    auto_stmt struct stmt stmt = {0};
    if (db_of_thread(store, err, &db) < 0 ||
        sealer_seal(db->sealer, "key_check", key_check, sizeof(key_check), err, &sealed) < 0 ||
        stmt_open(store, STMT_SETTING_PUT,
                  "INSERT INTO setting (name, value) VALUES ('key_check', ?)"
                  " ON CONFLICT DO UPDATE SET value = excluded.value",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_sealed(&stmt, &sealed);
    return stmt_run(&stmt, err);
}

/* 1 if the key opens the key check, 0 if there is none yet. */
static int try_key(struct store *store, struct err *err)
{
    struct db *db = NULL;
    auto_stmt struct stmt stmt = {0};
    if (db_of_thread(store, err, &db) < 0 ||
        stmt_open(store, STMT_SETTING_GET, "SELECT value FROM setting WHERE name = 'key_check'", err, &stmt) <
            0) {
        return -1;
    }
    int found = stmt_next(&stmt, err);
    if (found <= 0) {
        return found;
    }
    size_t sealed_len = 0;
    const void *sealed = column_blob(&stmt, &sealed_len);
    auto_free char *plain = NULL;
    size_t len = 0;
    return sealer_unseal(db->sealer, "key_check", sealed, sealed_len, err, &plain, &len) < 0 ? -1 : 1;
}

/* Creates the key of a store that has no sealed values yet. */
static int make_key(struct store *store, const char *key_path, bool secrets, struct err *err)
{
    if (secrets) {
        return err_set(err, ERR_INTERNAL,
                       "%s holds sealed passwords but %s, the key that opens them, is missing. Restore it.",
                       store->path, key_path);
    }
    if (seal_key_create(key_path, err, &store->key) < 0) {
        return -1;
    }
    /* This thread's handle was opened without a key. */
    store_thread_done(store);
    return put_key_check(store, err);
}

/* "loaded" is the result of seal_key_load(). */
static int use_key(struct store *store, const char *key_path, int loaded, struct err *err)
{
    int secrets = has_secrets(store, err);
    if (secrets < 0) {
        return -1;
    }
    if (loaded == 0) {
        return make_key(store, key_path, secrets == 1, err);
    }
    int fits = try_key(store, err);
    if (fits < 0 && secrets == 1) {
        return err_set(err, ERR_INTERNAL, "%s is not the key that the passwords in %s were sealed with.",
                       key_path, store->path);
    }
    return fits == 1 ? 0 : put_key_check(store, err);
}

static int open_files(const char *dir, const char *key_file, struct store *store, struct err *err)
{
    auto_free char *key_path = key_file[0] != '\0' ? str_dup(key_file) : str_format("%s/malachite.key", dir);
    store->path = str_format("%s/malachite.db", dir);
    if (key_path == NULL || store->path == NULL) {
        return memory_error(err);
    }
    if (lock_directory(dir, err, &store->lock_fd) < 0 || create_file(store->path, err) < 0) {
        return -1;
    }
    struct db *db = NULL;
    int loaded = seal_key_load(key_path, err, &store->key);
    if (loaded < 0 || db_of_thread(store, err, &db) < 0 || schema_apply(db->sqlite, store->path, err) < 0) {
        return -1;
    }
    return use_key(store, key_path, loaded, err);
}

int store_open(const char *dir, const char *key_file, struct err *err, struct store **ret_store)
{
    /* SQLite's memory statistics cost a global lock per allocation. The call is rejected, harmlessly, if
     * SQLite has already started. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return memory_error(err);
    }
    store->lock_fd = -1;
    if (pthread_key_create(&store->handle_key, db_close) != 0) {
        free(store);
        return err_set(err, ERR_INTERNAL, "The process has no free thread key for the store.");
    }
    if (open_files(dir, key_file, store, err) < 0) {
        store_close(store);
        return -1;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_thread_done(store);
    pthread_key_delete(store->handle_key);
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    explicit_bzero(&store->key, sizeof(store->key));
    free(store->path);
    free(store);
}
