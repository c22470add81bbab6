/* SPDX-License-Identifier: MIT */
/* Databases of a server, read from the running PostgreSQL; the executor creates and drops them. */
#include "core/str.h"
#include "executor/servers/servers.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/operation.h"
#include "handlers/arm/page.h"
#include "handlers/servers/database_private.h"
#include "handlers/servers/servers.h"
#include "handlers/servers/values/resource_view.h"

struct database_request {
    const char *charset;
    const char *collation;
};

/* clang-format off */
#define RW (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
static const struct property database_rows[] = {
    {"properties.charset", NULL, RW, "Character set, such as UTF8.", .type = &type_string, .field = offsetof(struct database_request, charset)},
    {"properties.collation", NULL, RW, "Collation, such as en_US.utf8.", .type = &type_string, .field = offsetof(struct database_request, collation)},
    CHILD_ROWS,
};
/* clang-format on */
const struct description database_descriptions[] = {DESCRIPTION("Database", database_rows, NULL)};
const size_t database_description_count = ARRAY_LEN(database_descriptions);

json_t *database_write(const struct server *server, json_t *database)
{
    auto_free char *name = str_dup(json_string_value(json_object_get(database, "name")));
    return server_child_write(database_descriptions, server, "databases", name, database);
}

void server_database_get(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    json_t *database = NULL;
    if (!find_ready_server(request, "databases", &server)) {
        return;
    }
    const char *name = request_param(request, "databaseName");
    int found = executor_get_database(request->app->executor, &server, name, &err, &database);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        auto_free char *full =
            str_format("%s/%s/databases/%s", word_of(WORDS_SERVER_KIND, (int)server.kind), server.name, name);
        reply_resource_not_found(request, server.group, full);
    } else {
        const char *warning = json_string_value(json_object_get(database, "warning"));
        if (warning != NULL) {
            reply_warning(request, warning);
        }
        reply_json(request, 200, database_write(&server, database));
    }
}

void server_database_list(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    json_auto_t *databases = NULL;
    if (!find_ready_server(request, "databases", &server)) {
        return;
    }
    if (executor_list_databases(request->app->executor, &server, &err, &databases) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    size_t index;
    json_t *database;
    json_array_foreach (databases, index, database) {
        json_array_append_new(value, database_write(&server, json_incref(database)));
    }
    page_reply_whole(request, value);
}

/* ---- create and drop -------------------------------------------------------------------------------------
 */

static int check_droppable(struct request *request, const struct server *server, const char *name,
                           struct err *err)
{
    if (str_equals(name, "postgres") || database_name_is_reserved(name)) {
        return err_set(err, ERR_OPERATION_NOT_ALLOWED, "The system database '%s' cannot be deleted.", name);
    }
    auto_migration struct migration migration = {0};
    int found = store_migration_writing(request->app->store, server->id, name, 0, err, &migration);
    if (found <= 0) {
        return found;
    }
    return err_set(err, ERR_DATABASE_BUSY,
                   "The database '%s' of the server '%s' is in use by the active migration '%s'. Wait until "
                   "that migration ends, or cancel it.",
                   name, server->name, migration.name);
}

/* In one transaction with its preconditions: the server's state, and the migrations that write the
 * database. */
static int store_change(struct request *request, enum operation_kind kind, const struct server *seen,
                        json_t *argument, struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    const char *name = request_param(request, "databaseName");
    auto_free char *parent = server_resource_id(seen);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, "databases", name);
    auto_server struct server server = {0};
    auto_store_tx struct store_tx tx = {0};
    if (operation_make(request, kind, seen->location, id, argument, err, ret_operation) < 0 ||
        store_begin(store, err, &tx) < 0 || server_read_again(store, seen, err, &server) < 0 ||
        server_check_ready(&server, err) < 0 ||
        (kind == OPERATION_DATABASE_DELETE && check_droppable(request, &server, name, err) < 0)) {
        return -1;
    }
    ret_operation->server_id = server.id;
    return store_operation_insert(store, ret_operation, err) < 0 ? -1 : store_commit(&tx, err);
}

void server_database_put(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_ready_server(request, "databases", &server)) {
        return;
    }
    const char *name = request_param(request, "databaseName");
    if (name_check(NAME_DATABASE, name, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *body = request_body(request);
    struct database_request wanted = {0};
    if (body == NULL) {
        return;
    }
    if (properties_read(database_descriptions, body, &err, &wanted, NULL) < 0 ||
        store_change(request, OPERATION_DATABASE_CREATE, &server,
                     json_pack("{s:s, s:s*, s:s*}", "database", name, "charset", wanted.charset, "collation",
                               wanted.collation),
                     &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

/* 1 also while something queued, or a migration that is being canceled, may still create it. */
static int database_exists(struct request *request, const struct server *server, const char *name,
                           struct err *err)
{
    json_auto_t *present = NULL;
    auto_free char *parent = server_resource_id(server);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, "databases", name);
    if (id == NULL) {
        return err_no_memory(err);
    }
    int pending = store_operation_queued(request->app->store, id, err);
    if (pending == 0) {
        pending = store_migration_canceling(request->app->store, server->id, name, 0, err);
    }
    return pending != 0 ? pending
                        : executor_get_database(request->app->executor, server, name, err, &present);
}

void server_database_delete(struct request *request)
{
    struct err err = {0};
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_ready_server(request, "databases", &server)) {
        return;
    }
    const char *name = request_param(request, "databaseName");
    int exists = database_exists(request, &server, name, &err);
    if (exists == 0) {
        reply_empty(request, 204);
        return;
    }
    if (exists < 0 || store_change(request, OPERATION_DATABASE_DELETE, &server,
                                   json_pack("{s:s}", "database", name), &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}
