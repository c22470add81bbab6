/* SPDX-License-Identifier: MIT */
/*
 * An index on a function that is declared immutable and depends on TimeZone must be searched under the
 * TimeZone that it was computed under. What is stored with the database or a role goes to the target with it;
 * what the source has in its server's configuration does not.
 */
#include "core/str.h"
#include "engine/source_settings_private.h"
#include "engine/transfer_steps.h"

enum { SQL_MAX_BYTES = 16 * 1024, GENERATED_SINCE = 120000 };

/* The first index, generated column or partitioned table that calls a function of the user's. Functions of
 * PostgreSQL that may be used there depend on no setting. */
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

static void tell(struct transfer_state *state, const char *name, const char *value, const char *dependent)
{
    const struct transfer_observer *observer = state->transfer->observer;
    auto_free char *text = str_format(
        "The database on the target was given %s = '%s', as it is configured on the source server: "
        "%s may depend on it.",
        name, value, dependent);
    if (text != NULL && observer != NULL && observer->note != NULL) {
        observer->note(observer->context, text);
    }
}

static int store(struct transfer_state *state, const char *name, const char *value, const char *dependent,
                 struct err *err)
{
    struct pg *target = &state->target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "ALTER DATABASE ");
    pg_add_identifier(target, &sql, state->transfer->database);
    buf_adds(&sql, " SET ");
    pg_add_identifier(target, &sql, name);
    buf_adds(&sql, " TO ");
    pg_add_literal(target, &sql, value);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(target, err, buf_text(&sql)) == 0) {
        tell(state, name, value, dependent);
        return 0;
    }
    if (restore_is_over(target, err)) {
        return -1;
    }
    report_warning(
        &state->report,
        "The source server is configured with %s = '%s', on which %s may depend, and the target is "
        "not: %s (SQLSTATE %s)",
        name, value, dependent, err->message, err->sqlstate);
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
        if (!str_iequals(value, PQgetvalue(there, row, 1)) &&
            store(state, name, value, dependent, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What our login's own settings hide counts as a difference. */
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
    return store_differences(state, there, dependent, err);
}
