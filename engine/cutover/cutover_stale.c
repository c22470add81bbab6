/* SPDX-License-Identifier: MIT */
/*
 * Finds stale tables (engine/replication/tables/stale.h) in the source's catalog and the helper. The stream
 * has not carried all changes to their rows.
 */
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"
#include "engine/replication/tables/stale.h"

static struct cutover_relation *find(struct cutover_state *state, const char *schema, const char *name)
{
    for (size_t i = 0; i < state->relation_count; i++) {
        struct cutover_relation *relation = &state->relations[i];
        if (relation->kind == 'r' && strcmp(relation->schema, schema) == 0 &&
            strcmp(relation->name, name) == 0) {
            return relation;
        }
    }
    return NULL;
}

/* Whether the target has given the same values to older rows. */
static int compare_filled(struct cutover_state *state, const PGresult *tables, int row, struct err *err,
                          bool *ret_same)
{
    auto_free char *other = NULL;
    const char *params[] = {
        PQgetvalue(tables, row, STALE_TABLE_SCHEMA), PQgetvalue(tables, row, STALE_TABLE_NAME),
        PQgetvalue(tables, row, STALE_TABLE_FILLED), PQgetvalue(tables, row, STALE_TABLE_GIVEN)};
    *ret_same = true;
    if (PQgetisnull(tables, row, STALE_TABLE_FILLED)) {
        return 0;
    }
    int result = pg_value(&state->target, err, &other,
                          "SELECT 1 FROM unnest($3::text[], $4::text[]) AS u(name, given) WHERE NOT EXISTS ("
                          "SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                          " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
                          " AND c.relname = $2 AND a.attname = u.name AND a.attmissingval::text = u.given)"
                          " LIMIT 1",
                          4, params);
    *ret_same = other == NULL;
    return result;
}

static int take_table(struct cutover_state *state, const PGresult *tables, int row, struct err *err)
{
    bool same = false;
    struct cutover_relation *relation =
        find(state, PQgetvalue(tables, row, STALE_TABLE_SCHEMA), PQgetvalue(tables, row, STALE_TABLE_NAME));
    if (relation == NULL) {
        return 0;
    }
    if (compare_filled(state, tables, row, err, &same) != 0) {
        return -1;
    }
    if (!same || pg_is_true(tables, row, STALE_TABLE_IS_STALE)) {
        relation->carried = false;
    }
    return 0;
}

int cutover_find_stale(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *helper = NULL;
    auto_result PGresult *tables = NULL;
    if (state->closed || !state->published) {
        return 0;
    }
    if (stale_read_helper(&state->target, state->cutover->name, err, &helper) != 0) {
        return -1;
    }
    if (PQntuples(helper) == 0) {
        return 0;
    }
    cutover_note_joined(state, PQgetvalue(helper, 0, STALE_HELPER_JOINED));
    if (stale_list_tables(&state->source, helper, err, &tables) != 0) {
        return err_prefix(err, "Cannot read the changes to the source's tables. ");
    }
    for (int row = 0; row < PQntuples(tables); row++) {
        if (take_table(state, tables, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}
