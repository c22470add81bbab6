/* SPDX-License-Identifier: MIT */
/*
 * Locales and collations. The target's pg_collation lists those that its system had when the server was
 * created. A locale that is not listed is tried with a collation in a transaction that is rolled back.
 */
#include <string.h>

#include "engine/pg/sqlstate.h"
#include "engine/precheck/precheck_private.h"

enum { SQL_MAX_BYTES = 4096 };

/* "en_US.UTF-8" and "en_US.utf8" are one locale. */
#define SAME_LOCALE(column, param)                                                                           \
    "pg_catalog.lower(pg_catalog.replace(" column "::text, '-', '')) ="                                      \
    " pg_catalog.lower(pg_catalog.replace(" param "::text, '-', ''))"

/* 1: one of the target's collations or databases uses the locale with this encoding. */
static int is_known(struct check *check, const char *locale, const char *encoding)
{
    if (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0) {
        return 1;
    }
    const char *params[] = {locale, encoding};
    auto_free char *known = NULL;
    if (pg_value(&check->target, check->err, &known,
                 "SELECT EXISTS (SELECT FROM pg_catalog.pg_collation WHERE " SAME_LOCALE(
                     "collcollate", "$1") " AND collencoding IN (-1, pg_catalog.pg_char_to_encoding($2)))"
                                          " OR EXISTS (SELECT FROM pg_catalog.pg_database WHERE " SAME_LOCALE(
                                              "datcollate",
                                              "$1") " AND encoding = pg_catalog.pg_char_to_encoding($2))",
                 2, params) != 0) {
        return -1;
    }
    return pg_value_is_true(known);
}

/* 1: the target can use the locale, or this cannot be determined; 0: it cannot, the reason is in err; -1:
 * connection lost. */
static int can_use(struct check *check, const char *provider, const char *locale)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_addf(&sql, "BEGIN; CREATE COLLATION pg_temp.malachite_probe (PROVIDER = %s, LOCALE = ", provider);
    pg_add_literal(&check->target, &sql, locale);
    buf_adds(&sql, "); ROLLBACK");
    if (buf_failed(&sql)) {
        return err_no_memory(check->err);
    }
    if (pg_run(&check->target, check->err, buf_text(&sql)) == 0) {
        return 1;
    }
    struct err failure = *check->err;
    if (failure.code == ERR_CANCELED || PQstatus(check->target.connection) != CONNECTION_OK ||
        pg_run(&check->target, check->err, "ROLLBACK") != 0) {
        return -1;
    }
    *check->err = failure;
    /* No privilege to create temporary objects, or a read-only server, which another rule reports. */
    return sqlstate_is(failure.sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) ||
           sqlstate_is(failure.sqlstate, SQLSTATE_READ_ONLY_TRANSACTION);
}

static int check_locale(struct check *check, const char *locale, const char *encoding)
{
    int known = is_known(check, locale, encoding);
    if (known == 0) {
        known = can_use(check, "libc", locale);
    }
    if (known != 0) {
        return known < 0 ? -1 : 0;
    }
    return precheck_add(
        check,
        "A collation does not exist on the target server. The database uses the locale `%s` with the "
        "encoding `%s`, which the %s lacks. Install that locale on the target's system and restart the "
        "server, or recreate the source database with another one. (%.600s)",
        locale, encoding, check->plan->target->label, check->err->message);
}

static int check_provider_locale(struct check *check, const char *provider, const char *locale)
{
    const char *name = provider[0] == 'i' ? "icu" : "builtin";
    if (check->target.version < (provider[0] == 'i' ? 150000 : 170000)) {
        return precheck_add(
            check,
            "A collation does not exist on the target server. The database uses the locale `%s` of the "
            "provider %s, which PostgreSQL %d does not offer for databases. Choose a newer target.",
            locale, name, check->target.version / 10000);
    }
    int usable = can_use(check, name, locale);
    if (usable != 0) {
        return usable < 0 ? -1 : 0;
    }
    return precheck_add(
        check,
        "A collation does not exist on the target server. The database uses the locale `%s` of the "
        "provider %s, which the %s lacks. Use a server that is built with it. (%.600s)",
        locale, name, check->plan->target->label, check->err->message);
}

int precheck_database_locale(struct check *check)
{
    int version = check->source.version;
    const char *sql =
        version >= 170000
            ? "SELECT datcollate, datctype, pg_catalog.pg_encoding_to_char(encoding), datlocprovider,"
              " datlocale FROM pg_catalog.pg_database WHERE datname = $1"
        : version >= 150000
            ? "SELECT datcollate, datctype, pg_catalog.pg_encoding_to_char(encoding), datlocprovider,"
              " daticulocale FROM pg_catalog.pg_database WHERE datname = $1"
            : "SELECT datcollate, datctype, pg_catalog.pg_encoding_to_char(encoding), 'c', NULL"
              " FROM pg_catalog.pg_database WHERE datname = $1";
    auto_result PGresult *result = NULL;
    if (pg_query(&check->source, check->err, &result, sql, 1, &check->database) != 0) {
        return -1;
    }
    if (PQntuples(result) == 0) {
        return 0;
    }
    const char *collate = PQgetvalue(result, 0, 0);
    const char *ctype = PQgetvalue(result, 0, 1);
    const char *encoding = PQgetvalue(result, 0, 2);
    const char *provider = PQgetvalue(result, 0, 3);
    if (provider[0] != 'c' && check_provider_locale(check, provider, PQgetvalue(result, 0, 4)) != 0) {
        return -1;
    }
    if (check_locale(check, collate, encoding) != 0) {
        return -1;
    }
    return strcmp(collate, ctype) == 0 ? 0 : check_locale(check, ctype, encoding);
}

int precheck_column_collations(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (pg_query(
            &check->inside, check->err, &result,
            "SELECT co.collname, pg_catalog.min(pg_catalog.format('%I.%I.%I', n.nspname, c.relname, "
            "a.attname)),"
            " pg_catalog.count(*) FROM pg_catalog.pg_attribute a"
            " JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation"
            " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'c') AND NOT a.attisdropped"
            " AND co.collnamespace = 'pg_catalog'::pg_catalog.regnamespace"
            " AND co.collname NOT IN ('default', 'C', 'POSIX') GROUP BY co.collname ORDER BY co.collname",
            0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        const char *name = PQgetvalue(result, i, 0);
        auto_free char *there = NULL;
        if (pg_value(&check->target, check->err, &there,
                     "SELECT collname FROM pg_catalog.pg_collation WHERE collname = $1"
                     " AND collnamespace = 'pg_catalog'::pg_catalog.regnamespace LIMIT 1",
                     1, &name) != 0) {
            return -1;
        }
        if (there == NULL &&
            precheck_add(
                check,
                "A collation of a column does not exist on the target server. `%s` is used by %s column(s), "
                "first by `%s`. Install that locale on the target's system and run SELECT "
                "pg_import_system_collations('pg_catalog') in template1 there, or change the column.",
                name, PQgetvalue(result, i, 2), PQgetvalue(result, i, 1)) != 0) {
            return -1;
        }
    }
    return 0;
}

int precheck_own_collations(struct check *check)
{
    int version = check->source.version;
    auto_result PGresult *result = NULL;
    const char *sql =
        version >= 170000   ? "SELECT collname, collprovider, COALESCE(colllocale, collcollate::text) FROM"
                              " pg_catalog.pg_collation WHERE oid >= 16384 AND collprovider IN ('c', 'i')"
                              " AND collnamespace <> 'pg_catalog'::pg_catalog.regnamespace"
        : version >= 150000 ? "SELECT collname, collprovider, COALESCE(colliculocale, collcollate::text) FROM"
                              " pg_catalog.pg_collation WHERE oid >= 16384 AND collprovider IN ('c', 'i')"
                              " AND collnamespace <> 'pg_catalog'::pg_catalog.regnamespace"
                            : "SELECT collname, collprovider, collcollate::text FROM"
                              " pg_catalog.pg_collation WHERE oid >= 16384 AND collprovider IN ('c', 'i')"
                              " AND collnamespace <> 'pg_catalog'::pg_catalog.regnamespace";
    if (pg_query(&check->inside, check->err, &result, sql, 0, NULL) != 0) {
        return -1;
    }
    const char *encoding = PQparameterStatus(check->inside.connection, "server_encoding");
    for (int i = 0; i < PQntuples(result); i++) {
        bool icu = strcmp(PQgetvalue(result, i, 1), "i") == 0;
        const char *locale = PQgetvalue(result, i, 2);
        int usable = icu ? 0 : is_known(check, locale, encoding == NULL ? "UTF8" : encoding);
        if (usable == 0) {
            usable = can_use(check, icu ? "icu" : "libc", locale);
        }
        if (usable < 0) {
            return -1;
        }
        if (usable == 0 &&
            precheck_add(
                check,
                "A user-defined collation cannot be created on the target server. `%s` uses the %s locale "
                "`%s`, which the target lacks. Install it there, or drop the collation. (%.600s)",
                PQgetvalue(result, i, 0), icu ? "ICU" : "libc", locale, check->err->message) != 0) {
            return -1;
        }
    }
    return 0;
}
