/* SPDX-License-Identifier: MIT */
/* Inspects the databases of a server, and creates one. engine/admin/databases_drop.c drops them. */
#include "engine/admin/databases.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/pg.h"
#include "engine/pg/sqlstate.h"

enum { CREATE_RETRY_MS = 10000, CREATE_PAUSE_MS = 100, NAME_MAX_BYTES = 63, SQL_MAX_BYTES = 8192 };

/* An interrupted DROP DATABASE leaves an unusable row with connection limit -2. */
#define LIST_SQL                                                                                             \
    "SELECT d.datname, pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,"                \
    " pg_catalog.pg_get_userbyid(d.datdba),"                                                                 \
    " CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN "                                   \
    "pg_catalog.pg_database_size(d.oid) END"                                                                 \
    " FROM pg_catalog.pg_database d"                                                                         \
    " WHERE d.datname NOT IN ('template0', 'template1', 'azure_sys', 'azure_maintenance')"                   \
    " AND d.datconnlimit <> -2"

void database_info_done(struct database_info *database)
{
    free(database->name);
    free(database->encoding);
    free(database->collation);
    free(database->ctype);
    free(database->owner);
    *database = (struct database_info){0};
}

void databases_free(struct database_info *databases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        database_info_done(&databases[i]);
    }
    free(databases);
}

static bool copy_field(char **field, const PGresult *result, int row, int column)
{
    *field = str_dup(PQgetvalue(result, row, column));
    return *field != NULL;
}

/* False when memory is out; the row then owns the members copied so far. */
static bool read_info(const PGresult *result, int row, struct database_info *info)
{
    if (PQgetisnull(result, row, 5) ||
        !str_to_int(PQgetvalue(result, row, 5), 0, INT64_MAX, &info->size_bytes)) {
        info->size_bytes = -1;
    }
    return copy_field(&info->name, result, row, 0) && copy_field(&info->encoding, result, row, 1) &&
           copy_field(&info->collation, result, row, 2) && copy_field(&info->ctype, result, row, 3) &&
           copy_field(&info->owner, result, row, 4);
}

int databases_list(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                   struct database_info **ret_databases, size_t *ret_count)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *result = NULL;
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0 ||
        pg_query(&pg, err, &result, LIST_SQL " ORDER BY d.datname", 0, NULL) != 0) {
        return -1;
    }
    size_t count = (size_t)PQntuples(result);
    struct database_info *databases = calloc(count + 1, sizeof(*databases));
    if (databases == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_info(result, (int)i, &databases[i])) {
            databases_free(databases, count);
            return err_no_memory(err);
        }
    }
    *ret_databases = databases;
    *ret_count = count;
    return 0;
}

int database_get(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err,
                 struct database_info *ret_database)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *result = NULL;
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0 ||
        pg_query(&pg, err, &result, LIST_SQL " AND d.datname = $1", 1, &name) != 0) {
        return -1;
    }
    if (PQntuples(result) == 0) {
        return 0;
    }
    struct database_info info = {0};
    if (!read_info(result, 0, &info)) {
        database_info_done(&info);
        return err_no_memory(err);
    }
    *ret_database = info;
    return 1;
}

static int build_create(struct pg *pg, const char *name, const char *charset, const char *collation,
                        struct err *err, struct buf *sql)
{
    buf_adds(sql, "CREATE DATABASE ");
    pg_add_identifier(pg, sql, name);
    buf_adds(sql, " TEMPLATE template0");
    if (charset != NULL) {
        buf_adds(sql, " ENCODING ");
        pg_add_literal(pg, sql, charset);
    }
    if (collation != NULL) {
        buf_adds(sql, pg->version >= 150000 ? " LOCALE_PROVIDER libc LC_COLLATE " : " LC_COLLATE ");
        pg_add_literal(pg, sql, collation);
        buf_adds(sql, " LC_CTYPE ");
        pg_add_literal(pg, sql, collation);
    }
    if (buf_failed(sql)) {
        return err_set(err, ERR_BAD_PARAMETER,
                       "The name, the charset or the collation of the database is not valid "
                       "text.");
    }
    return 0;
}

static bool is_encoding(struct pg *pg, const char *charset)
{
    struct err ignored = {0};
    auto_free char *unknown = NULL;
    return pg_value(pg, &ignored, &unknown, "SELECT 1 WHERE pg_catalog.pg_char_to_encoding($1) < 0", 1,
                    &charset) != 0 ||
           unknown == NULL;
}

/* Says which of the user's values PostgreSQL rejected. */
static int explain_create(struct pg *pg, const char *name, const char *charset, const char *collation,
                          struct err *err)
{
    char said[sizeof(err->message)];
    memcpy(said, err->message, sizeof(said));
    struct err old = *err;
    if (sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_OBJECT) && charset != NULL &&
        !is_encoding(pg, charset)) {
        err_set(err, ERR_BAD_PARAMETER, "The charset '%s' is not an encoding of PostgreSQL. %.1200s", charset,
                said);
        err_target(err, "charset");
    } else if ((sqlstate_is(err->sqlstate, SQLSTATE_WRONG_OBJECT_TYPE) ||
                sqlstate_is(err->sqlstate, SQLSTATE_INVALID_PARAMETER)) &&
               collation != NULL) {
        err_set(err, ERR_BAD_PARAMETER,
                "The collation '%s' cannot be used with the charset '%s' on this server. %.1200s", collation,
                charset != NULL ? charset : "default", said);
        err_target(err, "collation");
    } else {
        return err_prefix(err, "The database '%s' could not be created. ", name);
    }
    memcpy(err->sqlstate, old.sqlstate, sizeof(old.sqlstate));
    return -1;
}

/* Clients send the service's default collation when their user has chosen none. On a machine without that
 * locale it means the server's own default. */
static bool is_service_default(const char *collation)
{
    return str_iequals(collation, "en_US.utf8") || str_iequals(collation, "en_US.UTF-8");
}

int database_create(const struct endpoint *endpoint, const char *name, const char *charset,
                    const char *collation, const struct stop *stop, struct err *err)
{
    if (strlen(name) > NAME_MAX_BYTES) {
        return err_set(err, ERR_BAD_PARAMETER, "The database name '%.63s...' is longer than %d bytes.", name,
                       NAME_MAX_BYTES);
    }
    auto_pg struct pg pg = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (pg_open_any(endpoint, name, PG_ADMIN, stop, err, &pg) != 0 ||
        build_create(&pg, name, charset, collation, err, &sql) != 0) {
        return -1;
    }
    int64_t deadline_ms = clock_monotonic_ms() + CREATE_RETRY_MS;
    while (pg_run(&pg, err, buf_text(&sql)) != 0) {
        /* Unique violation: another session created it at the same moment. */
        if (sqlstate_is(err->sqlstate, SQLSTATE_DUPLICATE_DATABASE) ||
            sqlstate_is(err->sqlstate, SQLSTATE_UNIQUE_VIOLATION)) {
            return 0;
        }
        /* Wrong object type: this machine lacks the locale. */
        if (sqlstate_is(err->sqlstate, SQLSTATE_WRONG_OBJECT_TYPE) && is_service_default(collation)) {
            collation = NULL;
            buf_reset(&sql);
            if (build_create(&pg, name, charset, collation, err, &sql) != 0) {
                return -1;
            }
            continue;
        }
        /* In use: another session is using template0, perhaps only for its own CREATE DATABASE. */
        if (!sqlstate_is(err->sqlstate, SQLSTATE_OBJECT_IN_USE) || clock_ms_left(deadline_ms) == 0) {
            return explain_create(&pg, name, charset, collation, err);
        }
        clock_sleep_ms(CREATE_PAUSE_MS);
    }
    return 0;
}

#define LOOK_SQL                                                                                             \
    "SELECT pg_catalog.current_setting('server_version'),"                                                   \
    " pg_catalog.pg_is_in_recovery() OR EXISTS (SELECT FROM pg_catalog.pg_settings"                          \
    " WHERE name = 'default_transaction_read_only' AND setting = 'on'"                                       \
    " AND source NOT IN ('database', 'user', 'database user', 'session')),"                                  \
    " (SELECT pg_catalog.sum(pg_catalog.pg_database_size(oid)) FROM pg_catalog.pg_database"                  \
    " WHERE pg_catalog.has_database_privilege(oid, 'CONNECT'))"

int server_inspect(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                   struct server_info *ret_info)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *result = NULL;
    /* The session's own setting hides the server's: reset it. */
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0 ||
        pg_run(&pg, err, "RESET default_transaction_read_only") != 0 ||
        pg_query(&pg, err, &result, LOOK_SQL, 0, NULL) != 0) {
        return -1;
    }
    struct server_info info = {.version = pg.version, .superuser = pg.superuser};
    info.read_only = pg_is_true(result, 0, 1);
    if (PQgetisnull(result, 0, 2) ||
        !str_to_int(PQgetvalue(result, 0, 2), 0, INT64_MAX, &info.databases_bytes)) {
        info.databases_bytes = 0;
    }
    info.version_text = str_dup(PQgetvalue(result, 0, 0));
    if (info.version_text == NULL) {
        return err_no_memory(err);
    }
    *ret_info = info;
    return 0;
}

void server_info_done(struct server_info *info)
{
    free(info->version_text);
    *info = (struct server_info){0};
}
