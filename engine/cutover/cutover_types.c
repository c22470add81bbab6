/* SPDX-License-Identifier: MIT */
/*
 * Finds columns whose type on the target cannot hold the source's values, so that the user repeats the DDL.
 * The applier notices that only when such a table changes. Also marks tables for the recopy that were dropped
 * on one side and created again (engine/catalog/identity.h).
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/identity.h"
#include "engine/catalog/type_holds.h"
#include "engine/cutover/cutover_private.h"
#include "engine/replication/tables/stale.h"
#include "engine/replication/tables/table_now.h"

enum { SQL_MAX_BYTES = 64 * 1024 };

/* The tables of both sides, by OID. */
enum { LIST_OID, LIST_SCHEMA, LIST_NAME, LIST_YOUNG };

struct comparison {
    struct cutover_state *state;
    struct identities identities;
    PGresult *source;
    PGresult *target;
};

static void comparison_done(struct comparison *comparison)
{
    identities_done(&comparison->identities);
    PQclear(comparison->source);
    PQclear(comparison->target);
}
#define auto_comparison __attribute__((cleanup(comparison_done)))

/* ---- reading ---------------------------------------------------------------------------------------------
 */

/* NULL: the helper does not know the source's original tables. */
static int read_horizon(struct cutover_state *state, struct err *err, char **ret_horizon)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT horizon FROM ");
    pg_add_qualified(&state->target, &sql, state->cutover->name, "origin");
    return buf_failed(&sql) ? err_no_memory(err)
                            : pg_value(&state->target, err, ret_horizon, buf_text(&sql), 0, NULL);
}

static int read_lists(struct comparison *comparison, const char *horizon, struct err *err)
{
    static const char young_class[] = STALE_IS_YOUNG("c", "$1");
    static const char young_column[] = STALE_IS_YOUNG("a", "$1");
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_addf(&sql,
             "SELECT c.oid, n.nspname, c.relname, %s OR EXISTS (SELECT 1 FROM pg_attribute a"
             "  WHERE a.attrelid = c.oid AND a.attnum > 0 AND %s)"
             " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
             " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 ORDER BY c.oid",
             young_class, young_column);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    return cutover_ask_both(comparison->state, buf_text(&sql), 1, &horizon, err, &comparison->source,
                            &comparison->target);
}

static uint32_t oid_of(const PGresult *list, int row)
{
    int64_t oid = 0;
    str_to_int(PQgetvalue(list, row, LIST_OID), 0, UINT32_MAX, &oid);
    return (uint32_t)oid;
}

/* -1: the list does not contain it. */
static int find_row(const PGresult *list, uint32_t oid)
{
    int low = 0;
    int high = PQntuples(list);
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (oid_of(list, middle) < oid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < PQntuples(list) && oid_of(list, low) == oid ? low : -1;
}

static bool is_young(const PGresult *source, int row)
{
    return pg_is_true(source, row, LIST_YOUNG);
}

/* The rows on the target are not those of the base copy and the stream. */
static void mark_for_recopy(struct cutover_state *state, const char *schema, const char *name)
{
    for (size_t i = 0; i < state->relation_count; i++) {
        struct cutover_relation *relation = &state->relations[i];
        if (relation->kind == 'r' && strcmp(relation->schema, schema) == 0 &&
            strcmp(relation->name, name) == 0) {
            relation->carried = false;
        }
    }
}

/* ---- columns ---------------------------------------------------------------------------------------------
 */

static int compare_type(struct cutover_state *state, const struct table_now *here,
                        const struct column_now *column, const struct column_now *there, struct err *err)
{
    return type_holds(there->type_text, column->type_text)
               ? 0
               : cutover_miss(state, err, "column %s of table %s.%s has the type %s (%s on the target)",
                              column->name, here->schema, here->name, column->type_text, there->type_text);
}

static int compare_column(struct cutover_state *state, const struct identity_table *pair,
                          const struct table_now *here, const struct column_now *column,
                          const struct table_now *target, struct err *err)
{
    const struct identity_column *known = identity_column(pair, column->number);
    bool paired = known != NULL && known->target != 0;
    const struct column_now *there =
        paired ? table_now_column(target, known->target) : table_now_named(target, column->name);
    if (column->generated) {
        return 0;
    }
    if (paired && there == NULL) {
        mark_for_recopy(state, here->schema, here->name); /* another one may have its name */
    }
    return there == NULL ? 0 : compare_type(state, here, column, there, err);
}

static int compare_columns(struct cutover_state *state, const struct identity_table *pair, struct err *err)
{
    auto_table_now struct table_now here = {0};
    auto_table_now struct table_now there = {0};
    if (table_now_read(&state->source, pair->source, false, err, &here) != 0 ||
        table_now_read(&state->target, pair->target, false, err, &there) != 0) {
        return -1;
    }
    for (size_t i = 0; there.oid != 0 && i < here.column_count; i++) {
        if (compare_column(state, pair, &here, &here.columns[i], &there, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- tables ----------------------------------------------------------------------------------------------
 */

static int compare_pair(struct comparison *comparison, const struct identity_table *pair, struct err *err)
{
    const PGresult *source = comparison->source;
    const PGresult *target = comparison->target;
    int here = find_row(source, pair->source);
    int there = find_row(target, pair->target);
    if (here < 0) {
        return 0;
    }
    const char *schema = PQgetvalue(source, here, LIST_SCHEMA);
    const char *name = PQgetvalue(source, here, LIST_NAME);
    if (there < 0) {
        mark_for_recopy(comparison->state, schema,
                        name); /* the table that replaced it; without one it is in state->missing */
        return 0;
    }
    return is_young(source, here) ? compare_columns(comparison->state, pair, err) : 0;
}

/* A new table of the source has other rows than the old one that the target has under its name. */
static void recopy_replaced(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->identities.count; i++) {
        const struct identity_table *pair = &comparison->identities.tables[i];
        int row = find_row(comparison->target, pair->target);
        if (row >= 0 && find_row(comparison->source, pair->source) < 0) {
            mark_for_recopy(comparison->state, PQgetvalue(comparison->target, row, LIST_SCHEMA),
                            PQgetvalue(comparison->target, row, LIST_NAME));
        }
    }
}

int cutover_compare_types(struct cutover_state *state, struct err *err)
{
    auto_comparison struct comparison comparison = {.state = state};
    auto_free char *horizon = NULL;
    if (read_horizon(state, err, &horizon) != 0) {
        return -1;
    }
    if (horizon == NULL) {
        return 0;
    }
    if (identities_load(&state->target, state->cutover->name, err, &comparison.identities) != 0 ||
        read_lists(&comparison, horizon, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < comparison.identities.count; i++) {
        if (compare_pair(&comparison, &comparison.identities.tables[i], err) != 0) {
            return -1;
        }
    }
    recopy_replaced(&comparison);
    return 0;
}
