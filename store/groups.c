/* SPDX-License-Identifier: MIT */
/* Resource groups and provider registrations. */
#include "core/attr.h"
#include "core/str.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/store.h"
#include "store/subscriptions_private.h"

#define GROUP_COLUMNS "subscription_id, name, location, tags, managed_by, deleting"

static int read_group(struct stmt *stmt, void *row, struct err *err)
{
    struct resource_group *group = row;
    group->subscription_id = column_text(stmt);
    group->name = column_text(stmt);
    group->location = column_text(stmt);
    group->tags = column_text(stmt);
    group->managed_by = column_text(stmt);
    group->deleting = column_bool(stmt);
    return stmt_check(stmt, err);
}

static void release_group(void *row)
{
    resource_group_done(row);
}

static const struct row_type group_type = {sizeof(struct resource_group), read_group, release_group};

int store_group_get(struct store *store, const char *subscription_id, const char *name, struct err *err,
                    struct resource_group *ret_group)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_GROUP_GET,
                  "SELECT " GROUP_COLUMNS " FROM resource_group WHERE subscription_id = ? AND name = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, name);
    return stmt_get_row(&stmt, &group_type, err, ret_group);
}

int store_group_list(struct store *store, const char *subscription_id, struct err *err,
                     struct resource_group **ret_groups, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_GROUP_LIST,
                  "SELECT " GROUP_COLUMNS " FROM resource_group WHERE subscription_id = ? ORDER BY name", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &group_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_groups = rows;
    return 0;
}

static int put_group(struct store *store, const struct resource_group *group, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_GROUP_PUT,
                  "INSERT INTO resource_group (" GROUP_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET location = excluded.location, tags = excluded.tags,"
                  " managed_by = excluded.managed_by, deleting = excluded.deleting",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, group->subscription_id);
    bind_text(&stmt, group->name);
    bind_text(&stmt, group->location);
    bind_text(&stmt, group->tags);
    bind_text(&stmt, group->managed_by);
    bind_int(&stmt, group->deleting);
    return stmt_run(&stmt, err);
}

int store_group_put(struct store *store, const struct resource_group *group, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0 || subscription_make(store, group->subscription_id, err) < 0 ||
        put_group(store, group, err) < 0) {
        return -1;
    }
    return db_commit(&tx, err);
}

int store_group_delete(struct store *store, const char *subscription_id, const char *name, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_GROUP_DELETE,
                  "DELETE FROM resource_group WHERE subscription_id = ? AND name = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, name);
    return stmt_run(&stmt, err);
}

int store_provider_get(struct store *store, const char *subscription_id, const char *namespace_name,
                       struct err *err, bool *ret_registered)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_PROVIDER_GET,
                  "SELECT registered FROM provider WHERE subscription_id = ? AND namespace = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, namespace_name);
    int found = stmt_next(&stmt, err);
    if (found < 0) {
        return -1;
    }
    *ret_registered =
        found == 1 ? column_bool(&stmt) : str_iequals(namespace_name, "Microsoft.DBforPostgreSQL");
    return 0;
}

static int put_provider(struct store *store, const char *subscription_id, const char *namespace_name,
                        bool registered, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_PROVIDER_PUT,
                  "INSERT INTO provider (subscription_id, namespace, registered) VALUES (?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET registered = excluded.registered",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, namespace_name);
    bind_int(&stmt, registered);
    return stmt_run(&stmt, err);
}

int store_provider_put(struct store *store, const char *subscription_id, const char *namespace_name,
                       bool registered, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0 || subscription_make(store, subscription_id, err) < 0 ||
        put_provider(store, subscription_id, namespace_name, registered, err) < 0) {
        return -1;
    }
    return db_commit(&tx, err);
}
