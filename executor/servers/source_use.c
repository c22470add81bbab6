/* SPDX-License-Identifier: MIT */
/* Before a cutover: who still uses the databases of the source, and when they were last written. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "engine/admin/database_clients.h"
#include "executor/executor_parts.h"
#include "executor/servers/servers.h"
#include "executor/servers/sides.h"

struct use {
    struct database_client *clients;
    size_t count;
    int64_t now_us; /* of the source's clock */
};

static int add_clients(json_t *object, const struct use *use, const char *database)
{
    json_int_t sessions = 0;
    json_t *clients = json_array();
    int failed = clients == NULL ? -1 : 0;
    for (size_t i = 0; i < use->count && failed == 0; i++) {
        const struct database_client *client = &use->clients[i];
        if (str_equals(client->database, database)) {
            sessions += client->sessions;
            failed = json_array_append_new(clients, json_pack("{s:s, s:s, s:I}", "user", client->user,
                                                              "application", client->application, "sessions",
                                                              (json_int_t)client->sessions));
        }
    }
    failed |= json_object_set_new(object, "clients", clients);
    failed |= json_object_set_new(object, "sessions", json_integer(sessions));
    return failed;
}

static json_t *describe(const struct use *use, const struct migration_database *row)
{
    char text[CLOCK_TEXT_SIZE];
    json_auto_t *object = json_object();
    int failed = json_set_text(object, "name", row->name);
    failed |= json_object_set_new(object, "pendingBytes", json_integer(row->figures.pending_bytes));
    if (row->figures.last_change_us != 0) {
        int64_t seconds = (use->now_us - row->figures.last_change_us) / 1000000;
        failed |= json_set_text(object, "lastChangeOn", clock_format(row->figures.last_change_us, text));
        failed |= json_object_set_new(object, "secondsSinceLastChange",
                                      json_integer(seconds < 0 ? 0 : (json_int_t)seconds));
    }
    failed |= add_clients(object, use, row->name);
    return failed != 0 ? NULL : TAKE(object);
}

static int describe_all(struct executor *executor, int64_t migration_id, const struct use *use,
                        struct err *err, json_t **ret_databases)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (store_database_list(executor->store, migration_id, err, &rows, &count) < 0) {
        return -1;
    }
    json_t *array = json_array();
    int failed = array == NULL ? -1 : 0;
    for (size_t i = 0; i < count && failed == 0; i++) {
        failed = json_array_append_new(array, describe(use, &rows[i]));
    }
    migration_databases_free(rows, count);
    if (failed != 0) {
        json_decref(array);
        return err_no_memory(err);
    }
    *ret_databases = array;
    return 0;
}

int executor_source_use(struct executor *executor, const struct migration *migration, struct err *err,
                        json_t **ret_databases)
{
    auto_sides struct sides sides = {0};
    struct use use = {0};
    if (sides_find(executor, migration, err, &sides) < 0 ||
        database_clients(&sides.source.work, &executor->stop, err, &use.clients, &use.count, &use.now_us) <
            0) {
        return -1;
    }
    int result = describe_all(executor, migration->id, &use, err, ret_databases);
    database_clients_free(use.clients, use.count);
    return result;
}
