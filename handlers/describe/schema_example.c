/* SPDX-License-Identifier: MIT */
/* Examples of migrations in every dialect: one fictitious migration, rendered by the code for responses. */
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/describe/schema_private.h"
#include "handlers/migrations/migration.h"

#define SERVERS                                                                                              \
    "/subscriptions/00000000-0000-4000-8000-00000000ca11/resourceGroups/rg/providers/" POSTGRESQL_NAMESPACE
static const char source_id[] = SERVERS "/servers/old-shop";
static const char target_id[] = SERVERS "/flexibleServers/new-shop";

static bool fill(struct migration *migration)
{
    static const char metadata[] = "{\"location\":\"canadacentral\",\"version\":\"16\",\"storageMb\":131072,"
                                   "\"sku\":{\"name\":\"Standard_D4ds_v5\",\"tier\":\"GeneralPurpose\"}}";
    struct migration_spec *spec = &migration->spec;
    migration_spec_init(spec);
    memcpy(migration->uuid, "6c1b3a52-5f27-4a0d-9f1e-2f6a4a1f9a10", ID_TEXT_SIZE);
    migration->name = str_dup("shop-to-flexible");
    migration->location = str_dup("canadacentral");
    migration->source_metadata = str_dup(metadata);
    migration->target_metadata = str_dup(metadata);
    migration->state = STATE_IN_PROGRESS;
    migration->substate = SUB_MIGRATING_DATA;
    spec->source_server_id = str_dup(source_id);
    spec->source_type = str_dup("PostgreSQLSingleServer");
    spec->mode = MODE_OFFLINE;
    spec->option = MIGRATION_OPTION_MIGRATE;
    spec->trigger_cutover = FLAG_TRUE;
    spec->overwrite = FLAG_TRUE;
    spec->source_password = str_dup("<source password>");
    spec->target_password = str_dup("<target password>");
    (void)clock_parse("2026-01-31T18:30:00Z", &spec->window_start_us);
    return migration->name != NULL && migration->location != NULL && migration->source_metadata != NULL &&
           migration->target_metadata != NULL && spec->source_server_id != NULL &&
           spec->source_type != NULL && spec->source_password != NULL && spec->target_password != NULL &&
           str_list_add(&spec->databases, "shop") && str_list_add(&spec->databases, "stock");
}

json_t *schema_example_answer(const struct dialect *dialect, const char *type)
{
    auto_migration struct migration migration = {0};
    auto_server struct server target = {0};
    if (!str_equals(type, "Migration") || !fill(&migration)) {
        return NULL;
    }
    struct migration_database database = {.name = migration.spec.databases.items[0],
                                          .state = DB_IN_PROGRESS,
                                          .started_us = migration.spec.window_start_us};
    const struct migration_view view = {.migration = &migration,
                                        .target_resource_id = target_id,
                                        .databases = &database,
                                        .database_count = 1,
                                        .detail = DETAIL_FULL};
    return migration_write(dialect, &target, &view, "Canada Central");
}

/* The minimal body of PUT. PATCH: the answer to WaitingForTargetDBOverwriteConfirmation. */
json_t *schema_example_request(const struct dialect *dialect, const char *type)
{
    auto_migration struct migration migration = {0};
    bool put = str_equals(type, "Migration");
    if ((!put && !str_equals(type, "MigrationPatch")) || !fill(&migration)) {
        return NULL;
    }
    if (!put) {
        migration.spec.trigger_cutover = FLAG_UNSET; /* refused while offline */
    }
    const struct migration_view view = {
        .migration = &migration, .target_resource_id = target_id, .location = migration.location};
    return dialect_write_request(dialect, &view, put ? ACCESS_PUT : ACCESS_PATCH);
}
