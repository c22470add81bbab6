/* SPDX-License-Identifier: MIT */
#include "engine/catalog/source_database.h"

#include <string.h>

#include "core/str.h"

enum { SQL_MAX_BYTES = 8192 };

/* In the order of enum source_property. */
static void add_row_sql(struct buf *sql, int version)
{
    const char *locale = version >= 170000 ? "d.datlocale" : version >= 150000 ? "d.daticulocale" : "NULL";
    buf_adds(sql, "SELECT pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, ");
    buf_adds(sql, version >= 150000 ? "d.datlocprovider" : "'c'");
    buf_addf(sql, ", %s, %s, ", locale, version >= 160000 ? "d.daticurules" : "NULL");
    buf_adds(sql, "pg_get_userbyid(d.datdba), d.datconnlimit, shobj_description(d.oid, 'pg_database'), "
                  "d.datistemplate, d.datacl IS NOT NULL, "
                  "EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'public'), "
                  "EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'plpgsql') "
                  "FROM pg_database d WHERE d.datname = current_database()");
}

int source_database_read(struct pg *pg, struct err *err, struct source_database *ret_database)
{
    static const char settings_sql[] =
        "SELECT r.rolname, c FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) WITH "
        "ORDINALITY u(c, n)"
        " LEFT JOIN pg_roles r ON r.oid = s.setrole"
        " WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " ORDER BY r.rolname NULLS FIRST, u.n";
    static const char acl_sql[] =
        "SELECT pg_get_userbyid(a.grantor), CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,"
        " a.privilege_type, a.is_grantable"
        " FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = current_database()";
    struct source_database database = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    add_row_sql(&sql, pg->version);
    if (pg_query(pg, err, &database.row, buf_text(&sql), 0, NULL) != 0 ||
        pg_query(pg, err, &database.settings, settings_sql, 0, NULL) != 0 ||
        pg_query(pg, err, &database.acl, acl_sql, 0, NULL) != 0) {
        source_database_done(&database);
        return -1;
    }
    *ret_database = database;
    return 0;
}

void source_database_done(struct source_database *database)
{
    PQclear(database->row);
    PQclear(database->settings);
    PQclear(database->acl);
    *database = (struct source_database){0};
}

const char *source_database_get(const struct source_database *database, enum source_property property)
{
    int column = (int)property;
    return PQgetisnull(database->row, 0, column) ? NULL : PQgetvalue(database->row, 0, column);
}

bool source_database_has(const struct source_database *database, enum source_property property)
{
    const char *value = source_database_get(database, property);
    return pg_value_is_true(value);
}

const char *source_database_session_encoding(const char *encoding)
{
    if (str_equals(encoding, "SQL_ASCII")) {
        return "SQL_ASCII";
    }
    return str_equals(encoding, "MULE_INTERNAL") ? "MULE_INTERNAL" : "UTF8";
}
