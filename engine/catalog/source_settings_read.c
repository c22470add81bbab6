/* SPDX-License-Identifier: MIT */
/* Reads the settings of the source's own sessions: from the catalogs, and from a session in which nothing
 * is set. */
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "engine/catalog/source_database.h"
#include "engine/catalog/source_settings_private.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

static int add(struct source_settings *settings, const char *name, const char *value, bool of_server,
               struct err *err)
{
    struct source_setting *items = realloc(settings->items, (settings->count + 1) * sizeof(*items));
    if (items == NULL) {
        return err_no_memory(err);
    }
    settings->items = items;
    struct source_setting *item = &items[settings->count];
    *item = (struct source_setting){
        .name = str_dup(name), .value = value == NULL ? NULL : str_dup(value), .of_server = of_server};
    settings->count++;
    return item->name == NULL || (value != NULL && item->value == NULL) ? err_no_memory(err) : 0;
}

/* Reads the samples of money if the source's locale is not C. */
static int read_money(struct pg *source, struct source_settings *settings, struct err *err)
{
    const struct source_setting *item = source_settings_find(settings, "lc_monetary");
    bool other = item != NULL && item->value != NULL && !str_equals(item->value, "C");
    return other ? source_settings_write_money(source, item->value, err, &settings->written) : 0;
}

#define OWNERS                                                                                               \
    "WITH here AS (SELECT oid, datdba FROM pg_database WHERE datname = current_database()),"                 \
    " tables AS (SELECT relowner FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384"                 \
    "   GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)"

/* Settings stored for the database and its owners, most specific first. */
static const char stored_sql[] =
    OWNERS " SELECT c, CASE WHEN s.setrole <> 0 AND s.setdatabase = 0 THEN pg_get_userbyid(s.setrole) END"
           " FROM here LEFT JOIN tables ON true JOIN pg_db_role_setting s"
           "   ON s.setdatabase IN (0, here.oid) AND s.setrole IN (0, datdba, coalesce(relowner, 0)),"
           " LATERAL unnest(s.setconfig) WITH ORDINALITY u(c, n)"
           " ORDER BY (s.setrole = datdba) DESC, s.setrole <> 0 DESC, s.setdatabase <> 0 DESC, n";

/* The search_paths of the owners, then that of the database, combined: a name found by any of them is
 * found. Malachite is another user on the target, so "$user" becomes the owners' names. */
static const char path_sql[] = OWNERS
    ", stored AS (SELECT DISTINCT ON (s.setrole) s.setrole AS role, substr(c, 13) AS path"
    "   FROM here LEFT JOIN tables ON true JOIN pg_db_role_setting s"
    "     ON s.setdatabase IN (0, here.oid) AND s.setrole IN (0, datdba, coalesce(relowner, 0)),"
    "   LATERAL unnest(s.setconfig) c WHERE lower(c) LIKE 'search_path=%'"
    "   ORDER BY s.setrole, s.setdatabase <> 0 DESC),"
    " paths AS (SELECT role, path FROM stored WHERE path <> ''"
    "   UNION ALL SELECT 0, $1 WHERE $1 <> '' AND NOT EXISTS (SELECT 1 FROM stored WHERE role = 0))"
    " SELECT string_agg(replace(path, '\"$user\"', concat_ws(', ', quote_ident(pg_get_userbyid(datdba)),"
    "   quote_ident(pg_get_userbyid(nullif(relowner, datdba))))), ', '"
    "   ORDER BY role = datdba DESC, role <> 0 DESC)"
    " FROM paths CROSS JOIN here LEFT JOIN tables ON true";

static int add_stored(struct pg *source, struct source_settings *settings, struct err *err)
{
    auto_result PGresult *rows = NULL;
    if (pg_query(source, err, &rows, stored_sql, 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *text = PQgetvalue(rows, row, 0);
        const char *equals = strchr(text, '=');
        auto_free char *name = equals == NULL ? NULL : str_format("%.*s", (int)(equals - text), text);
        if (equals == NULL) {
            continue;
        }
        if (name == NULL) {
            return err_no_memory(err);
        }
        bool wanted = source_setting_is_known(name) || strchr(name, '.') != NULL;
        if (!wanted || source_settings_find(settings, name) != NULL) {
            continue;
        }
        if (add(settings, name, equals + 1, false, err) != 0) {
            return -1;
        }
        const char *role = PQgetisnull(rows, row, 1) ? NULL : PQgetvalue(rows, row, 1);
        if (!str_replace(&settings->items[settings->count - 1].role, role)) {
            return err_no_memory(err);
        }
    }
    return 0;
}

/* Reads one setting from the server's files; only a superuser may see them. */
static int read_file(struct pg *source, const char *name, struct err *err, char **ret_value)
{
    struct err refused = {0};
    const char *params[] = {name};
    if (!source->superuser ||
        pg_value(source, &refused, ret_value,
                 "SELECT setting FROM pg_file_settings WHERE lower(name) = lower($1) AND applied"
                 " ORDER BY seqno DESC LIMIT 1",
                 1, params) == 0) {
        return 0;
    }
    bool over = refused.code == ERR_CANCELED || PQstatus(source->connection) != CONNECTION_OK;
    if (over) {
        *err = refused;
    }
    return over ? -1 : 0;
}

/* The value of a setting that is stored nowhere; NULL: the built-in one. A value that the login's own
 * settings hide is read from the server's files into *ret_file_value. */
static int server_value(struct pg *source, const PGresult *server, int row, struct err *err,
                        char **ret_file_value, const char **ret_value)
{
    static const char *const own[] = {"user", "database user", "client", "session", "interactive"};
    const char *origin = PQgetvalue(server, row, 2);
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (strcmp(origin, own[i]) == 0) {
            int result = read_file(source, PQgetvalue(server, row, 0), err, ret_file_value);
            *ret_value = *ret_file_value;
            return result;
        }
    }
    *ret_value = strcmp(origin, "default") == 0 ? NULL : PQgetvalue(server, row, 1);
    return 0;
}

static int set_path(struct pg *source, struct source_settings *settings, const char *of_server,
                    struct err *err)
{
    const char *params[] = {of_server != NULL ? of_server : "\"$user\", public"};
    return pg_value(source, err, &settings->search_path, path_sql, 1, params);
}

static int add_server(struct pg *source, struct source_settings *settings, const PGresult *server,
                      struct err *err)
{
    for (int row = 0; row < PQntuples(server); row++) {
        const char *name = PQgetvalue(server, row, 0);
        bool path = strcmp(name, "search_path") == 0;
        bool wanted = source_setting_is_known(name) && source_settings_find(settings, name) == NULL;
        auto_free char *file_value = NULL;
        const char *value = NULL;
        if (!path && !wanted) {
            continue;
        }
        if (server_value(source, server, row, err, &file_value, &value) != 0 ||
            (path ? set_path(source, settings, value, err) : add(settings, name, value, true, err)) != 0) {
            return -1;
        }
    }
    return 0;
}

static int use_encoding(struct pg *source, struct source_settings *settings, struct err *err)
{
    settings->encoding =
        source_database_session_encoding(PQparameterStatus(source->connection, "server_encoding"));
    return pg_set_encoding(source, settings->encoding, err);
}

int source_settings_read(const struct endpoint *source, const char *database, const struct stop *stop,
                         struct err *err, struct source_settings *ret_settings)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *server = NULL;
    auto_source_settings struct source_settings settings = {0};
    if (pg_open(source, database, PG_SETTINGS, stop, err, &pg) != 0 ||
        pg_query(&pg, err, &server, "SELECT name, setting, source FROM pg_catalog.pg_settings", 0, NULL) !=
            0 ||
        pg_run(&pg, err, "SET search_path = ''") != 0 || use_encoding(&pg, &settings, err) != 0 ||
        add_stored(&pg, &settings, err) != 0 || add_server(&pg, &settings, server, err) != 0 ||
        read_money(&pg, &settings, err) != 0) {
        return err_prefix(err, "Cannot read the settings of the source database. ");
    }
    *ret_settings = settings;
    settings = (struct source_settings){0};
    return 0;
}
