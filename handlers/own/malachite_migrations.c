/* SPDX-License-Identifier: MIT */
/*
 * Migrations with details that the service's responses lack: rows and bytes, tables, the history of
 * states. For testers and progress bars; not part of Azure's interface.
 */
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/arm/resource.h"
#include "handlers/own/own.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000 };

static void set_time(json_t *object, const char *name, int64_t at_us)
{
    char text[CLOCK_TEXT_SIZE];
    if (at_us != 0) {
        json_set_text(object, name, clock_format(at_us, text));
    }
}

static void set_number(json_t *object, const char *name, int64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *write_summary(const struct migration *migration, const struct server *target)
{
    json_t *object = json_object();
    auto_free char *id = target->id == 0 ? NULL : migration_resource_id(target, migration->name);
    json_set_text(object, "migrationId", migration->uuid);
    json_set_text(object, "name", migration->name);
    json_set_text(object, "id", id);
    json_set_text(object, "targetServer", target->name);
    json_set_text(object, "source", migration->spec.source_server_id);
    json_set_text(object, "state", word_of(WORDS_MIGRATION_STATE, (int)migration->state));
    json_set_text(object, "substate", word_of(WORDS_SUBSTATE, (int)migration->substate));
    json_set_text(object, "error", migration->error);
    json_set_text(object, "errorCode", migration->error_code);
    set_time(object, "createdAt", migration->created_us);
    set_time(object, "endedAt", migration->ended_us);
    if (migration->hidden) {
        json_object_set_new(object, "deleted", json_true());
    }
    return object;
}

static json_t *write_database(const struct migration_database *row)
{
    json_t *object = json_object();
    json_set_text(object, "name", row->name);
    json_set_text(object, "state", word_of(WORDS_DATABASE_STATE, (int)row->state));
    json_set_text(object, "operation", row->operation);
    json_set_text(object, "message", row->message);
    json_set_text(object, "errorCode", row->error_code);
    set_time(object, "startedAt", row->started_us);
    set_time(object, "endedAt", row->ended_us);
    set_number(object, "tablesQueued", row->tables_queued);
    set_number(object, "tablesLoading", row->tables_loading);
    set_number(object, "tablesCompleted", row->tables_completed);
    set_number(object, "tablesErrored", row->tables_errored);
    set_number(object, "rowsCopied", row->rows_copied);
    set_number(object, "bytesCopied", row->bytes_copied);
    set_number(object, "bytesTotal", row->bytes_total);
    set_number(object, "inserts", row->figures.inserts);
    set_number(object, "updates", row->figures.updates);
    set_number(object, "deletes", row->figures.deletes);
    set_number(object, "appliedChanges", row->figures.applied_changes);
    set_number(object, "pendingBytes", row->figures.pending_bytes);
    set_number(object, "latencySeconds", row->figures.latency_seconds);
    set_time(object, "lastChangeOn", row->figures.last_change_us);
    return object;
}

static json_t *write_table(const struct migration_table *row)
{
    json_t *object = json_object();
    json_set_text(object, "schema", row->schema);
    json_set_text(object, "name", row->name);
    json_set_text(object, "state", word_of(WORDS_TABLE_STATE, (int)row->state));
    set_number(object, "rowsCopied", row->rows_copied);
    set_number(object, "bytesCopied", row->bytes_copied);
    set_number(object, "bytesTotal", row->bytes_total);
    set_time(object, "startedAt", row->started_us);
    set_time(object, "endedAt", row->ended_us);
    json_set_text(object, "message", row->message);
    return object;
}

static json_t *write_event(const struct migration_event *row)
{
    json_t *object = json_object();
    set_time(object, "at", row->at_us);
    json_set_text(object, "state", word_of(WORDS_MIGRATION_STATE, (int)row->state));
    json_set_text(object, "substate", word_of(WORDS_SUBSTATE, (int)row->substate));
    json_set_text(object, "text", row->text);
    return object;
}

/* By the state of the copy, so that a bar can show all of them. */
static void set_sizes(json_t *object, const struct migration_database *row, const struct store_sizes *sizes,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct store_sizes *of = &sizes[i];
        if (str_equals(of->database, row->name)) {
            json_int_t copied = of->completed + of->loaded;
            json_int_t copying = of->loading - of->loaded;
            json_object_set_new(object, "sizes",
                                json_pack("{s:I, s:I, s:I, s:I}", "copied", copied, "copying", copying,
                                          "queued", (json_int_t)of->queued, "failed",
                                          (json_int_t)of->errored));
        }
    }
}

/* Each adds an array to the object. */
static int add_databases(struct store *store, int64_t id, json_t *object, struct err *err)
{
    struct store_sizes *sizes = NULL;
    size_t size_count = 0;
    if (store_sizes_list(store, id, err, &sizes, &size_count) < 0) {
        return -1;
    }
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (store_database_list(store, id, err, &rows, &count) < 0) {
        store_sizes_free(sizes, size_count);
        return -1;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *database = write_database(&rows[i]);
        set_sizes(database, &rows[i], sizes, size_count);
        json_array_append_new(array, database);
    }
    migration_databases_free(rows, count);
    store_sizes_free(sizes, size_count);
    return json_object_set_new(object, "databases", array) < 0 ? err_no_memory(err) : 0;
}

static int add_events(struct store *store, int64_t id, json_t *object, struct err *err)
{
    struct migration_event *rows = NULL;
    size_t count = 0;
    if (store_event_list(store, id, err, &rows, &count) < 0) {
        return -1;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, write_event(&rows[i]));
    }
    migration_events_free(rows, count);
    return json_object_set_new(object, "events", array) < 0 ? err_no_memory(err) : 0;
}

static int add_tables(struct store *store, int64_t id, const char *database, json_t *object, struct err *err)
{
    struct migration_table *rows = NULL;
    size_t count = 0;
    if (store_table_list(store, id, database, err, &rows, &count) < 0) {
        return -1;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, write_table(&rows[i]));
    }
    migration_tables_free(rows, count);
    return json_object_set_new(object, "tables", array) < 0 ? err_no_memory(err) : 0;
}

int own_migration_find(const struct request *request, struct err *err, struct migration *ret_migration)
{
    struct store *store = request->app->store;
    const char *id = request_param(request, "migrationId");
    const char *given = request_query(request, "subscription");
    const char *subscription = given == NULL ? request->app->options->subscription_id : given;
    int found = store_migration_get_by_uuid(store, id, err, ret_migration);
    if (found == 0) {
        found = store_migration_get_newest(store, subscription, id, err, ret_migration);
    }
    if (found == 0) {
        err_set(
            err, ERR_NOT_FOUND,
            "There is no migration with the migrationId '%.60s', and none of this name in the subscription.",
            id);
    }
    return found > 0 ? 0 : -1;
}

/* What the query asks for besides: so that a page needs one request a second. */
static int add_on_request(struct request *request, const struct server *target,
                          const struct migration *migration, json_t *object, struct err *err)
{
    struct app *app = request->app;
    const char *after = request_query(request, "pointsAfter");
    const char *version = request_query(request, "resource");
    if (after != NULL && own_series_add(request, after, migration->id, object, err) < 0) {
        return -1;
    }
    if (version == NULL || app->show_migration == NULL || target->id == 0) {
        return 0;
    }
    json_t *resource = app->show_migration(app, version, target, migration, err);
    if (resource == NULL) {
        return -1;
    }
    return json_object_set_new(object, "resource", resource) < 0 ? err_no_memory(err) : 0;
}

void own_migration_reply(struct request *request, int status, const struct migration *migration)
{
    struct err err = {0};
    struct store *store = request->app->store;
    auto_server struct server target = {0};
    const char *database = request_query(request, "database");
    if (store_server_get_by_id(store, migration->target_id, &err, &target) < 0) {
        reply_error(request, &err);
        return;
    }
    json_auto_t *object = write_summary(migration, &target);
    if (add_databases(store, migration->id, object, &err) < 0 ||
        add_events(store, migration->id, object, &err) < 0 ||
        (database != NULL && add_tables(store, migration->id, database, object, &err) < 0) ||
        add_on_request(request, &target, migration, object, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, status, TAKE(object));
}

void malachite_migration_get(struct request *request)
{
    struct err err = {0};
    auto_migration struct migration migration = {0};
    if (own_migration_find(request, &err, &migration) < 0) {
        reply_error(request, &err);
        return;
    }
    own_migration_reply(request, 200, &migration);
}

void malachite_migration_list(struct request *request)
{
    struct err err = {0};
    struct store *store = request->app->store;
    int64_t limit = LIMIT_DEFAULT;
    const char *limit_text = request_query(request, "limit");
    struct migration *rows = NULL;
    size_t count = 0;
    if (limit_text != NULL && !str_to_int(limit_text, 1, LIMIT_MAX, &limit)) {
        reply_fail(request, ERR_BAD_PARAMETER, "The query parameter limit must be a number from 1 to %d.",
                   LIMIT_MAX);
        return;
    }
    const struct migration_filter filter = {.subscription_id = request_query(request, "subscription"),
                                            .limit = (size_t)limit};
    if (store_migration_list(store, &filter, &err, &rows, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        auto_server struct server target = {0};
        if (store_server_get_by_id(store, rows[i].target_id, &err, &target) >= 0) {
            json_array_append_new(value, write_summary(&rows[i], &target));
        }
    }
    migrations_free(rows, count);
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}
