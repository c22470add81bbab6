/* SPDX-License-Identifier: MIT */
/*
 * Decides whether a database holds any object of a user. Everything that initdb creates has an OID below
 * 16384, so objects above belong to users, except the schemas for temporary tables that sessions leave
 * behind.
 */
#include <string.h>

#include "engine/admin/databases.h"
#include "engine/pg/pg.h"
#include "engine/pg/sqlstate.h"

enum { SQL_MAX_BYTES = 16 * 1024, FIRST_USER_OID = 16384 };

struct catalog {
    int since; /* server_version_num */
    const char *name;
    const char *oid;
    const char *condition; /* restricts the rows that count, or NULL */
};

#define NOT_TEMPORARY(column)                                                                                \
    column " NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname LIKE 'pg\\_temp\\_%'"             \
           " OR nspname LIKE 'pg\\_toast\\_temp\\_%')"

static const struct catalog catalogs[] = {
    {0, "pg_class", "oid", NOT_TEMPORARY("relnamespace")},
    {0, "pg_proc", "oid", NOT_TEMPORARY("pronamespace")},
    {0, "pg_type", "oid", NOT_TEMPORARY("typnamespace")},
    {0, "pg_namespace", "oid",
     "nspname <> 'public' AND nspname NOT LIKE 'pg\\_temp\\_%' AND nspname NOT LIKE 'pg\\_toast\\_temp\\_%'"},
    {0, "pg_extension", "oid", "extname <> 'plpgsql'"},
    {0, "pg_largeobject_metadata", "lo.oid", NULL},
    {0, "pg_operator", "oid", NULL},
    {0, "pg_opclass", "oid", NULL},
    {0, "pg_opfamily", "oid", NULL},
    {0, "pg_am", "oid", NULL},
    {0, "pg_cast", "oid", NULL},
    {0, "pg_conversion", "oid", NULL},
    /* Another pg_import_system_collations() may have added collations. */
    {0, "pg_collation", "oid", "collnamespace <> 'pg_catalog'::pg_catalog.regnamespace"},
    {0, "pg_language", "oid", NULL},
    {0, "pg_transform", "oid", NULL},
    {0, "pg_ts_config", "oid", NULL},
    {0, "pg_ts_dict", "oid", NULL},
    {0, "pg_ts_parser", "oid", NULL},
    {0, "pg_ts_template", "oid", NULL},
    {0, "pg_event_trigger", "oid", NULL},
    {0, "pg_foreign_data_wrapper", "oid", NULL},
    {0, "pg_foreign_server", "oid", NULL},
    {100000, "pg_publication", "oid", NULL},
};

static int build_question(const struct pg *pg, struct err *err, struct buf *sql)
{
    buf_adds(sql, "SELECT false");
    for (size_t i = 0; i < ARRAY_LEN(catalogs); i++) {
        const struct catalog *catalog = &catalogs[i];
        if (pg->version < catalog->since) {
            continue;
        }
        /* Applications choose the OIDs of large objects, even small ones. */
        int first = strcmp(catalog->oid, "lo.oid") == 0 ? 0 : FIRST_USER_OID;
        buf_addf(sql, " OR EXISTS (SELECT FROM pg_catalog.%s lo WHERE %s >= %d%s%s)", catalog->name,
                 catalog->oid, first, catalog->condition != NULL ? " AND " : "",
                 catalog->condition != NULL ? catalog->condition : "");
    }
    return buf_failed(sql) ? err_no_memory(err) : 0;
}

/* The database refused the connection, so it counts as in use. */
static bool is_closed(const struct err *err)
{
    return err->service_code != 603100 &&
           sqlstate_in(err->sqlstate, SQLSTATE_NOT_IN_STATE, SQLSTATE_INSUFFICIENT_PRIVILEGE,
                       SQLSTATE_INVALID_AUTHORIZATION, SQLSTATE_TOO_MANY_CONNECTIONS);
}

/* 1: holds something or cannot be inspected, 0: empty or missing. */
static int is_in_use(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                     struct err *err)
{
    auto_pg struct pg pg = {0};
    if (pg_open(endpoint, name, PG_ADMIN, stop, err, &pg) != 0) {
        if (sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_DATABASE)) {
            return 0;
        }
        return is_closed(err) ? 1 : -1;
    }
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_result PGresult *result = NULL;
    if (build_question(&pg, err, &sql) != 0 || pg_query(&pg, err, &result, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    return pg_is_true(result, 0, 0);
}

int databases_in_use(const struct endpoint *endpoint, const struct str_list *wanted, const struct stop *stop,
                     struct err *err, struct str_list *ret_in_use)
{
    auto_str_list struct str_list in_use = {0};
    for (size_t i = 0; i < wanted->count; i++) {
        int answer = is_in_use(endpoint, wanted->items[i], stop, err);
        if (answer < 0) {
            return -1;
        }
        if (answer > 0 && !str_list_add(&in_use, wanted->items[i])) {
            return err_no_memory(err);
        }
    }
    str_list_done(ret_in_use);
    *ret_in_use = in_use;
    in_use = (struct str_list){0};
    return 0;
}
