/* SPDX-License-Identifier: MIT */
/* The migration resource in responses. */
#include "core/points/rules.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/migrations/migration.h"
#include "handlers/migrations/migrations.h"

/* The service answers 400 where Azure Resource Manager's rules say 404. */
static void refuse_as_the_service(struct request *request, const struct server *target, const char *name)
{
    struct err err = {0};
    auto_free char *id = migration_resource_id(target, name);
    err_set(
        &err, ERR_BAD_INPUT,
        "Invalid input. Parameter name: 'MigrationResourceId'. Error: Invalid migration resource ID '%s'.",
        id == NULL ? name : id + 1);
    reply_error(request, &err);
}

bool find_migration(struct request *request, const struct server *target, struct migration *ret_migration)
{
    struct err err = {0};
    const char *name = request_param(request, "migrationName");
    auto_migration struct migration migration = {0};
    int found = store_migration_get(request->app->store, target->id, name, &err, &migration);
    if (found < 0) {
        reply_error(request, &err);
        return false;
    }
    if (found == 0 && request->app->options->strict_service && request->method == METHOD_GET) {
        refuse_as_the_service(request, target, name);
        return false;
    }
    if (found == 0 || migration.hidden) {
        auto_free char *full = str_format("flexibleServers/%s/migrations/%s", target->name, name);
        reply_resource_not_found(request, target->group, full);
        return false;
    }
    *ret_migration = migration;
    migration = (struct migration){0};
    return true;
}

json_t *migration_write(const struct dialect *dialect, const struct server *target,
                        const struct migration_view *view, const char *location)
{
    struct migration_view shown = *view;
    shown.location = location != NULL ? location : location_display_name(target->location);
    return dialect_write(dialect, &shown);
}

static json_t *show(struct app *app, const struct dialect *dialect, const struct server *target,
                    const struct migration *migration, enum migration_detail detail, struct err *err)
{
    struct migration_database *databases = NULL;
    size_t count = 0;
    auto_free char *target_id = server_resource_id(target);
    if (target_id == NULL) {
        err_no_memory(err);
        return NULL;
    }
    if (detail != DETAIL_CREATED &&
        store_database_list(app->store, migration->id, err, &databases, &count) < 0) {
        return NULL;
    }
    const struct migration_view view = {.migration = migration,
                                        .target_resource_id = target_id,
                                        .databases = databases,
                                        .database_count = count,
                                        .detail = detail,
                                        .azure_errors = str_equals(app->options->error_style, "azure")};
    const char *location = detail == DETAIL_CREATED ? migration->location : NULL;
    json_t *resource = migration_write(dialect, target, &view, location);
    migration_databases_free(databases, count);
    if (resource == NULL) {
        err_no_memory(err);
    }
    return resource;
}

json_t *migration_show(struct app *app, const char *api_version, const struct server *target,
                       const struct migration *migration, struct err *err)
{
    json_t *resource = show(app, dialect_find(api_version), target, migration, DETAIL_FULL, err);
    rules_note_poll(migration->uuid, word_of(WORDS_SUBSTATE, (int)migration->substate));
    return resource;
}

void reply_migration(struct request *request, int status, const struct server *target,
                     const struct migration *migration, enum migration_detail detail)
{
    struct err err = {0};
    json_t *resource =
        show(request->app, dialect_find(request->api_version), target, migration, detail, &err);
    if (resource == NULL) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, status, resource);
}
