/* SPDX-License-Identifier: MIT */
/*
 * Refreshes materialized views in the order of their dependencies. A view that cannot be refreshed keeps its
 * old rows: that costs no data, so it is a note.
 */
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"
#include "engine/replica/replica.h"

enum { SQL_MAX_BYTES = 16 * 1024 };

/* More views depend on a view's sources than on the view itself: their number gives the order. */
static const char views_sql[] =
    "WITH RECURSIVE uses AS (SELECT DISTINCT w.ev_class AS of, d.refobjid AS used FROM pg_rewrite w"
    "    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid"
    "      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class"
    "    JOIN pg_class c ON c.oid = w.ev_class AND c.relkind IN ('m', 'v')"
    "    JOIN pg_class u ON u.oid = d.refobjid AND u.relkind IN ('m', 'v')),"
    " reached AS (SELECT c.oid AS of, c.oid AS used FROM pg_class c WHERE c.relkind = 'm'"
    "    UNION SELECT r.of, u.used FROM reached r JOIN uses u ON u.of = r.used)"
    " SELECT n.nspname, c.relname FROM reached r JOIN pg_class c ON c.oid = r.of"
    "  JOIN pg_namespace n ON n.oid = c.relnamespace GROUP BY c.oid, n.nspname, c.relname"
    " ORDER BY count(*), c.oid";

static bool is_filled_on_source(const struct cutover_state *state, const char *schema, const char *name)
{
    for (size_t i = 0; i < state->relation_count; i++) {
        const struct cutover_relation *relation = &state->relations[i];
        if (relation->kind == 'm' && strcmp(relation->name, name) == 0 &&
            strcmp(relation->schema, schema) == 0) {
            return relation->filled;
        }
    }
    return false;
}

static bool is_guarded(const PGresult *guarded, const char *schema, const char *name)
{
    for (int row = 0; row < PQntuples(guarded); row++) {
        if (strcmp(PQgetvalue(guarded, row, 0), schema) == 0 &&
            strcmp(PQgetvalue(guarded, row, 1), name) == 0) {
            return true;
        }
    }
    return false;
}

static int refresh(struct cutover_state *state, const char *schema, const char *name, struct err *err)
{
    struct pg *target = &state->target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "REFRESH MATERIALIZED VIEW ");
    pg_add_qualified(target, &sql, schema, name);
    if (pg_run(target, err, buf_text(&sql)) == 0) {
        return 0;
    }
    if (restore_is_over(target, err)) {
        return -1;
    }
    cutover_warn(state, "A materialized view still has the rows of the base copy (%s): %s", buf_text(&sql),
                 err->message);
    return 0;
}

/* Functions without their own search_path may need the database's. */
static int refresh_all(struct cutover_state *state, const PGresult *views, const PGresult *guarded,
                       struct err *err)
{
    struct pg *target = &state->target;
    if (source_settings_use_path(&state->settings, target, true, err) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(views); row++) {
        const char *schema = PQgetvalue(views, row, 0);
        const char *name = PQgetvalue(views, row, 1);
        if (!is_filled_on_source(state, schema, name)) {
            continue;
        }
        if (is_guarded(guarded, schema, name)) {
            cutover_warn(
                state,
                "The materialized view %s.%s was not refreshed: row level security is forced on a table "
                "that it reads. Refresh it on the target.",
                schema, name);
        } else if (refresh(state, schema, name, err) != 0) {
            return -1;
        }
    }
    return source_settings_use_path(&state->settings, target, false, err);
}

int cutover_refresh_views(struct cutover_state *state, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < state->relation_count; i++) {
        any = any || (state->relations[i].kind == 'm' && state->relations[i].filled);
    }
    if (!any || !(state->cutover->changed || state->copied)) {
        return 0;
    }
    auto_result PGresult *views = NULL;
    auto_result PGresult *guarded = NULL;
    if (pg_query(&state->target, err, &views, views_sql, 0, NULL) != 0 ||
        replica_list_guarded_views(&state->target, state->cutover->name, err, &guarded) != 0) {
        return -1;
    }
    return refresh_all(state, views, guarded, err);
}
