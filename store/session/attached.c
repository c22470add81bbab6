/* SPDX-License-Identifier: MIT */
#include "store/session/attached.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/attr.h"
#include "core/fd.h"
#include "core/str.h"
#include "store/session/db.h"

static void finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}
#define auto_statement __attribute__((cleanup(finalize)))

int attached_run(struct store *store, const char *sql, const char *param, struct err *err, char **ret_text)
{
    struct db *db = NULL;
    auto_statement sqlite3_stmt *statement = NULL;
    auto_free char *text = NULL;
    if (db_of_thread(store, err, &db) < 0) {
        return -1;
    }
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && param != NULL) {
        rc = sqlite3_bind_text(statement, 1, param, -1, SQLITE_STATIC);
    }
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW && !str_replace(&text, (const char *)sqlite3_column_text(statement, 0))) {
            return err_no_memory(err);
        }
    }
    if (rc != SQLITE_DONE) {
        return db_error(db->sqlite, rc, err);
    }
    if (ret_text != NULL) {
        *ret_text = TAKE(text);
    }
    return 0;
}

int attached_open(struct store *store, const char *path, struct err *err)
{
    /* SQLite creates no file beside one that it opened without that right; an empty one will do. */
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(err, ERR_STORE_UNAVAILABLE, "Cannot open '%s': %s", path, strerrordesc_np(errno));
    }
    if (attached_run(store, "ATTACH ?1 AS beside", path, err, NULL) < 0) {
        return -1;
    }
    /* The file gets its name when it is complete, or is only read: it needs no journal of its own. */
    return attached_run(store, "PRAGMA beside.journal_mode = OFF", NULL, err, NULL);
}

void attached_close(struct store *store)
{
    struct err ignored = {0};
    struct store_tx tx = {.store = store};
    store_rollback(&tx);
    (void)attached_run(store, "DETACH beside", NULL, &ignored, NULL);
}
