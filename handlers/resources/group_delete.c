/* SPDX-License-Identifier: MIT */
/* DELETE of a resource group: rejected while its servers are in a migration, otherwise the executor
 * performs it. */
#include "core/buf.h"
#include "core/str.h"
#include "handlers/arm/operation.h"
#include "handlers/resources/resources.h"
#include "store/resources/deployments.h"

/* Appends the ids of the group's servers of one kind. */
static int add_ids(struct request *request, const struct resource_group *group, enum server_kind kind,
                   struct err *err, struct buf *ids)
{
    struct server *rows = NULL;
    size_t count = 0;
    if (store_server_list(request->app->store, kind, group->subscription_id, group->name, err, &rows,
                          &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        buf_add(ids, &rows[i].id, sizeof(rows[i].id));
    }
    servers_free(rows, count);
    return buf_failed(ids) ? err_no_memory(err) : 0;
}

static int refuse_while_migrating(struct request *request, const struct resource_group *group,
                                  struct err *err)
{
    auto_buf struct buf names = BUF_MAX(1000);
    auto_buf struct buf ids = BUF_MAX(1 << 20);
    for (int kind = 0; kind < SERVER_KIND_COUNT; kind++) {
        if (add_ids(request, group, (enum server_kind)kind, err, &ids) < 0) {
            return -1;
        }
    }
    if (ids.len == 0) {
        return 0;
    }
    /* malloc'ed memory is aligned for any type */
    const int64_t *all = (const int64_t *)(const void *)ids.data;
    if (active_migrations_of(request, all, ids.len / sizeof(*all), err, &names) < 0) {
        return -1;
    }
    if (names.len == 0) {
        return 0;
    }
    return err_set(err, ERR_OPERATION_NOT_ALLOWED,
                   "The resource group '%s' cannot be deleted while migrations from or to its servers are "
                   "active: %s. Cancel them, or wait until they end.",
                   group->name, buf_text(&names));
}

static int store_deletion(struct request *request, struct resource_group *group, struct err *err,
                          struct operation *ret_operation)
{
    struct store *store = request->app->store;
    auto_free char *id = armid_group(group->subscription_id, group->name);
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || refuse_while_migrating(request, group, err) < 0 ||
        operation_make(request, OPERATION_GROUP_DELETE, group->location, id, NULL, err, ret_operation) < 0) {
        return -1;
    }
    group->deleting = true;
    if (store_deployment_delete(store, group->subscription_id, group->name, NULL, err) < 0 ||
        store_group_put(store, group, err) < 0 || store_operation_insert(store, ret_operation, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

void group_delete(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    auto_operation struct operation operation = {0};
    if (!find_group(request, &group)) {
        return;
    }
    if (store_deletion(request, &group, &err, &operation) < 0) {
        reply_error(request, &err);
    } else {
        reply_group_operation(request, &operation);
    }
}
