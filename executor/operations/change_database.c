/* SPDX-License-Identifier: MIT */
#include "executor/operations/change_database.h"

#include "core/memory.h"
#include "engine/admin/databases.h"
#include "executor/operations/operation_server.h"
#include "executor/operations/operation_waits.h"
#include "executor/servers/sides.h"
#include "executor/spelling/database_spelling.h"

static int create(struct executor *executor, const struct server *server, const struct endpoint *login,
                  const char *name, const json_t *wanted, struct err *err)
{
    const char *charset = json_string_value(json_object_get(wanted, "charset"));
    const char *collation = json_string_value(json_object_get(wanted, "collation"));
    struct database_info database = {0};
    if (database_create(login, name, charset, collation, &executor->stop, err) < 0) {
        return -1;
    }
    int found = database_get(login, name, &executor->stop, err, &database);
    if (found <= 0) {
        return found; /* 0: it was dropped in the meantime */
    }
    int result = database_spelling_keep(executor->store, server, &database, charset, collation, err);
    database_info_done(&database);
    return result;
}

int change_database(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    auto_endpoint struct endpoint login = {0};
    if (operation_find_server(executor, operation, err, &server) < 0 ||
        server_login(executor, &server, err, &login) < 0) {
        return -1;
    }
    json_auto_t *argument = memory_parse_text(operation->argument, 0);
    const char *name = json_string_value(json_object_get(argument, "database"));
    if (name == NULL) {
        return err_set(err, ERR_INTERNAL, "The operation names no database.");
    }
    if (operation->kind == OPERATION_DATABASE_CREATE) {
        return create(executor, &server, &login, name, argument, err);
    }
    return await_database(executor, &server, name, err) < 0 ||
                   database_drop(&login, name, &executor->stop, err) < 0
               ? -1
               : database_spelling_forget(executor->store, &server, name, err);
}
