/* SPDX-License-Identifier: MIT */
/*
 * DELETE of a migration. An active one is canceled and stays in the list ("canceled or deleted", as the
 * service says) until it is deleted again or a PUT of its name replaces it; an ended one is hidden, and its
 * name is free.
 */
#include "core/str.h"
#include "handlers/migrations/migration.h"
#include "handlers/migrations/migrations.h"

enum deletion { DELETION_NOTHING, DELETION_CANCELED, DELETION_HIDDEN };

static int cancel_active(struct store *store, struct migration *migration, struct err *err)
{
    migration->spec.cancel = FLAG_TRUE;
    str_list_done(&migration->spec.cancel_databases);
    if (store_migration_update_spec(store, migration, err) < 0 ||
        store_migration_set_deleting(store, migration->id, err) < 0) {
        return -1;
    }
    return store_event_add(store, migration->id, "Cancellation requested (DELETE).", err);
}

static int store_deletion(struct store *store, const struct server *target, const char *name, struct err *err,
                          struct migration *ret_migration, enum deletion *ret_deletion)
{
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_migration_get(store, target->id, name, err, ret_migration);
    if (found < 0) {
        return -1;
    }
    enum deletion deletion = DELETION_NOTHING;
    if (found > 0 && !ret_migration->hidden) {
        bool ended = migration_state_is_terminal(ret_migration->state);
        deletion = ended ? DELETION_HIDDEN : DELETION_CANCELED;
        if (ended ? store_migration_hide(store, ret_migration->id, err) < 0
                  : cancel_active(store, ret_migration, err) < 0) {
            return -1;
        }
    }
    if (store_commit(&tx, err) < 0) {
        return -1;
    }
    *ret_deletion = deletion;
    return 0;
}

void migration_delete(struct request *request)
{
    struct err err = {0};
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    enum deletion deletion;
    if (!find_parent_server(request, "migrations", &target)) {
        return;
    }
    if (store_deletion(request->app->store, &target, request_param(request, "migrationName"), &err,
                       &migration, &deletion) < 0) {
        reply_error(request, &err);
        return;
    }
    if (deletion != DELETION_CANCELED) {
        reply_empty(request, 204);
        return;
    }
    executor_wake(request->app->executor);
    if ((dialect_find(request->api_version)->features & DIALECT_DELETE_ANSWERS) != 0) {
        reply_migration(request, 200, &target, &migration, DETAIL_FULL);
    } else {
        reply_empty(request, 200);
    }
}
