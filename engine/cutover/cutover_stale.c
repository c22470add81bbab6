/* SPDX-License-Identifier: MIT */
/*
 * Tables to whose rows something has happened that was not in the stream (engine/replication/tables/stale.h),
 * as far as the source's catalog and the helper tell: they count as not carried by the stream.
 */
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"
#include "engine/replication/tables/stale.h"

enum { SQL_MAX_BYTES = 64 * 1024, TRUNCATE_SINCE = 110000 };

enum { COLUMN_STALE = 2, COLUMN_FILLED, COLUMN_GIVEN };

/*
 * Where the file is another one and columns are younger than the base copy, their values came with ALTER
 * TABLE; the file alone also changes with VACUUM FULL, and with TRUNCATE, which the stream tells from 11 on.
 * A value for rows that were there before can also be in the catalog ("filled"). A table that was attached as
 * a partition later may have brought rows with it; only one that was made as a partition began empty.
 */
static void add_sql(struct buf *sql, int version)
{
    bool tells_truncate = version >= TRUNCATE_SINCE;
    buf_adds(sql, "WITH joined AS (SELECT * FROM unnest($5::oid[], $6::oid[], $7::bigint[])"
                  "   AS u(oid, file, horizon)), fresh AS (SELECT a.attrelid AS oid, ");
    buf_adds(sql, tells_truncate ? "array_agg(a.attname::text) FILTER (WHERE a.atthasmissing) AS filled,"
                                   " array_agg(a.attmissingval::text) FILTER (WHERE a.atthasmissing) AS given"
                                 : "NULL::text[] AS filled, NULL::text[] AS given");
    buf_adds(sql, " FROM pg_attribute a LEFT JOIN joined j ON j.oid = a.attrelid"
                  " WHERE a.attrelid >= 16384 AND " STALE_IS_FRESH("coalesce(j.horizon, $3::bigint)"));
    buf_adds(sql, " GROUP BY 1), before AS (SELECT oid, file FROM joined UNION ALL SELECT oid, file FROM"
                  "  unnest($1::oid[], $2::oid[]) AS u(oid, file) WHERE oid NOT IN (SELECT oid FROM joined)),"
                  " attached AS (SELECT c.oid FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
                  "   JOIN pg_type y ON y.oid = c.reltype LEFT JOIN joined j ON j.oid = c.oid"
                  "   WHERE c.relispartition AND ");
    buf_adds(sql, STALE_IS_YOUNG("i", "coalesce(j.horizon, $3::bigint)"));
    buf_adds(sql, "   AND (NOT " STALE_IS_BORN "     OR EXISTS (SELECT 1 FROM before b WHERE b.oid = c.oid)))"
                  " SELECT n.nspname, c.relname, c.oid = ANY ($4::oid[]) OR h.oid IS NOT NULL"
                  "   OR coalesce(t.file <> c.relfilenode AND ");
    buf_adds(sql, tells_truncate ? "f.oid IS NOT NULL" : "true");
    buf_adds(sql, ", false), f.filled, f.given"
                  " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                  "  LEFT JOIN before t ON t.oid = c.oid LEFT JOIN fresh f ON f.oid = c.oid"
                  "  LEFT JOIN attached h ON h.oid = c.oid WHERE c.relkind = 'r' AND (h.oid IS NOT NULL"
                  "   OR c.oid = ANY ($4::oid[])"
                  "   OR (t.oid IS NOT NULL AND (f.oid IS NOT NULL OR t.file <> c.relfilenode)))");
}

static int read_helper(struct cutover_state *state, struct err *err, PGresult **ret_row)
{
    struct pg *target = &state->target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT relations, files, horizon, coalesce((SELECT array_agg(relation) FROM ");
    pg_add_qualified(target, &sql, state->cutover->name, "stale");
    buf_adds(&sql, "), '{}'), j.* FROM ");
    pg_add_qualified(target, &sql, state->cutover->name, "origin");
    buf_adds(&sql, ", (SELECT coalesce(array_agg(relation ORDER BY relation), '{}'),"
                   " coalesce(array_agg(file ORDER BY relation), '{}'),"
                   " coalesce(array_agg(horizon ORDER BY relation), '{}') FROM ");
    pg_add_qualified(target, &sql, state->cutover->name, "joined");
    buf_adds(&sql, ") j");
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

/* Whether the target has given the same values to the rows that were there before. */
static int compare_filled(struct cutover_state *state, const PGresult *tables, int row, struct err *err,
                          bool *ret_same)
{
    auto_free char *other = NULL;
    const char *params[] = {PQgetvalue(tables, row, 0), PQgetvalue(tables, row, 1),
                            PQgetvalue(tables, row, COLUMN_FILLED), PQgetvalue(tables, row, COLUMN_GIVEN)};
    *ret_same = true;
    if (PQgetisnull(tables, row, COLUMN_FILLED)) {
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
    struct cutover_relation *relation = find(state, PQgetvalue(tables, row, 0), PQgetvalue(tables, row, 1));
    if (relation == NULL) {
        return 0;
    }
    if (compare_filled(state, tables, row, err, &same) != 0) {
        return -1;
    }
    if (!same || pg_is_true(tables, row, COLUMN_STALE)) {
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
                            PQgetvalue(helper, 0, 3), PQgetvalue(helper, 0, 4), PQgetvalue(helper, 0, 5),
                            PQgetvalue(helper, 0, 6)};
    cutover_note_joined(state, params[4]);
    add_sql(&sql, state->source.version);
    if (pg_query(&state->source, err, &tables, buf_text(&sql), (int)ARRAY_LEN(params), params) != 0) {
        return err_prefix(err, "Cannot read the changes to the source's tables. ");
    }
    for (int row = 0; row < PQntuples(tables); row++) {
        if (take_table(state, tables, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}
