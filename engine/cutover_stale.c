/* SPDX-License-Identifier: MIT */
/*
 * Tables to whose rows something has happened that was not in the stream (engine/stale.h), as far as the
 * source's catalog and the helper tell: they count as not carried by the stream. And what the source's tables
 * have got that the target's lack.
 */
#include <string.h>

#include "core/str.h"
#include "engine/cutover_private.h"

enum { SQL_MAX_BYTES = 64 * 1024, TRUNCATE_SINCE = 110000 };

/*
 * A column that is younger than the base copy: transaction numbers count round. Where the file is another
 * one, its values came with ALTER TABLE; a value for rows that were there before can also be in the catalog.
 * The file alone also changes with VACUUM FULL, and with TRUNCATE, which the stream tells from 11 on.
 */
static void add_sql(struct buf *sql, int version)
{
    bool tells_truncate = version >= TRUNCATE_SINCE;
    buf_addf(
        sql,
        "WITH fresh AS (SELECT attrelid AS oid, array_agg(attname::text) AS names, bool_or(%s) AS filled"
        "  FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384"
        "   AND xmin::text::bigint >= 3 AND (xmin::text::bigint - ($3::bigint & 4294967295) + 4294967296)"
        "    %% 4294967296 < 2147483648 GROUP BY 1), before AS (SELECT oid, file FROM"
        "  unnest($1::oid[], $2::oid[]) AS u(oid, file))"
        " SELECT n.nspname, c.relname, f.names, c.oid = ANY ($4::oid[])"
        "   OR coalesce(t.file <> c.relfilenode AND %s, false) OR coalesce(f.filled, false)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN before t ON t.oid = c.oid"
        "  LEFT JOIN fresh f ON f.oid = c.oid WHERE c.relkind = 'r' AND t.oid IS NOT NULL"
        "  AND (f.oid IS NOT NULL OR t.file <> c.relfilenode OR c.oid = ANY ($4::oid[]))",
        tells_truncate ? "atthasmissing" : "false", tells_truncate ? "f.oid IS NOT NULL" : "true");
}

static int read_helper(struct cutover_state *state, struct err *err, PGresult **ret_row)
{
    struct pg *target = &state->base.target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT relations, files, horizon, coalesce((SELECT array_agg(relation) FROM ");
    pg_add_qualified(target, &sql, state->cutover->name, "stale");
    buf_adds(&sql, "), '{}') FROM ");
    pg_add_qualified(target, &sql, state->cutover->name, "origin");
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_row, buf_text(&sql), 0, NULL);
}

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

/* *ret_lacking: columns that the target does not have, NULL: none. */
static int read_lacking(struct cutover_state *state, const PGresult *tables, int row, struct err *err,
                        char **ret_lacking)
{
    const char *params[] = {PQgetvalue(tables, row, 0), PQgetvalue(tables, row, 1),
                            PQgetvalue(tables, row, 2)};
    if (PQgetisnull(tables, row, 2)) {
        return 0;
    }
    return pg_value(&state->base.target, err, ret_lacking,
                    "SELECT string_agg(u.name, ', ') FROM unnest($3::text[]) AS u(name) WHERE NOT EXISTS ("
                    "SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"
                    " AND a.attname = u.name AND NOT a.attisdropped)",
                    3, params);
}

static int take_table(struct cutover_state *state, const PGresult *tables, int row, struct err *err)
{
    auto_free char *lacking = NULL;
    struct cutover_relation *relation = find(state, PQgetvalue(tables, row, 0), PQgetvalue(tables, row, 1));
    if (relation == NULL) {
        return 0;
    }
    if (read_lacking(state, tables, row, err, &lacking) != 0) {
        return -1;
    }
    if (lacking != NULL) {
        cutover_note(state,
                     "The table %s.%s has columns on the source that the target lacks, made after the base "
                     "copy: not migrated: %s",
                     relation->schema, relation->name, lacking);
    } else if (strcmp(PQgetvalue(tables, row, 3), "t") == 0) {
        relation->carried = false;
    }
    return 0;
}

int cutover_find_stale(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *helper = NULL;
    auto_result PGresult *tables = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (state->closed || !state->published) {
        return 0;
    }
    if (read_helper(state, err, &helper) != 0) {
        return -1;
    }
    if (PQntuples(helper) == 0) {
        return 0;
    }
    const char *params[] = {PQgetvalue(helper, 0, 0), PQgetvalue(helper, 0, 1), PQgetvalue(helper, 0, 2),
                            PQgetvalue(helper, 0, 3)};
    add_sql(&sql, state->base.source.version);
    if (pg_query(&state->base.source, err, &tables, buf_text(&sql), (int)ARRAY_LEN(params), params) != 0) {
        return err_prefix(err, "What has been done to the source's tables cannot be read. ");
    }
    for (int row = 0; row < PQntuples(tables); row++) {
        if (take_table(state, tables, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}
