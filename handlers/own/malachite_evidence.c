/* SPDX-License-Identifier: MIT */
/*
 * The evidence of a migration's cutover: rows and sequences on both sides, and the applied position. The
 * executor has stored it as a JSON object for each database; no server is queried here.
 */
#include "core/memory.h"
#include "core/parse/json_fields.h"
#include "handlers/arm/resource.h"
#include "handlers/own/own.h"

/* Returns an array, empty while no database has been cut over. */
static int read_evidence(struct store *store, int64_t id, struct err *err, json_t **ret_array)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (store_database_list(store, id, err, &rows, &count) < 0) {
        return -1;
    }
    json_t *array = json_array();
    int result = array == NULL ? err_no_memory(err) : 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        json_t *evidence = memory_parse_text(rows[i].evidence, 0);
        if (evidence != NULL && json_array_append_new(array, evidence) != 0) {
            result = err_no_memory(err);
        }
    }
    migration_databases_free(rows, count);
    *ret_array = array;
    return result;
}

void malachite_migration_evidence(struct request *request)
{
    struct err err = {0};
    struct store *store = request->app->store;
    auto_migration struct migration migration = {0};
    const char *uuid = request_param(request, "migrationId");
    int found = store_migration_get_by_uuid(store, uuid, &err, &migration);
    if (found == 0) {
        reply_fail(request, ERR_NOT_FOUND, "There is no migration with the migrationId '%.60s'.", uuid);
        return;
    }
    json_auto_t *databases = NULL;
    if (found < 0 || read_evidence(store, migration.id, &err, &databases) < 0) {
        reply_error(request, &err);
        return;
    }
    if (json_array_size(databases) == 0) {
        reply_fail(request, ERR_NOT_FOUND,
                   "The migration '%s' has no evidence. Malachite records evidence for each database of an "
                   "online migration at its cutover.",
                   migration.name);
        return;
    }
    json_t *object = json_object();
    json_set_text(object, "migrationId", migration.uuid);
    json_set_text(object, "name", migration.name);
    json_object_set(object, "databases", databases);
    reply_json(request, 200, object);
}
