/* SPDX-License-Identifier: MIT */
/*
 * What the migration service minds and Malachite does not: warnings for somebody who rehearses, and failures
 * where --strict-service asks for the service's own limits.
 */
#include <string.h>

#include "core/str.h"
#include "engine/precheck/precheck_private.h"

enum { TEXT_MAX_BYTES = 8192, CODE_SENDERS = 603106, CODE_ENTRA = 603103 };

static int setting(struct check *check, struct pg *pg, const char *name, char **ret_value)
{
    return pg_value(pg, check->err, ret_value, "SELECT pg_catalog.current_setting($1)", 1, &name);
}

static int setting_number(struct check *check, struct pg *pg, const char *name, int64_t *ret_number)
{
    auto_free char *text = NULL;
    *ret_number = 0;
    return setting(check, pg, name, &text) == 0 && str_to_int(text, 0, INT32_MAX, ret_number) ? 0 : -1;
}

static int list_of(struct check *check, struct pg *pg, const char *sql, struct buf *names)
{
    auto_result PGresult *result = NULL;
    if (pg_query(pg, check->err, &result, sql, 0, NULL) != 0) {
        return -1;
    }
    precheck_add_names(names, result, 0);
    return PQntuples(result) > 0;
}

/* Malachite's sessions set their own mode, so current_setting() does not show the server's. */
static int check_read_only_default(struct check *check)
{
    auto_free char *value = NULL;
    if (pg_value(&check->source, check->err, &value,
                 "SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'",
                 0, NULL) != 0) {
        return -1;
    }
    return strcmp(value, "on") != 0
               ? 0
               : precheck_add(check,
                              "The source server is read-only. `default_transaction_read_only` is on on the "
                              "%s. Set it to off.",
                              check->plan->source->label);
}

static int check_senders_cover_slots(struct check *check)
{
    int64_t senders = 0;
    int64_t slots = 0;
    if (setting_number(check, &check->source, "max_wal_senders", &senders) != 0 ||
        setting_number(check, &check->source, "max_replication_slots", &slots) != 0) {
        return -1;
    }
    return senders >= slots
               ? 0
               : precheck_add(check,
                              "The source server has fewer WAL senders than replication slots. "
                              "`max_wal_senders` is `%lld` and `max_replication_slots` is `%lld` on the %s. "
                              "Raise the first to at least the second, and restart the server.",
                              (long long)senders, (long long)slots, check->plan->source->label);
}

/* A slot is ready only when all transactions have ended that had written before it was asked for. */
static int check_long_transactions(struct check *check)
{
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    int found =
        list_of(check, &check->source,
                "SELECT pg_catalog.format('pid %s, user %s, database %s, for %s s', pid, usename, datname,"
                " pg_catalog.date_part('epoch', pg_catalog.now() - xact_start)::int)"
                " FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL"
                " AND xact_start < pg_catalog.now() - interval '5 seconds'"
                " AND pid <> pg_catalog.pg_backend_pid()"
                " UNION ALL SELECT pg_catalog.format('prepared transaction %s', gid)"
                " FROM pg_catalog.pg_prepared_xacts",
                &names);
    return found <= 0 ? found
                      : precheck_add(check,
                                     "Transactions run on the source server for a long time: %s. Replication "
                                     "starts only after they have ended. Commit them or roll them back.",
                                     buf_text(&names));
}

static int check_target_slots(struct check *check)
{
    int64_t slots = 0;
    if (setting_number(check, &check->target, "max_replication_slots", &slots) != 0) {
        return -1;
    }
    size_t needed = check->plan->databases->count;
    return slots > (int64_t)needed
               ? 0
               : precheck_add(check,
                              "The target server has few replication slots. `max_replication_slots` of the "
                              "%s is `%lld`; the service wants more than the number of databases, %zu.",
                              check->plan->target->label, (long long)slots, needed);
}

static int check_md5_passwords(struct check *check)
{
    auto_free char *may_look = NULL;
    auto_free char *encryption = NULL;
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    if (pg_value(&check->source, check->err, &may_look,
                 "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')", 0, NULL) != 0 ||
        setting(check, &check->target, "password_encryption", &encryption) != 0) {
        return -1;
    }
    if (!pg_value_is_true(may_look) || strcmp(encryption, "scram-sha-256") != 0) {
        return 0;
    }
    int found =
        list_of(check, &check->source,
                "SELECT rolname FROM pg_catalog.pg_authid WHERE rolpassword LIKE 'md5%' AND rolcanlogin"
                " ORDER BY 1",
                &names);
    return found <= 0
               ? found
               : precheck_add(check,
                              "Roles have md5 passwords: %s. The target server uses scram-sha-256, and "
                              "a server that accepts only that refuses these passwords. Set them again "
                              "on the source with password_encryption = 'scram-sha-256', or on the "
                              "target after the migration.",
                              buf_text(&names));
}

/* Roles of Microsoft Entra are members of these on a real server, and are not made by copying. */
static int check_entra_roles(struct check *check)
{
    auto_result PGresult *result = NULL;
    if (pg_query(&check->source, check->err, &result,
                 "SELECT DISTINCT m.rolname FROM pg_catalog.pg_auth_members a"
                 " JOIN pg_catalog.pg_roles g ON g.oid = a.roleid"
                 " JOIN pg_catalog.pg_roles m ON m.oid = a.member"
                 " WHERE g.rolname IN ('azure_ad_admin', 'azure_ad_user', 'azure_ad_mfa') ORDER BY 1",
                 0, NULL) != 0) {
        return -1;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    size_t count = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        if (!str_list_has(&check->target_roles, PQgetvalue(result, i, 0))) {
            precheck_add_name(&names, count++, PQgetvalue(result, i, 0));
        }
    }
    precheck_end_names(&names, count);
    return count == 0
               ? 0
               : precheck_add(check,
                              "Microsoft Entra roles are missing on the target server: %s. Create them "
                              "there before the migration.",
                              buf_text(&names));
}

static int check_roles_of_single_server(struct check *check)
{
    return check->plan->single_source
               ? 0
               : precheck_add(check,
                              "Roles cannot be migrated from this source. The migration service copies "
                              "users and roles from single servers only. Set migrateRoles to False.");
}

static int check_superuser_roles(struct check *check)
{
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    int found = list_of(check, &check->source,
                        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper AND oid >= 16384"
                        " AND rolname <> current_user ORDER BY 1",
                        &names);
    return found <= 0 ? found
                      : precheck_add(check,
                                     "Roles are superusers on the source server: %s. The migration service "
                                     "does not migrate superusers. Run on the source: ALTER ROLE ... "
                                     "NOSUPERUSER",
                                     buf_text(&names));
}

/* clang-format off */
const struct precheck_rule precheck_service_rules[] = {
    {.level = FINDING_FAILED,  .type = TYPE_PARAMETERS,   .code = 603112, .when = WHEN_STRICT, .run = check_read_only_default},
    {.level = FINDING_FAILED,  .type = TYPE_PARAMETERS,   .code = CODE_SENDERS, .when = WHEN_STRICT | WHEN_ONLINE, .run = check_senders_cover_slots},
    {.level = FINDING_WARNING, .type = TYPE_PARAMETERS,   .when = WHEN_ONLINE, .run = check_long_transactions},
    {.level = FINDING_WARNING, .type = TYPE_PARAMETERS,   .when = WHEN_ONLINE, .run = check_target_slots},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,       .when = WHEN_ROLES, .run = check_md5_passwords},
    {.level = FINDING_WARNING, .type = TYPE_CONNECTIVITY, .code = CODE_ENTRA, .strict = true, .run = check_entra_roles},
    {.level = FINDING_FAILED,  .type = TYPE_SCHEMA,       .when = WHEN_STRICT | WHEN_ROLES, .run = check_roles_of_single_server},
    {.level = FINDING_FAILED,  .type = TYPE_SCHEMA,       .when = WHEN_STRICT, .run = check_superuser_roles},
};
/* clang-format on */
const size_t precheck_service_rule_count = ARRAY_LEN(precheck_service_rules);
