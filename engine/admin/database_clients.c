/* SPDX-License-Identifier: MIT */
#include "engine/admin/database_clients.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/attr.h"
#include "core/str.h"
#include "engine/pg/pg.h"

void database_clients_free(struct database_client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(clients[i].database);
        free(clients[i].user);
        free(clients[i].application);
    }
    free(clients);
}

static int read_clients(const PGresult *result, struct err *err, struct database_client **ret_clients,
                        size_t *ret_count)
{
    size_t count = (size_t)PQntuples(result);
    struct database_client *clients = calloc(count == 0 ? 1 : count, sizeof(*clients));
    bool whole = clients != NULL;
    for (size_t i = 0; i < count && whole; i++) {
        struct database_client *client = &clients[i];
        client->database = str_dup(PQgetvalue(result, (int)i, 0));
        client->user = str_dup(PQgetvalue(result, (int)i, 1));
        client->application = str_dup(PQgetvalue(result, (int)i, 2));
        client->sessions = strtoll(PQgetvalue(result, (int)i, 3), NULL, 10);
        whole = client->database != NULL && client->user != NULL && client->application != NULL;
    }
    if (!whole) {
        database_clients_free(clients, clients == NULL ? 0 : count);
        return err_no_memory(err);
    }
    *ret_clients = clients;
    *ret_count = count;
    return 0;
}

/* Background processes have no user. A login without privileges sees these columns, too. */
#define CLIENTS                                                                                              \
    "SELECT datname, usename, coalesce(application_name, ''), pg_catalog.count(*)"                           \
    " FROM pg_catalog.pg_stat_activity WHERE datname IS NOT NULL AND usename IS NOT NULL"                    \
    " AND pid <> pg_catalog.pg_backend_pid()"                                                                \
    " AND application_name IS DISTINCT FROM pg_catalog.current_setting('application_name')"                  \
    " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT $1::int"

int database_clients(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                     struct database_client **ret_clients, size_t *ret_count, int64_t *ret_now_us)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *result = NULL;
    auto_free char *now = NULL;
    char limit[16];
    snprintf(limit, sizeof(limit), "%d", DATABASE_CLIENTS_MAX);
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0 ||
        pg_value(&pg, err, &now,
                 "SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint", 0,
                 NULL) != 0 ||
        pg_query(&pg, err, &result, CLIENTS, 1, (const char *const[]){limit}) != 0 ||
        read_clients(result, err, ret_clients, ret_count) < 0) {
        return -1;
    }
    *ret_now_us = now == NULL ? 0 : strtoll(now, NULL, 10);
    return 0;
}
