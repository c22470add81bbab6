/* SPDX-License-Identifier: MIT */
#include "store/resources/networks.h"

#include <stdlib.h>

#include "core/attr.h"
#include "store/session/stmt.h"

#define NETWORK_COLUMNS "subscription_id, group_name, type, name, location, tags, properties, created_us"

void network_resource_done(struct network_resource *row)
{
    free(row->subscription_id);
    free(row->group);
    free(row->type);
    free(row->name);
    free(row->location);
    free(row->tags);
    free(row->properties);
    *row = (struct network_resource){0};
}

void network_resources_free(struct network_resource *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        network_resource_done(&rows[i]);
    }
    free(rows);
}

static int read_network(struct stmt *stmt, void *row, struct err *err)
{
    struct network_resource *network = row;
    network->subscription_id = column_text(stmt);
    network->group = column_text(stmt);
    network->type = column_text(stmt);
    network->name = column_text(stmt);
    network->location = column_text(stmt);
    network->tags = column_text(stmt);
    network->properties = column_text(stmt);
    network->created_us = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_network(void *row)
{
    network_resource_done(row);
}

static const struct row_type network_type = {sizeof(struct network_resource), read_network, release_network};

static void bind_key(struct stmt *stmt, const char *subscription_id, const char *group, const char *type,
                     const char *name)
{
    bind_text(stmt, subscription_id);
    bind_text(stmt, group);
    bind_text(stmt, type);
    bind_text(stmt, name);
}

int store_network_get(struct store *store, const char *subscription_id, const char *group, const char *type,
                      const char *name, struct err *err, struct network_resource *ret_row)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_NETWORK_GET,
                  "SELECT " NETWORK_COLUMNS " FROM network_resource"
                  " WHERE subscription_id = ? AND group_name = ? AND type = ? AND name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_key(&stmt, subscription_id, group, type, name);
    return stmt_get_row(&stmt, &network_type, err, ret_row);
}

int store_network_list(struct store *store, const char *subscription_id, const char *group, const char *type,
                       struct err *err, struct network_resource **ret_rows, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    void *rows = NULL;
    if (stmt_open(store, STMT_NETWORK_LIST,
                  "SELECT " NETWORK_COLUMNS " FROM network_resource"
                  " WHERE subscription_id = ? AND type = ? AND group_name = coalesce(?, group_name)"
                  " ORDER BY name",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, type);
    bind_text(&stmt, group);
    if (stmt_get_rows(&stmt, &network_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

int store_network_put(struct store *store, const struct network_resource *row, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_NETWORK_PUT,
                  "INSERT INTO network_resource (" NETWORK_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET location = excluded.location, tags = excluded.tags,"
                  " properties = excluded.properties",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_key(&stmt, row->subscription_id, row->group, row->type, row->name);
    bind_text(&stmt, row->location);
    bind_text(&stmt, row->tags);
    bind_text(&stmt, row->properties);
    bind_int(&stmt, row->created_us);
    if (stmt_run(&stmt, err) < 0) {
        return stmt_hit_foreign_key(&stmt)
                   ? err_set(err, ERR_GROUP_NOT_FOUND, "Resource group '%s' could not be found.", row->group)
                   : -1;
    }
    return 0;
}

int store_network_delete(struct store *store, const struct network_resource *row, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_NETWORK_DELETE,
                  "DELETE FROM network_resource"
                  " WHERE subscription_id = ? AND group_name = ? AND type = ? AND name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_key(&stmt, row->subscription_id, row->group, row->type, row->name);
    return stmt_run(&stmt, err);
}
