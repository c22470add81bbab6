/* SPDX-License-Identifier: MIT */
/* Firewall rules and other children of servers. */
#include "core/attr.h"
#include "store/session/stmt.h"
#include "store/store.h"

#define CHILD_COLUMNS "server_id, kind, name, properties"

static int read_child(struct stmt *stmt, void *row, struct err *err)
{
    struct server_child *child = row;
    child->server_id = column_int64(stmt);
    child->kind = (enum server_child_kind)column_word(stmt, WORDS_SERVER_CHILD);
    child->name = column_text(stmt);
    child->properties = column_text(stmt);
    return stmt_check(stmt, err);
}

static void release_child(void *row)
{
    server_child_done(row);
}

static const struct row_type child_type = {sizeof(struct server_child), read_child, release_child};

int store_child_get(struct store *store, int64_t server_id, enum server_child_kind kind, const char *name,
                    struct err *err, struct server_child *ret_child)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CHILD_GET,
                  "SELECT " CHILD_COLUMNS " FROM server_child WHERE server_id = ? AND kind = ? AND name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    bind_word(&stmt, WORDS_SERVER_CHILD, (int)kind);
    bind_text(&stmt, name);
    return stmt_get_row(&stmt, &child_type, err, ret_child);
}

int store_child_list(struct store *store, int64_t server_id, enum server_child_kind kind, struct err *err,
                     struct server_child **ret_children, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    void *rows = NULL;
    if (stmt_open(store, STMT_CHILD_LIST,
                  "SELECT " CHILD_COLUMNS " FROM server_child WHERE server_id = ? AND kind = ? ORDER BY name",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    bind_word(&stmt, WORDS_SERVER_CHILD, (int)kind);
    if (stmt_get_rows(&stmt, &child_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_children = rows;
    return 0;
}

int store_child_put(struct store *store, const struct server_child *child, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CHILD_PUT,
                  "INSERT INTO server_child (" CHILD_COLUMNS ") VALUES (?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET properties = excluded.properties",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, child->server_id);
    bind_word(&stmt, WORDS_SERVER_CHILD, (int)child->kind);
    bind_text(&stmt, child->name);
    bind_text(&stmt, child->properties);
    if (stmt_run(&stmt, err) < 0) {
        return stmt_hit_foreign_key(&stmt)
                   ? err_set(err, ERR_RESOURCE_NOT_FOUND, "The server was deleted in the meantime.")
                   : -1;
    }
    return 0;
}

int store_child_delete(struct store *store, int64_t server_id, enum server_child_kind kind, const char *name,
                       struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CHILD_DELETE,
                  "DELETE FROM server_child WHERE server_id = ? AND kind = ? AND name = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    bind_word(&stmt, WORDS_SERVER_CHILD, (int)kind);
    bind_text(&stmt, name);
    return stmt_run(&stmt, err);
}
