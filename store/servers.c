/* SPDX-License-Identifier: MIT */
/* Servers. Only this file reads the password from the database. */
#include <ctype.h>
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/store.h"

#define SERVER_VALUES                                                                                        \
    "kind, subscription_id, group_name, location, tags, sku, properties, major, administrator, password, "   \
    "state, message, attached, host, port, created_us, minor"
/* A new server's folder: its name, unless a server of another subscription has a folder of that name. */
#define INSTANCE_OF_NAME                                                                                     \
    "CASE WHEN EXISTS (SELECT 1 FROM server WHERE instance = ?1) THEN ?1 || '.' ||"                          \
    " (SELECT seq + 1 FROM sqlite_sequence WHERE name = 'server') ELSE ?1 END"
#define SERVER_COLUMNS "id, name, instance, " SERVER_VALUES

/* The context of the sealed password: ids are unknown before the insert, names never change. The caller
 * frees. */
static char *password_place(const char *server_name)
{
    char *place = str_format("server/%s/password", server_name);
    for (char *at = place; at != NULL && *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return place;
}

static int seal_password(struct db *db, const struct server *server, struct err *err,
                         struct sealed *ret_sealed)
{
    if (server->password == NULL) {
        return 0;
    }
    auto_free char *place = password_place(server->name);
    if (place == NULL) {
        return memory_error(err);
    }
    return sealer_seal(db->sealer, place, server->password, strlen(server->password), err, ret_sealed);
}

static int read_password(struct stmt *stmt, struct server *server, struct err *err)
{
    size_t sealed_len = 0;
    size_t len = 0;
    const void *sealed = column_blob(stmt, &sealed_len);
    if (sealed == NULL) {
        return 0;
    }
    auto_free char *place = server->name == NULL ? NULL : password_place(server->name);
    if (place == NULL) {
        return memory_error(err);
    }
    return sealer_unseal(stmt->db->sealer, place, sealed, sealed_len, err, &server->password, &len);
}

static int read_server(struct stmt *stmt, void *row, struct err *err)
{
    struct server *server = row;
    server->id = column_int64(stmt);
    server->name = column_text(stmt);
    server->instance = column_text(stmt);
    server->kind = (enum server_kind)column_word(stmt, WORDS_SERVER_KIND);
    server->subscription_id = column_text(stmt);
    server->group = column_text(stmt);
    server->location = column_text(stmt);
    server->tags = column_text(stmt);
    server->sku = column_text(stmt);
    server->properties = column_text(stmt);
    server->major = column_int(stmt);
    server->administrator = column_text(stmt);
    if (read_password(stmt, server, err) < 0) {
        return -1;
    }
    server->state = (enum server_state)column_word(stmt, WORDS_SERVER_STATE);
    server->message = column_text(stmt);
    server->attached = column_bool(stmt);
    server->host = column_text(stmt);
    server->port = column_int(stmt);
    server->created_us = column_int64(stmt);
    server->minor = column_int(stmt);
    return stmt_check(stmt, err);
}

static void release_server(void *row)
{
    server_done(row);
}

static const struct row_type server_type = {sizeof(struct server), read_server, release_server};

/* Binds the columns of SERVER_VALUES. */
static void bind_server(struct stmt *stmt, const struct server *server, const struct sealed *password)
{
    bind_word(stmt, WORDS_SERVER_KIND, (int)server->kind);
    bind_text(stmt, server->subscription_id);
    bind_text(stmt, server->group);
    bind_text(stmt, server->location);
    bind_text(stmt, server->tags);
    bind_text(stmt, server->sku);
    bind_text(stmt, server->properties);
    bind_int(stmt, server->major);
    bind_text(stmt, server->administrator);
    bind_sealed(stmt, password);
    bind_word(stmt, WORDS_SERVER_STATE, (int)server->state);
    bind_text(stmt, server->message);
    bind_int(stmt, server->attached);
    bind_text(stmt, server->host);
    bind_int(stmt, server->port);
    bind_int(stmt, server->created_us);
    bind_int(stmt, server->minor);
}

int store_server_get(struct store *store, enum server_kind kind, const char *subscription_id,
                     const char *group, const char *name, struct err *err, struct server *ret_server)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_GET,
                  "SELECT " SERVER_COLUMNS " FROM server"
                  " WHERE name = ? AND kind = ? AND subscription_id = ? AND group_name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, name);
    bind_word(&stmt, WORDS_SERVER_KIND, (int)kind);
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, group);
    return stmt_get_row(&stmt, &server_type, err, ret_server);
}

int store_server_get_by_id(struct store *store, int64_t id, struct err *err, struct server *ret_server)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_GET_BY_ID, "SELECT " SERVER_COLUMNS " FROM server WHERE id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_get_row(&stmt, &server_type, err, ret_server);
}

int store_server_get_by_name(struct store *store, const char *subscription_id, const char *name,
                             struct err *err, struct server *ret_server)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_GET_BY_NAME,
                  "SELECT " SERVER_COLUMNS " FROM server WHERE subscription_id = ? AND name = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, name);
    return stmt_get_row(&stmt, &server_type, err, ret_server);
}

static int get_servers(struct stmt *stmt, struct err *err, struct server **ret_servers, size_t *ret_count)
{
    void *rows = NULL;
    if (stmt_get_rows(stmt, &server_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_servers = rows;
    return 0;
}

static int open_list(struct store *store, const char *group, struct err *err, struct stmt *ret_stmt)
{
    if (group == NULL) {
        return stmt_open(store, STMT_SERVER_LIST,
                         "SELECT " SERVER_COLUMNS
                         " FROM server WHERE kind = ? AND subscription_id = ? ORDER BY name",
                         err, ret_stmt);
    }
    return stmt_open(store, STMT_SERVER_LIST_GROUP,
                     "SELECT " SERVER_COLUMNS
                     " FROM server WHERE kind = ? AND subscription_id = ? AND group_name = ? ORDER BY name",
                     err, ret_stmt);
}

int store_server_list(struct store *store, enum server_kind kind, const char *subscription_id,
                      const char *group, struct err *err, struct server **ret_servers, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (open_list(store, group, err, &stmt) < 0) {
        return -1;
    }
    bind_word(&stmt, WORDS_SERVER_KIND, (int)kind);
    bind_text(&stmt, subscription_id);
    if (group != NULL) {
        bind_text(&stmt, group);
    }
    return get_servers(&stmt, err, ret_servers, ret_count);
}

int store_server_list_all(struct store *store, struct err *err, struct server **ret_servers,
                          size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_LIST_ALL, "SELECT " SERVER_COLUMNS " FROM server ORDER BY id", err,
                  &stmt) < 0) {
        return -1;
    }
    return get_servers(&stmt, err, ret_servers, ret_count);
}

int store_server_insert(struct store *store, struct server *server, struct err *err)
{
    auto_sealed struct sealed password = {0};
    auto_stmt struct stmt stmt = {0};
    if (server->created_us == 0) {
        server->created_us = clock_now_us();
    }
    if (stmt_open(store, STMT_SERVER_INSERT,
                  "INSERT INTO server (name, instance, " SERVER_VALUES ")"
                  " VALUES (?1, " INSTANCE_OF_NAME ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  err, &stmt) < 0 ||
        seal_password(stmt.db, server, err, &password) < 0) {
        return -1;
    }
    bind_text(&stmt, server->name);
    bind_server(&stmt, server, &password);
    if (stmt_run(&stmt, err) < 0) {
        return stmt_hit_unique(&stmt) ? err_set(err, ERR_SERVER_NAME_TAKEN,
                                                "Specified server name '%s' is already used.", server->name)
                                      : -1;
    }
    server->id = sqlite3_last_insert_rowid(stmt.db->sqlite);
    return 0;
}

static int need_server(const struct stmt *stmt, struct err *err)
{
    return stmt_changes(stmt) > 0
               ? 0
               : err_set(err, ERR_RESOURCE_NOT_FOUND, "The server was deleted in the meantime.");
}

int store_server_update(struct store *store, const struct server *server, struct err *err)
{
    auto_sealed struct sealed password = {0};
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_UPDATE,
                  "UPDATE server SET (" SERVER_VALUES ")"
                  " = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                  err, &stmt) < 0 ||
        seal_password(stmt.db, server, err, &password) < 0) {
        return -1;
    }
    bind_server(&stmt, server, &password);
    bind_int(&stmt, server->id);
    return stmt_run(&stmt, err) < 0 ? -1 : need_server(&stmt, err);
}

int store_server_set_state(struct store *store, int64_t id, enum server_state state, const char *message,
                           struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_SET_STATE, "UPDATE server SET state = ?, message = ? WHERE id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_word(&stmt, WORDS_SERVER_STATE, (int)state);
    bind_text(&stmt, message);
    bind_int(&stmt, id);
    return stmt_run(&stmt, err) < 0 ? -1 : need_server(&stmt, err);
}

int store_server_set_version(struct store *store, int64_t id, int major, int minor, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_SET_VERSION, "UPDATE server SET major = ?, minor = ? WHERE id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, major);
    bind_int(&stmt, minor);
    bind_int(&stmt, id);
    return stmt_run(&stmt, err) < 0 ? -1 : need_server(&stmt, err);
}

int store_server_set_address(struct store *store, int64_t id, const char *host, int port, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_SET_ADDRESS, "UPDATE server SET host = ?, port = ? WHERE id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, host);
    bind_int(&stmt, port);
    bind_int(&stmt, id);
    return stmt_run(&stmt, err) < 0 ? -1 : need_server(&stmt, err);
}

int store_server_delete(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SERVER_DELETE, "DELETE FROM server WHERE id = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_run(&stmt, err);
}
