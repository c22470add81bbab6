/* SPDX-License-Identifier: MIT */
/* Rules for the two servers: versions, tools, privileges of the target's user, the list of databases, disk
 * space. */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/str.h"
#include "engine/precheck/precheck_private.h"

enum { OLDEST_SERVICE = 90500, TEXT_MAX_BYTES = 8192 };

static int major_of(const struct pg *pg)
{
    return pg->version / 10000;
}

static int check_source_version(struct check *check)
{
    if (check->source.version < OLDEST_SERVICE) {
        return precheck_add(
            check,
            "The source server's version is not supported. The %s runs PostgreSQL `%d.%d`; migrations "
            "start from 9.5. Upgrade the source server first.",
            check->plan->source->label, major_of(&check->source), check->source.version / 100 % 100);
    }
    if (check->source.version < PRECHECK_OLDEST) {
        return precheck_add(
            check,
            "The source server's version is not supported by Malachite. The %s runs PostgreSQL "
            "`%d.%d`; data is moved from version 10 and newer. Upgrade the source server first.",
            check->plan->source->label, major_of(&check->source), check->source.version / 100 % 100);
    }
    return 0;
}

static int check_tools(struct check *check)
{
    int major = major_of(&check->source);
    if (check->plan->tools == NULL || tools_client(check->plan->tools, major) != NULL) {
        return 0;
    }
    char advice[TOOLS_ADVICE_SIZE];
    tools_client_advice(major, advice, sizeof(advice));
    return precheck_add(
        check,
        "No pg_dump on this machine can read the source server. The %s runs PostgreSQL `%d`, which needs "
        "pg_dump and pg_restore of version %d or newer. %s",
        check->plan->source->label, major, major, advice);
}

static int check_no_downgrade(struct check *check)
{
    int source = major_of(&check->source);
    int target = major_of(&check->target);
    if (target >= source) {
        return 0;
    }
    return precheck_add(
        check,
        "The target server is older than the source server. The source runs PostgreSQL `%d`, the "
        "target `%d`; a migration cannot go to an older version. Choose a target of version %d or "
        "newer.",
        source, target, source);
}

static int check_target_writable(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (pg_run(&check->target, check->err, "RESET default_transaction_read_only") != 0 ||
        pg_query(&check->target, check->err, &result,
                 "SELECT pg_catalog.pg_is_in_recovery(), EXISTS (SELECT FROM pg_catalog.pg_settings"
                 " WHERE name = 'default_transaction_read_only' AND setting = 'on'"
                 " AND source NOT IN ('database', 'user', 'database user', 'session'))",
                 0, NULL) != 0 ||
        pg_run(&check->target, check->err, "SET default_transaction_read_only = off") != 0) {
        return -1;
    }
    if (pg_is_true(result, 0, 0)) {
        return precheck_add(
            check,
            "The target server is read-only. The %s is in recovery (`pg_is_in_recovery()` is true): it "
            "is a replica. Choose the primary server, or promote it.",
            check->plan->target->label);
    }
    if (pg_is_true(result, 0, 1)) {
        return precheck_add(
            check,
            "The target server is read-only. `default_transaction_read_only` is on on the %s. Set it "
            "to off; on a managed server it may be on because its disk is full.",
            check->plan->target->label);
    }
    return 0;
}

/* 1: the query returns true, 0: false, -1: error. */
static int target_user_may(struct check *check, const char *sql)
{
    auto_free char *may = NULL;
    return pg_value(&check->target, check->err, &may, sql, 0, NULL) != 0 ? -1 : pg_value_is_true(may);
}

static int check_createdb(struct check *check)
{
    int may = target_user_may(
        check, "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user");
    if (may != 0) {
        return may < 0 ? -1 : 0;
    }
    return precheck_add(
        check,
        "The target server's user may not create databases. `%s` lacks CREATEDB on the %s. Run: ALTER "
        "ROLE \"%s\" CREATEDB",
        check->plan->target->user, check->plan->target->label, check->plan->target->user);
}

static int check_createrole(struct check *check)
{
    if (!check->plan->roles) {
        return 0;
    }
    int may = target_user_may(
        check, "SELECT rolcreaterole OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user");
    if (may != 0) {
        return may < 0 ? -1 : 0;
    }
    return precheck_add(
        check,
        "The target server's user may not create roles, which migrateRoles needs. `%s` lacks CREATEROLE on "
        "the %s. Run: ALTER ROLE \"%s\" CREATEROLE",
        check->plan->target->user, check->plan->target->label, check->plan->target->user);
}

static int check_azure_admin(struct check *check)
{
    auto_free char *lacking = NULL;
    if (pg_value(&check->target, check->err, &lacking,
                 "SELECT NOT pg_catalog.pg_has_role(oid, 'USAGE') FROM pg_catalog.pg_roles"
                 " WHERE rolname = 'azure_pg_admin'",
                 0, NULL) != 0) {
        return -1;
    }
    if (!pg_value_is_true(lacking)) {
        return 0;
    }
    return precheck_add(
        check,
        "The target server's user is not an administrator. `%s` is not a member of azure_pg_admin on "
        "the %s. Run: GRANT azure_pg_admin TO \"%s\"",
        check->plan->target->user, check->plan->target->label, check->plan->target->user);
}

static int check_duplicates(struct check *check)
{
    const struct str_list *databases = check->plan->databases;
    for (size_t i = 0; i < databases->count; i++) {
        struct str_list later = {.items = databases->items + i + 1, .count = databases->count - i - 1};
        if (str_list_has(&later, databases->items[i]) &&
            precheck_add(
                check,
                "A database is named twice. `%s` is more than once in the list of databases. Name it "
                "once.",
                databases->items[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int check_databases_exist(struct check *check)
{
    auto_str_list struct str_list there = {0};
    if (precheck_fetch(&check->source,
                       "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit <> -2"
                       " AND NOT datname IN ('template0', 'template1', 'azure_sys', 'azure_maintenance')"
                       " ORDER BY datname",
                       check->err, &there) != 0) {
        return -1;
    }
    auto_buf struct buf missing = BUF_MAX(TEXT_MAX_BYTES);
    size_t lacking = 0;
    for (size_t i = 0; i < check->plan->databases->count; i++) {
        if (!str_list_has(&there, check->plan->databases->items[i])) {
            precheck_add_name(&missing, lacking++, check->plan->databases->items[i]);
        }
    }
    if (lacking == 0) {
        return 0;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    for (size_t i = 0; i < there.count; i++) {
        precheck_add_name(&names, i, there.items[i]);
    }
    precheck_end_names(&names, there.count);
    return precheck_add(check,
                        lacking == 1
                            ? "A database does not exist on the source server. %s is not a database of "
                              "the %s that can be migrated. Its databases are: %s."
                            : "Databases do not exist on the source server. %s are not databases of "
                              "the %s that can be migrated. Its databases are: %s.",
                        buf_text(&missing), check->plan->source->label, buf_text(&names));
}

static int check_may_drop(struct check *check)
{
    for (size_t i = 0; i < check->plan->databases->count; i++) {
        const char *name = check->plan->databases->items[i];
        auto_free char *owner = NULL;
        if (pg_value(&check->target, check->err, &owner,
                     "SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database"
                     " WHERE datname = $1 AND NOT pg_catalog.pg_has_role(datdba, 'USAGE')",
                     1, &name) != 0) {
            return -1;
        }
        if (owner != NULL &&
            precheck_add(
                check,
                "A database cannot be replaced on the target server. `%s` exists there and belongs to `%s`, "
                "whose rights the user `%s` does not have. Run on the target: GRANT \"%s\" TO \"%s\"",
                name, owner, check->plan->target->user, owner, check->plan->target->user) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Bytes of the databases to migrate that exist on this server and that the user may see. */
static int sum_sizes(struct check *check, struct pg *pg, int64_t *ret_bytes)
{
    int64_t sum = 0;
    for (size_t i = 0; i < check->plan->databases->count; i++) {
        auto_free char *text = NULL;
        const char *name = check->plan->databases->items[i];
        if (pg_value(pg, check->err, &text,
                     "SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database WHERE datname = $1"
                     " AND pg_catalog.has_database_privilege(oid, 'CONNECT')",
                     1, &name) != 0) {
            return -1;
        }
        int64_t bytes = 0;
        if (text != NULL && str_to_int(text, 0, INT64_MAX / 1024, &bytes)) {
            sum += bytes;
        }
    }
    *ret_bytes = sum;
    return 0;
}

static int check_disk_space(struct check *check)
{
    if (check->plan->target_data_dir == NULL) {
        return 0;
    }
    struct statvfs disk;
    if (statvfs(check->plan->target_data_dir, &disk) != 0) {
        return err_set(check->err, ERR_INTERNAL, "The free space in '%s' cannot be read: %s.",
                       check->plan->target_data_dir, strerrordesc_np(errno));
    }
    int64_t needed = 0;
    int64_t replaced = 0;
    if (sum_sizes(check, &check->source, &needed) != 0 || sum_sizes(check, &check->target, &replaced) != 0) {
        return -1;
    }
    needed += needed / 10;
    int64_t available = (int64_t)(disk.f_bavail * disk.f_frsize) + replaced;
    if (needed <= available) {
        return 0;
    }
    return precheck_add(
        check,
        "The target server has too little disk space. The databases need about `%lld` MB, `%lld` MB "
        "are free for it in %s. Make room there, or migrate fewer databases.",
        (long long)(needed >> 20), (long long)(available >> 20), check->plan->target_data_dir);
}

/* The size of this machine's disk is unrelated to the service, which requires this much space. */
static int check_storage(struct check *check)
{
    int64_t needed = 0;
    int64_t storage_mb = check->plan->target_storage_mb;
    if (storage_mb == 0) {
        return 0;
    }
    if (sum_sizes(check, &check->source, &needed) != 0) {
        return -1;
    }
    int64_t needed_mb = (needed + needed / 4) >> 20;
    if (needed_mb <= storage_mb) {
        return 0;
    }
    return precheck_add(
        check,
        "The storage of the target server is `%lld` MB. The service asks for 1.25 times the size "
        "of the databases, `%lld` MB. Give the target server larger storage.",
        (long long)storage_mb, (long long)needed_mb);
}

const struct precheck_rule precheck_server_rules[] = {
    {.level = FINDING_FAILED, .type = TYPE_VERSION, .code = 603400, .run = check_source_version},
    {.level = FINDING_FAILED, .type = TYPE_VERSION, .run = check_tools},
    {.level = FINDING_FAILED, .type = TYPE_VERSION, .run = check_no_downgrade},
    {.level = FINDING_FAILED, .type = TYPE_PARAMETERS, .run = check_target_writable},
    {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY, .run = check_createdb},
    {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY, .code = 603116, .run = check_createrole},
    {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY, .code = 603115, .run = check_azure_admin},
    {.level = FINDING_FAILED, .type = TYPE_SCHEMA, .run = check_duplicates},
    {.level = FINDING_FAILED, .type = TYPE_SCHEMA, .code = 603102, .run = check_databases_exist},
    {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY, .code = 603117, .run = check_may_drop},
    {.level = FINDING_FAILED, .type = TYPE_PARAMETERS, .run = check_disk_space},
    {.level = FINDING_WARNING, .type = TYPE_PARAMETERS, .run = check_storage},
};
const size_t precheck_server_rule_count = ARRAY_LEN(precheck_server_rules);
