/* SPDX-License-Identifier: MIT */
/* PATCH of a migration: stores the user's decision and wakes the executor to act on it. */
#include "handlers/arm/server_reference.h"
#include "handlers/migrations/migration.h"
#include "handlers/migrations/migration_decision_private.h"
#include "handlers/migrations/migrations.h"
#include "handlers/rules/tags/migration_tags.h"

/* Reads, decides and writes in one transaction, so that the executor cannot interfere. */
static int store_decision(struct decision *decision, struct err *err)
{
    struct migration *migration = decision->migration;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(decision->store, err, &tx) < 0) {
        return -1;
    }
    struct migration fresh = {0};
    int found = store_migration_get_by_id(decision->store, migration->id, err, &fresh);
    if (found <= 0) {
        return found == 0 ? err_set(err, ERR_RESOURCE_NOT_FOUND, "The migration was deleted in the meantime.")
                          : -1;
    }
    migration_done(migration);
    *migration = fresh;
    if (decision_store(decision, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

/* A PUT must accept the new source, too. */
static int read_source(struct request *request, struct decision *decision, struct err *err)
{
    static const char path[] = "properties.sourceDbServerResourceId";
    const struct migration *migration = decision->migration;
    auto_server struct server source = {0};
    bool is_resource = false;
    if (!dialect_changes_field(&decision->given, &migration->spec,
                               offsetof(struct migration_spec, source_server_id))) {
        return 0;
    }
    if (decision->given.spec.source_server_id == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is empty.", path);
        return err_target(err, "%s", path);
    }
    if (server_reference_read(request, "source", decision->given.spec.source_server_id, err, &source,
                              &is_resource) < 0) {
        return err_target(err, "%s", path);
    }
    if (source.id != 0 && source.id == decision->target->id) {
        err_set(err, ERR_BAD_INPUT, "Source and target are the same server, '%s'.", source.name);
        return err_target(err, "%s", path);
    }
    decision->new_source = true;
    decision->source_id = source.id;
    return 0;
}

void migration_patch(struct request *request)
{
    struct err err = {0};
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    if (!find_parent_server(request, "migrations", &target) ||
        !find_migration(request, &target, &migration)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    struct decision decision = {.dialect = dialect_find(request->api_version),
                                .target = &target,
                                .migration = &migration,
                                .store = request->app->store,
                                .options = request->app->options};
    migration_spec_init(&decision.given.spec);
    int result = dialect_read(body, &err, &decision.given);
    if (result == 0) {
        result = read_source(request, &decision, &err) < 0 ? -1 : store_decision(&decision, &err);
    }
    dialect_request_done(&decision.given);
    if (result < 0) {
        reply_error(request, &err);
        return;
    }
    migration_tags_apply(&migration);
    executor_wake(request->app->executor);
    if (decision.early_cutover) {
        reply_warning(request, MIGRATION_CUTOVER_REMEMBERED);
    }
    reply_migration(request, 200, &target, &migration, DETAIL_FULL);
}
