/* SPDX-License-Identifier: MIT */
/* Answers REST calls with data from a running server. */
#include <stdlib.h>

#include "core/str.h"
#include "engine/admin/database_tables.h"
#include "engine/admin/databases.h"
#include "executor/executor_parts.h"
#include "executor/servers/servers.h"
#include "executor/servers/sides.h"
#include "executor/spelling/database_spelling.h"

int executor_list_databases(struct executor *executor, const struct server *server, struct err *err,
                            json_t **ret_databases)
{
    auto_endpoint struct endpoint login = {0};
    struct database_info *databases = NULL;
    size_t count = 0;
    if (server_login(executor, server, err, &login) < 0 ||
        databases_list(&login, &executor->stop, err, &databases, &count) < 0) {
        return -1;
    }
    json_auto_t *list = json_array();
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        json_t *object = database_describe(executor->store, server, &databases[i], err);
        result = object == NULL ? -1 : json_array_append_new(list, object);
    }
    databases_free(databases, count);
    if (result == 0) {
        *ret_databases = TAKE(list);
    }
    return result;
}

int executor_get_database(struct executor *executor, const struct server *server, const char *name,
                          struct err *err, json_t **ret_database)
{
    auto_endpoint struct endpoint login = {0};
    struct database_info database = {0};
    if (server_login(executor, server, err, &login) < 0) {
        return -1;
    }
    int found = database_get(&login, name, &executor->stop, err, &database);
    if (found == 1) {
        *ret_database = database_describe(executor->store, server, &database, err);
        database_info_done(&database);
        return *ret_database == NULL ? -1 : 1;
    }
    return found;
}

int executor_list_tables(struct executor *executor, const struct server *server, const char *database,
                         struct err *err, struct str_list *ret_tables)
{
    auto_endpoint struct endpoint login = {0};
    return server_login(executor, server, err, &login) < 0
               ? -1
               : database_tables(&login, database, &executor->stop, err, ret_tables);
}

int executor_probe_version(struct executor *executor, const struct server *server, struct err *err,
                           int *ret_version)
{
    auto_endpoint struct endpoint login = {0};
    struct server_info info = {0};
    if (server_login(executor, server, err, &login) < 0 ||
        server_inspect(&login, &executor->stop, err, &info) < 0) {
        return -1;
    }
    *ret_version = info.version;
    server_info_done(&info);
    return 0;
}
