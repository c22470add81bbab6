/* SPDX-License-Identifier: MIT */
/* Answers REST calls with data from a running server, or from this machine. */
#include <stdlib.h>

#include "core/str.h"
#include "engine/admin/databases.h"
#include "engine/copy/copy.h"
#include "executor/executor_parts.h"
#include "executor/sides.h"
#include "executor/spelling/database_spelling.h"

const struct executor_metrics *executor_metrics(const struct executor *executor)
{
    return &executor->metrics;
}

uint64_t executor_copied_bytes(void)
{
    return copy_sent_bytes();
}

int executor_check_major(const struct executor *executor, int major, struct err *err)
{
    if (tools_server(&executor->tools, major) != NULL) {
        return 0;
    }
    char majors[128];
    tools_describe_servers(&executor->tools, majors, sizeof(majors));
    return err_set(err, ERR_VERSION_UNAVAILABLE,
                   "PostgreSQL %d is not installed on this machine. Installed major versions: %s. To install "
                   "it, run 'make postgres MAJORS=\"%d\"' in Malachite's source tree and restart Malachite, "
                   "or name a directory with its binaries with --postgres-dir.",
                   major, majors[0] == '\0' ? "none" : majors, major);
}

size_t executor_majors(const struct executor *executor, int *ret_majors, size_t max)
{
    size_t used = 0;
    for (size_t i = 0; i < executor->tools.count && used < max; i++) {
        if (executor->tools.majors[i].server_bin != NULL) {
            ret_majors[used++] = executor->tools.majors[i].major;
        }
    }
    return used;
}

int executor_default_major(const struct executor *executor)
{
    int newest = 0;
    int readable = 0;
    for (size_t i = 0; i < executor->tools.count; i++) {
        const struct tools_major *programs = &executor->tools.majors[i];
        if (programs->server_bin != NULL) {
            newest = programs->major > newest ? programs->major : newest;
            bool can_dump = tools_client(&executor->tools, programs->major) != NULL;
            readable = can_dump && programs->major > readable ? programs->major : readable;
        }
    }
    return readable != 0 ? readable : newest;
}

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
