/* SPDX-License-Identifier: MIT */
/* Rules for one database of the source, run on a connection to it. */
#include <string.h>

#include "engine/admin/roles.h"
#include "engine/precheck/precheck_private.h"

enum { TEXT_MAX_BYTES = 8192 };

/* Members of an extension are created with the extension. */
#define NOT_OF_EXTENSION(catalog, oid)                                                                       \
    "NOT EXISTS (SELECT FROM pg_catalog.pg_depend dep WHERE dep.classid = 'pg_catalog." catalog              \
    "'::pg_catalog.regclass AND dep.objid = " oid " AND dep.deptype = 'e')"

/* A superuser reads everything. */
static int add_unreadable(struct check *check, const char *sql, const char *title, const char *advice)
{
    auto_result PGresult *result = NULL;
    if (check->inside.superuser) {
        return 0;
    }
    if (pg_query(&check->inside, check->err, &result, sql, 0, NULL) != 0) {
        return -1;
    }
    if (PQntuples(result) == 0) {
        return 0;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    precheck_add_names(&names, result, 0);
    return precheck_add(check, "%s The user `%s` of the source server cannot read %s. %s", title,
                        check->plan->source->user, buf_text(&names), advice);
}

static int check_readable(struct check *check)
{
    return add_unreadable(
        check,
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'"
        " AND n.nspname NOT LIKE 'pg\\_toast%' AND " NOT_OF_EXTENSION(
            "pg_class",
            "c.oid") " AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
                     " AND pg_catalog.has_table_privilege(c.oid, 'SELECT')) ORDER BY c.relkind = 'S', 1",
        "Tables cannot be read on the source server.",
        "Migrate as their owner or a superuser, or grant USAGE on the schemas and SELECT on all tables and "
        "sequences "
        "(from PostgreSQL 14 on: GRANT pg_read_all_data).");
}

static int check_row_security(struct check *check)
{
    return add_unreadable(
        check,
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity"
        " AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))"
        " AND NOT (SELECT rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user) ORDER BY 1",
        "Row level security hides rows on the source server.",
        "Give that user BYPASSRLS, or migrate as a superuser.");
}

static int check_large_objects(struct check *check)
{
    return add_unreadable(check,
                          "SELECT l.oid FROM pg_catalog.pg_largeobject_metadata l"
                          " WHERE NOT pg_catalog.pg_has_role(l.lomowner, 'USAGE') AND NOT EXISTS"
                          " (SELECT FROM pg_catalog.aclexplode(l.lomacl) a WHERE a.privilege_type = 'SELECT'"
                          " AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))) ORDER BY 1",
                          "Large objects cannot be read on the source server.",
                          "Migrate as their owner or a superuser, or GRANT SELECT ON LARGE OBJECT.");
}

static int check_oids(struct check *check)
{
    if (check->source.version >= 120000 || check->target.version < 120000) {
        return 0;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    int found =
        precheck_list(check,
                      "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
                      " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                      " WHERE c.oid >= 16384 AND c.relhasoids AND c.relkind IN ('r', 'p') ORDER BY 1",
                      &names);
    if (found <= 0) {
        return found;
    }
    return precheck_add(
        check,
        "Tables have OIDs: %s. They were created WITH OIDS, which PostgreSQL 12 and newer do not have. "
        "Run for each on the source: ALTER TABLE ... SET WITHOUT OIDS",
        buf_text(&names));
}

/* Roles that own objects here or have privileges on them, and whether migrateRoles copies them; pinned
 * ones (of the first superuser) are not recorded. */
#define ROLES_SQL                                                                                            \
    "SELECT rolname, " ROLES_OF_USERS " FROM (SELECT r.rolname FROM pg_catalog.pg_shdepend d"                \
    " JOIN pg_catalog.pg_database db ON db.datname = pg_catalog.current_database()"                          \
    " JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid"                                                      \
    " WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND (d.dbid = db.oid"                 \
    " OR (d.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND d.objid = db.oid))"                  \
    " UNION SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10"                                          \
    " AND EXISTS (SELECT FROM pg_catalog.pg_class WHERE relowner = 10 AND oid >= 16384)) used ORDER BY 1"

static int check_roles(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (pg_query(&check->inside, check->err, &result, ROLES_SQL, 0, NULL) != 0) {
        return -1;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        bool is_brought = check->plan->roles && pg_is_true(result, i, 1);
        if (!is_brought && !str_list_has(&check->target_roles, PQgetvalue(result, i, 0))) {
            precheck_add_name(&names, count++, PQgetvalue(result, i, 0));
        }
    }
    if (count == 0) {
        return 0;
    }
    precheck_end_names(&names, count);
    return precheck_add(
        check,
        "Roles are missing on the target server: %s. They own objects of the database or have "
        "privileges on them. Their objects will belong to `%s` and their privileges "
        "will be lost, unless the roles are migrated too (migrateRoles) or created there first.",
        buf_text(&names),
        check->plan->fallback_owner != NULL ? check->plan->fallback_owner : check->plan->target->user);
}

/* Privileges on system catalogs beyond those that initdb granted, as the statements that revoke them. */
static int check_catalog_grants(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (pg_query(
            &check->inside, check->err, &result,
            "SELECT DISTINCT pg_catalog.format('REVOKE %s ON pg_catalog.%I FROM %s', a.privilege_type, "
            "c.relname,"
            " CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident("
            "pg_catalog.pg_get_userbyid(a.grantee)::text) END)"
            " FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a"
            " LEFT JOIN pg_catalog.pg_init_privs i ON i.objoid = c.oid AND i.objsubid = 0"
            " AND i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass"
            " WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.oid < 16384"
            " AND a.grantee <> c.relowner AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(i.initprivs) o"
            " WHERE o.grantee = a.grantee AND o.privilege_type = a.privilege_type) ORDER BY 1",
            0, NULL) != 0) {
        return -1;
    }
    if (PQntuples(result) == 0) {
        return 0;
    }
    auto_buf struct buf statements = BUF_MAX(TEXT_MAX_BYTES);
    precheck_add_names(&statements, result, 0);
    return precheck_add(
        check,
        "Privileges on system catalogs were granted. They may not be possible on the target server and "
        "are then left out. To be sure, run on the source: %s",
        buf_text(&statements));
}

/* True if the target has an extension whose name begins with the library's: plpython3u contains plpython3. */
static bool has_library(const struct check *check, const char *library)
{
    const char *slash = strrchr(library, '/');
    const char *base = slash == NULL ? library : slash + 1;
    for (size_t i = 0; i < check->target_extensions.count; i++) {
        if (strncmp(check->target_extensions.items[i], base, strlen(base)) == 0) {
            return true;
        }
    }
    return !check->extensions_known;
}

/* Languages created without an extension, as before PostgreSQL 9.1: the target needs their handler's
 * library. */
static int check_languages(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (pg_query(
            &check->inside, check->err, &result,
            "SELECT l.lanname, p.probin FROM pg_catalog.pg_language l"
            " JOIN pg_catalog.pg_proc p ON p.oid = l.lanplcallfoid"
            " WHERE l.oid >= 16384 AND p.probin IS NOT NULL AND " NOT_OF_EXTENSION("pg_language", "l.oid"),
            0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        if (!has_library(check, PQgetvalue(result, i, 1)) &&
            precheck_add(
                check,
                "A language is missing on the target server. `%s` needs the library `%s`, which the target "
                "does not seem to have. Install it on the target's machine, or drop the language.",
                PQgetvalue(result, i, 0), PQgetvalue(result, i, 1)) != 0) {
            return -1;
        }
    }
    return 0;
}

/* lz4 is a build option of PostgreSQL; without it CREATE TABLE fails for such a column. */
static int check_compression(struct check *check)
{
    if (check->source.version < 140000 || check->target.version < 140000) {
        return 0;
    }
    auto_free char *has_lz4 = NULL;
    auto_result PGresult *result = NULL;
    if (pg_value(&check->target, check->err, &has_lz4,
                 "SELECT 'lz4' = ANY (enumvals) FROM pg_catalog.pg_settings"
                 " WHERE name = 'default_toast_compression'",
                 0, NULL) != 0 ||
        pg_query(&check->inside, check->err, &result,
                 "SELECT pg_catalog.format('%s.%I', c.oid::pg_catalog.regclass, a.attname)"
                 " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
                 " WHERE a.attcompression = 'l' AND NOT a.attisdropped AND c.oid >= 16384"
                 " AND c.relkind IN ('r', 'p', 'm') ORDER BY 1",
                 0, NULL) != 0) {
        return -1;
    }
    if (PQntuples(result) == 0 || pg_value_is_true(has_lz4)) {
        return 0;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    precheck_add_names(&names, result, 0);
    return precheck_add(
        check,
        "A compression method is missing on the target server. %s: compressed with lz4, which the "
        "target is not built with. Choose a target that has it, or run on the source for each: ALTER "
        "TABLE ... ALTER COLUMN ... SET COMPRESSION pglz",
        buf_text(&names));
}

#define SUPERUSER_ADVICE                                                                                     \
    "The target's user is not a superuser and may not be allowed to create them; they are then skipped."

/* clang-format off */
const struct precheck_rule precheck_database_rules[] = {
    {.level = FINDING_FAILED,  .type = TYPE_CONNECTIVITY, .code = 603110, .run = check_readable},
    {.level = FINDING_FAILED,  .type = TYPE_CONNECTIVITY, .code = 603110, .run = check_row_security},
    {.level = FINDING_FAILED,  .type = TYPE_CONNECTIVITY, .code = 603110, .run = check_large_objects},
    {.level = FINDING_FAILED,  .type = TYPE_COLLATIONS,   .code = 603401, .run = precheck_database_locale},
    {.level = FINDING_FAILED,  .type = TYPE_COLLATIONS,   .code = 603402, .run = precheck_column_collations},
    {.level = FINDING_FAILED,  .type = TYPE_COLLATIONS,   .code = 603403, .run = precheck_own_collations},
    {.level = FINDING_FAILED,  .type = TYPE_SCHEMA,       .code = 603404, .run = check_oids},
    {.level = FINDING_FAILED,  .type = TYPE_EXTENSIONS,   .code = 603408, .run = precheck_extensions},
    {.level = FINDING_WARNING, .type = TYPE_EXTENSIONS,   .code = 603406, .run = precheck_extension_versions},
    {.level = FINDING_FAILED,  .type = TYPE_EXTENSIONS,   .code = 603108, .run = precheck_allowed_extensions},
    {.level = FINDING_FAILED,  .type = TYPE_EXTENSIONS,   .code = 603109, .run = precheck_preload},
    {.level = FINDING_WARNING, .type = TYPE_EXTENSIONS,   .code = 603405, .strict = true, .run = precheck_refused_extensions},
    {.level = FINDING_WARNING, .type = TYPE_EXTENSIONS,   .run = precheck_configuration_tables},
    {.level = FINDING_WARNING, .type = TYPE_EXTENSIONS,   .run = precheck_untrusted_extensions, .when = TARGET_NOT_SUPERUSER},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,       .code = 603413, .strict = true, .run = check_languages},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,       .code = 603410, .strict = true, .run = check_catalog_grants},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,       .run = check_roles},
    {.level = FINDING_FAILED,  .type = TYPE_SCHEMA,       .run = check_compression},

    {.level = FINDING_WARNING, .type = TYPE_EXTENSIONS, .code = 603407, .strict = true, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'"
            " AND extnamespace = 'pg_catalog'::pg_catalog.regnamespace ORDER BY 1",
     .title = "Extensions are in a system schema", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .code = 603409, .strict = true, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT pg_catalog.format('CAST (%s AS %s)', pg_catalog.format_type(castsource, NULL),"
            " pg_catalog.format_type(casttarget, NULL)) FROM pg_catalog.pg_cast c WHERE c.oid >= 16384"
            " AND castmethod <> 'f' AND " NOT_OF_EXTENSION("pg_cast", "c.oid") " ORDER BY 1",
     .title = "Casts were created by users", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .strict = true, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t WHERE t.oid >= 16384"
            " AND typtype = 'b' AND typelem = 0 AND " NOT_OF_EXTENSION("pg_type", "t.oid") " ORDER BY 1",
     .title = "Base types were created by users", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .strict = true,
     .sql = "SELECT pg_catalog.format('%s (%s)', p.oid::pg_catalog.regprocedure, p.probin) FROM pg_catalog.pg_proc p"
            " JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE l.lanname = 'c' AND p.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_proc", "p.oid") " ORDER BY 1",
     .title = "Functions are written in C",
     .advice = "Only a superuser may create them, and the same library has to be on the target's machine; where it is"
               " not, they and what uses them are left out."},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT evtname FROM pg_catalog.pg_event_trigger e WHERE e.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_event_trigger", "e.oid") " ORDER BY 1",
     .title = "The database has event triggers", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .strict = true, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_foreign_data_wrapper", "f.oid") " ORDER BY 1",
     .title = "Foreign data wrappers were created by users", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .strict = true, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT 'parser ' || prsname FROM pg_catalog.pg_ts_parser p WHERE p.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_ts_parser", "p.oid")
            " UNION ALL SELECT 'template ' || tmplname FROM pg_catalog.pg_ts_template t WHERE t.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_ts_template", "t.oid") " ORDER BY 1",
     .title = "Text search parsers or templates were created by users", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .strict = true, .when = TARGET_NOT_SUPERUSER,
     .sql = "SELECT opcname || ' (operator class)' FROM pg_catalog.pg_opclass o WHERE o.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_opclass", "o.oid")
            " UNION ALL SELECT amname || ' (access method)' FROM pg_catalog.pg_am a WHERE a.oid >= 16384"
            " AND " NOT_OF_EXTENSION("pg_am", "a.oid") " ORDER BY 1",
     .title = "Operator classes or access methods were created by users", .advice = SUPERUSER_ADVICE},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,
     .sql = "SELECT spcname FROM pg_catalog.pg_tablespace WHERE oid IN (SELECT reltablespace FROM pg_catalog.pg_class)"
            " AND spcname <> 'pg_global' UNION SELECT spcname FROM pg_catalog.pg_tablespace s"
            " JOIN pg_catalog.pg_database d ON d.dattablespace = s.oid"
            " WHERE d.datname = pg_catalog.current_database() AND spcname <> 'pg_default' ORDER BY 1",
     .title = "Tablespaces are in use", .advice = "All objects go to the default tablespace of the target server."},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,
     .sql = "SELECT subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid"
            " WHERE d.datname = pg_catalog.current_database() ORDER BY 1",
     .title = "The database has subscriptions", .advice = "They are migrated disabled, if the target's user may create them."},
};
/* clang-format on */
const size_t precheck_database_rule_count = ARRAY_LEN(precheck_database_rules);
