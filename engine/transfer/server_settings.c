/* SPDX-License-Identifier: MIT */
/*
 * An index on a function that is declared immutable but depends on TimeZone must be searched under the
 * TimeZone it was computed under. Settings stored with the database are copied with it; settings from the
 * source's server configuration, or of a role only, are not.
 */
#include <string.h>

#include "core/str.h"
#include "engine/pg/setting.h"
#include "engine/transfer/server_settings_private.h"

enum { SQL_MAX_BYTES = 16 * 1024, GENERATED_SINCE = 120000 };

/* The first index, generated column or partitioned table that calls a user's function. PostgreSQL's own
 * functions that may be used there depend on no setting. */
#define DEPENDENTS                                                                                           \
    "WITH users AS (SELECT d.classid, d.objid FROM pg_depend d WHERE d.refobjid >= 16384"                    \
    "   AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass))"                                 \
    " SELECT c.oid::regclass::text FROM users u JOIN pg_class c ON c.oid = u.objid"                          \
    "   AND c.relkind IN ('i', 'I', 'p') WHERE u.classid = 'pg_class'::regclass"
#define GENERATED                                                                                            \
    " UNION ALL SELECT a.attrelid::regclass || '.' || a.attname FROM users u"                                \
    "   JOIN pg_attrdef f ON f.oid = u.objid JOIN pg_attribute a ON a.attrelid = f.adrelid"                  \
    "   AND a.attnum = f.adnum AND a.attgenerated = 's' WHERE u.classid = 'pg_attrdef'::regclass"

static int find_dependent(struct pg *target, struct err *err, char **ret_name)
{
    const char *sql = target->version >= GENERATED_SINCE ? DEPENDENTS GENERATED " ORDER BY 1 LIMIT 1"
                                                         : DEPENDENTS " ORDER BY 1 LIMIT 1";
    return pg_value(target, err, ret_name, sql, 0, NULL);
}

static void report_setting(struct transfer_state *state, const struct source_setting *item, const char *value,
                           const char *dependent)
{
    const struct transfer_observer *observer = state->transfer->observer;
    auto_free char *text = item->role != NULL
                               ? str_format("The role %s has %s = '%s' in the target's database now, as on "
                                            "the source: %s may depend on it.",
                                            item->role, item->name, value, dependent)
                               : str_format("The database on the target has %s = '%s' now, as configured on "
                                            "the source server: %s may depend on it.",
                                            item->name, value, dependent);
    if (text != NULL && observer != NULL && observer->note != NULL) {
        observer->note(observer->context, str_make_utf8(text));
    }
}

static int store(struct transfer_state *state, const struct source_setting *item, const char *dependent,
                 struct err *err)
{
    struct pg *target = &state->target;
    const char *value = source_setting_value(&state->settings, item, target);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (item->role != NULL) {
        buf_adds(&sql, "ALTER ROLE ");
        pg_add_identifier(target, &sql, item->role);
        buf_adds(&sql, " IN DATABASE ");
    } else {
        buf_adds(&sql, "ALTER DATABASE ");
    }
    pg_add_identifier(target, &sql, state->transfer->database);
    pg_add_setting(target, &sql, item->name, value);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(target, err, buf_text(&sql)) == 0) {
        report_setting(state, item, value, dependent);
        return 0;
    }
    if (restore_is_over(target, err)) {
        return -1;
    }
    report_warning(&state->report,
                   "Sessions on the source have %s = '%s', on which %s may depend. Malachite cannot set it "
                   "on the target: %s",
                   item->name, value, dependent, err->message);
    return 0;
}

/* Whether the role has the setting on the target, too. A role that does not exist there needs none. */
static int role_has(struct transfer_state *state, const struct source_setting *item, struct err *err,
                    bool *ret_has)
{
    auto_free char *lacks = NULL;
    const char *params[] = {item->role, item->name, item->value};
    *ret_has = true;
    if (pg_value(&state->target, err, &lacks,
                 "SELECT 1 FROM pg_roles r WHERE r.rolname = $1 AND NOT EXISTS (SELECT 1 FROM"
                 " pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setrole = r.oid AND s.setdatabase = 0"
                 " AND lower(split_part(c, '=', 1)) = lower($2) AND substr(c, length($2) + 2) = $3)",
                 3, params) != 0) {
        return -1;
    }
    *ret_has = lacks == NULL;
    return 0;
}

static int store_of_roles(struct transfer_state *state, const char *dependent, struct err *err)
{
    for (size_t i = 0; i < state->settings.count; i++) {
        const struct source_setting *item = &state->settings.items[i];
        bool has = item->role == NULL || item->refused;
        if ((!has && role_has(state, item, err, &has) != 0) ||
            (!has && store(state, item, dependent, err) != 0)) {
            return -1;
        }
    }
    return 0;
}

static int store_differences(struct transfer_state *state, const PGresult *there, const char *dependent,
                             struct err *err)
{
    for (int row = 0; row < PQntuples(there); row++) {
        const char *name = PQgetvalue(there, row, 0);
        const struct source_setting *item = source_settings_find(&state->settings, name);
        if (item == NULL || !item->of_server || item->refused) {
            continue;
        }
        const char *value = source_setting_value(&state->settings, item, &state->target);
        if (!str_iequals(value, PQgetvalue(there, row, 1)) && store(state, item, dependent, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A value hidden by the login's own settings counts as a difference. */
int server_settings_apply(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    auto_pg struct pg pg = {0};
    auto_free char *dependent = NULL;
    auto_result PGresult *there = NULL;
    if (find_dependent(&state->target, err, &dependent) != 0) {
        return -1;
    }
    if (dependent == NULL) {
        return 0;
    }
    if (pg_open(transfer->target, transfer->database, PG_SETTINGS, transfer->stop, err, &pg) != 0 ||
        pg_query(
            &pg, err, &there,
            "SELECT name, CASE WHEN source !~ 'user|client' THEN setting END FROM pg_catalog.pg_settings", 0,
            NULL) != 0) {
        return -1;
    }
    return store_differences(state, there, dependent, err) != 0 ? -1 : store_of_roles(state, dependent, err);
}
