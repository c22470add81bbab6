/* SPDX-License-Identifier: MIT */
#include "engine/admin/database_tables.h"

#include "engine/admin/databases.h"
#include "engine/pg/pg.h"

int database_tables(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                    struct err *err, struct str_list *ret_tables)
{
    struct database_info info = {0};
    int found = database_get(endpoint, name, stop, err, &info);
    database_info_done(&info);
    if (found != 1) {
        return found;
    }
    auto_pg struct pg pg = {0};
    auto_result PGresult *result = NULL;
    if (pg_open(endpoint, name, PG_ADMIN, stop, err, &pg) != 0 ||
        pg_query(&pg, err, &result,
                 "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"
                 " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                 " WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'"
                 " ORDER BY 1",
                 0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        if (!str_list_add(ret_tables, PQgetvalue(result, i, 0))) {
            return err_no_memory(err);
        }
    }
    return 1;
}
