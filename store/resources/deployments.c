/* SPDX-License-Identifier: MIT */
#include "store/resources/deployments.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/store.h"

#define DEPLOYMENT_COLUMNS                                                                                   \
    "subscription_id, group_name, name, operation_id, state, cancel, location, tags, properties, "           \
    "operations, "                                                                                           \
    "started_us, ended_us"

void deployment_done(struct deployment *row)
{
    free(row->subscription_id);
    free(row->group);
    free(row->name);
    free(row->state);
    free(row->location);
    free(row->tags);
    free(row->properties);
    free(row->operations);
    if (row->template != NULL) {
        explicit_bzero(row->template, strlen(row->template));
    }
    free(row->template);
    *row = (struct deployment){0};
}

void deployments_free(struct deployment *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        deployment_done(&rows[i]);
    }
    free(rows);
}

static int read_deployment(struct stmt *stmt, void *row, struct err *err)
{
    struct deployment *deployment = row;
    deployment->subscription_id = column_text(stmt);
    deployment->group = column_text(stmt);
    deployment->name = column_text(stmt);
    column_uuid(stmt, deployment->operation_id);
    deployment->state = column_text(stmt);
    deployment->cancel = column_bool(stmt);
    deployment->location = column_text(stmt);
    deployment->tags = column_text(stmt);
    deployment->properties = column_text(stmt);
    deployment->operations = column_text(stmt);
    deployment->started_us = column_int64(stmt);
    deployment->ended_us = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_deployment(void *row)
{
    deployment_done(row);
}

static const struct row_type deployment_type = {sizeof(struct deployment), read_deployment,
                                                release_deployment};

int store_deployment_get(struct store *store, const char *subscription_id, const char *group,
                         const char *name, struct err *err, struct deployment *ret_deployment)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_GET,
                  "SELECT " DEPLOYMENT_COLUMNS
                  " FROM deployment WHERE subscription_id = ? AND group_name = ? AND name = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, group);
    bind_text(&stmt, name);
    return stmt_get_row(&stmt, &deployment_type, err, ret_deployment);
}

int store_deployment_list(struct store *store, const char *subscription_id, const char *group,
                          struct err *err, struct deployment **ret_deployments, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_LIST,
                  "SELECT " DEPLOYMENT_COLUMNS " FROM deployment WHERE subscription_id = ? AND group_name = ?"
                  " ORDER BY started_us DESC",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, group);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &deployment_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_deployments = rows;
    return 0;
}

/* The context of a sealed template: one PUT of one deployment. */
static char *seal_place(const struct deployment *deployment)
{
    return str_format("deployment/%s/template", deployment->operation_id);
}

int store_deployment_template(struct store *store, const struct deployment *deployment, struct err *err,
                              char **ret_template)
{
    auto_stmt struct stmt stmt = {0};
    auto_free char *place = seal_place(deployment);
    if (place == NULL) {
        return memory_error(err);
    }
    if (stmt_open(store, STMT_DEPLOYMENT_TEMPLATE, "SELECT template FROM deployment WHERE operation_id = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, deployment->operation_id);
    int found = stmt_next(&stmt, err);
    if (found <= 0) {
        return found;
    }
    size_t sealed_len = 0;
    size_t len = 0;
    const void *sealed = column_blob(&stmt, &sealed_len);
    if (sealed == NULL) {
        return 0;
    }
    return sealer_unseal(stmt.db->sealer, place, sealed, sealed_len, err, ret_template, &len) < 0 ? -1 : 1;
}

int store_deployment_count(struct store *store, const char *subscription_id, const char *group,
                           struct err *err, int64_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_COUNT,
                  "SELECT count(*) FROM deployment WHERE subscription_id = ? AND group_name = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, group);
    if (stmt_next(&stmt, err) < 0) {
        return -1;
    }
    *ret_count = column_int64(&stmt);
    return 0;
}

int store_deployment_put(struct store *store, const struct deployment *deployment, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_PUT,
                  "INSERT OR REPLACE INTO deployment (" DEPLOYMENT_COLUMNS
                  ", template) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  err, &stmt) < 0) {
        return -1;
    }
    auto_sealed struct sealed template = {0};
    auto_free char *place = seal_place(deployment);
    if (place == NULL) {
        return memory_error(err);
    }
    if (deployment->template != NULL && sealer_seal(stmt.db->sealer, place, deployment->template,
                                                    strlen(deployment->template), err, &template) < 0) {
        return -1;
    }
    bind_text(&stmt, deployment->subscription_id);
    bind_text(&stmt, deployment->group);
    bind_text(&stmt, deployment->name);
    bind_text(&stmt, deployment->operation_id);
    bind_text(&stmt, deployment->state);
    bind_int(&stmt, deployment->cancel);
    bind_text(&stmt, deployment->location);
    bind_text(&stmt, deployment->tags);
    bind_text(&stmt, deployment->properties);
    bind_text(&stmt, deployment->operations);
    bind_int(&stmt, deployment->started_us);
    bind_int(&stmt, deployment->ended_us);
    bind_sealed(&stmt, &template);
    return stmt_run(&stmt, err);
}

int store_deployment_update(struct store *store, const struct deployment *deployment, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_UPDATE,
                  "UPDATE deployment SET state = ?, properties = ?, operations = ?, ended_us = ?"
                  " WHERE operation_id = ? AND (cancel = 0 OR ?)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, deployment->state);
    bind_text(&stmt, deployment->properties);
    bind_text(&stmt, deployment->operations);
    bind_int(&stmt, deployment->ended_us);
    bind_text(&stmt, deployment->operation_id);
    bind_int(&stmt, deployment->ended_us != 0);
    return stmt_run(&stmt, err) < 0 ? -1 : stmt_changes(&stmt);
}

int store_deployment_cancel(struct store *store, const char *subscription_id, const char *group,
                            const char *name, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_CANCEL,
                  "UPDATE deployment SET cancel = 1 WHERE subscription_id = ? AND group_name = ? AND name = ?"
                  " AND ended_us = 0",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, group);
    bind_text(&stmt, name);
    return stmt_run(&stmt, err) < 0 ? -1 : stmt_changes(&stmt);
}

int store_deployment_delete(struct store *store, const char *subscription_id, const char *group,
                            const char *name, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_DEPLOYMENT_DELETE,
                  "DELETE FROM deployment WHERE subscription_id = ?1 AND group_name = ?2"
                  " AND (?3 IS NULL OR name = ?3)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, group);
    bind_text(&stmt, name);
    return stmt_run(&stmt, err);
}

int store_deployment_end_all(struct store *store, const char *properties, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_DEPLOYMENT_END_ALL,
            "UPDATE deployment SET state = 'Failed', properties = json_patch(properties, ?), ended_us = ?"
            " WHERE ended_us = 0",
            err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, properties);
    bind_int(&stmt, clock_now_us());
    return stmt_run(&stmt, err);
}
