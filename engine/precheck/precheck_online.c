/* SPDX-License-Identifier: MIT */
/* Rules for online migrations: the requirements on the source, and what logical decoding does not carry. */
#include <string.h>

#include "core/str.h"
#include "engine/pg/sqlstate.h"
#include "engine/precheck/precheck_private.h"

enum { TEXT_MAX_BYTES = 8192, CODE_WAL_LEVEL = 603107, CODE_SLOTS = 603105, CODE_SENDERS = 603106 };

/* A parameter that a restart can change is no reason to fail if the migration may restart the server. */
static enum finding_level parameter_level(const struct check *check)
{
    return check->plan->setup ? FINDING_WARNING : FINDING_FAILED;
}

static const char *parameter_advice(const struct check *check)
{
    return check->plan->setup ? "It will be set when the migration begins, and the source server restarted."
                              : "Set setupLogicalReplicationOnSourceDbIfNeeded to have it set, or set it by "
                                "hand; the source "
                                "server has to restart.";
}

static int check_wal_level(struct check *check)
{
    auto_free char *level = NULL;
    if (pg_value(&check->source, check->err, &level, "SELECT pg_catalog.current_setting('wal_level')", 0,
                 NULL) != 0) {
        return -1;
    }
    if (level != NULL && strcmp(level, "logical") == 0) {
        return 0;
    }
    return precheck_add_as(
        check, parameter_level(check), CODE_WAL_LEVEL,
        "The source server is not set up for logical replication. `wal_level` is `%s` on the %s, online "
        "migrations need `logical`. %s",
        level, check->plan->source->label, parameter_advice(check));
}

/* Each database needs one slot and one sender. */
static int check_free(struct check *check, const char *sql, const char *parameter, int code)
{
    auto_free char *text = NULL;
    int64_t left = 0;
    int64_t needed = (int64_t)check->plan->databases->count;
    if (pg_value(&check->source, check->err, &text, sql, 0, NULL) != 0) {
        return -1;
    }
    if (!str_to_int(text, INT32_MIN, INT32_MAX, &left) || left >= needed) {
        return 0;
    }
    return precheck_add_as(
        check, parameter_level(check), code,
        "The source server has too little room for replication. `%s` of the %s leaves `%lld`, the migration "
        "needs `%lld`, one for each database. %s",
        parameter, check->plan->source->label, (long long)(left < 0 ? 0 : left), (long long)needed,
        parameter_advice(check));
}

static int check_free_slots(struct check *check)
{
    return check_free(check,
                      "SELECT pg_catalog.current_setting('max_replication_slots')::int"
                      " - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)",
                      "max_replication_slots", CODE_SLOTS);
}

static int check_free_senders(struct check *check)
{
    return check_free(check,
                      "SELECT pg_catalog.current_setting('max_wal_senders')::int"
                      " - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication)",
                      "max_wal_senders", CODE_SENDERS);
}

/* Managed services grant the right without the role's attribute: if it is missing, only an attempt shows. */
static int check_replication_right(struct check *check)
{
    struct err refusal = {0};
    auto_free char *may = NULL;
    auto_pg struct pg walsender = {0};
    if (pg_value(&check->source, check->err, &may,
                 "SELECT rolreplication OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user", 0,
                 NULL) != 0) {
        return -1;
    }
    if (pg_value_is_true(may) || pg_open(check->plan->source, check->source.database, PG_REPLICATION,
                                         check->plan->stop, &refusal, &walsender) == 0) {
        return 0;
    }
    if (!sqlstate_is(refusal.sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        *check->err = refusal;
        return -1;
    }
    return precheck_add(check,
                        "The source server's user may not replicate. `%s` lacks REPLICATION on the %s. Run: "
                        "ALTER ROLE \"%s\" REPLICATION",
                        check->plan->source->user, check->plan->source->label, check->plan->source->user);
}

/* A replica cannot create publications and slots for them. Read-only transactions by default do not
 * matter: Malachite's sessions override that. */
static int check_source_writable(struct check *check)
{
    auto_free char *recovers = NULL;
    if (pg_value(&check->source, check->err, &recovers, "SELECT pg_catalog.pg_is_in_recovery()", 0, NULL) !=
        0) {
        return -1;
    }
    if (!pg_value_is_true(recovers)) {
        return 0;
    }
    return precheck_add(check,
                        "The source server is read-only. The %s is in recovery (`pg_is_in_recovery()` is "
                        "true): it is a replica. Choose the primary server, or migrate offline.",
                        check->plan->source->label);
}

const struct precheck_rule precheck_online_server_rules[] = {
    {.level = FINDING_FAILED, .type = TYPE_PARAMETERS, .code = 603112, .run = check_source_writable},
    {.level = FINDING_FAILED, .type = TYPE_CONNECTIVITY, .code = 603104, .run = check_replication_right},
    {.level = FINDING_FAILED, .type = TYPE_PARAMETERS, .code = CODE_WAL_LEVEL, .run = check_wal_level},
    {.level = FINDING_FAILED, .type = TYPE_PARAMETERS, .code = CODE_SLOTS, .run = check_free_slots},
    {.level = FINDING_FAILED, .type = TYPE_PARAMETERS, .code = CODE_SENDERS, .run = check_free_senders},
};
const size_t precheck_online_server_rule_count = ARRAY_LEN(precheck_online_server_rules);

/* ---- databases -------------------------------------------------------------------------------------------
 */

static int check_may_publish(struct check *check)
{
    auto_free char *may = NULL;
    if (pg_value(&check->inside, check->err, &may,
                 "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')", 0,
                 NULL) != 0) {
        return -1;
    }
    if (pg_value_is_true(may)) {
        return 0;
    }
    return precheck_add(check,
                        "The source server's user may not publish this database. `%s` lacks CREATE on it. "
                        "Run on the source: GRANT CREATE ON DATABASE \"%s\" TO \"%s\"",
                        check->plan->source->user, check->database, check->plan->source->user);
}

/* Ordinary tables of users that contain rows themselves. */
#define OF_TABLES                                                                                            \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                   \
    " WHERE c.oid >= 16384 AND c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%'"                              \
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend dep WHERE dep.objid = c.oid AND dep.deptype = 'e'"    \
    " AND dep.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)"
#define NAME_OF_TABLE "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)"

static int check_foreign_owners(struct check *check)
{
    if (check->inside.superuser) {
        return 0;
    }
    auto_buf struct buf names = BUF_MAX(TEXT_MAX_BYTES);
    int found = precheck_list(check,
                              NAME_OF_TABLE OF_TABLES
                              " AND c.relpersistence = 'p'"
                              " AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1",
                              &names);
    if (found <= 0) {
        return found;
    }
    return precheck_add(
        check,
        "Tables cannot be published, because they belong to others: %s. The user `%s` is not their owner. "
        "Their changes are not replicated; they are recopied at the cutover, which takes longer. Grant the "
        "roles of their owners to that user, or migrate as a superuser.",
        buf_text(&names), check->plan->source->user);
}

/* clang-format off */
const struct precheck_rule precheck_online_database_rules[] = {
    {.level = FINDING_FAILED,  .type = TYPE_CONNECTIVITY, .code = 603110, .run = check_may_publish},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,       .strict = true, .run = check_foreign_owners},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA, .strict = true,
     .sql = NAME_OF_TABLE OF_TABLES " AND c.relpersistence = 'p' AND c.relreplident <> 'f'"
            " AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid"
            "  AND i.indimmediate AND ((c.relreplident = 'd' AND i.indisprimary)"
            "  OR (c.relreplident = 'i' AND i.indisreplident))) ORDER BY 1",
     .title = "Tables have no primary key or other replica identity",
     .advice = "They get REPLICA IDENTITY FULL for the time of the migration, without which UPDATE and DELETE on the"
               " source would fail; changes of large ones are slow to apply. Give them a primary key to avoid it."},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,
     .sql = NAME_OF_TABLE OF_TABLES " AND c.relpersistence = 'u' ORDER BY 1",
     .title = "Tables are unlogged",
     .advice = "Their changes are not replicated; they are recopied at the cutover."},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,
     .sql = "SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid",
     .title = "The database has large objects",
     .advice = "Their changes are not replicated; they are brought up to date at the cutover."},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,
     .sql = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.oid >= 16384 AND c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY 1",
     .title = "The database has sequences",
     .advice = "Their values are not replicated; they are set at the cutover."},
    {.level = FINDING_WARNING, .type = TYPE_SCHEMA,
     .sql = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.oid >= 16384 AND c.relkind = 'm' ORDER BY 1",
     .title = "The database has materialized views",
     .advice = "They are not replicated; they are refreshed at the cutover if their tables have changed."},
};
/* clang-format on */
const size_t precheck_online_database_rule_count = ARRAY_LEN(precheck_online_database_rules);
