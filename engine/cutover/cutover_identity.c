/* SPDX-License-Identifier: MIT */
/*
 * Finds tables and columns that were renamed on the source only. The stream does not show a renaming before
 * the next change to the table. OIDs and column numbers tell which objects belong together
 * (engine/catalog/identity.h).
 */
#include <string.h>

#include "core/str.h"
#include "engine/catalog/identity.h"
#include "engine/cutover/cutover_private.h"

enum { SQL_MAX_BYTES = 256 * 1024, PARAMS = IDENTITY_ORIGIN_COLUMNS - IDENTITY_RELATIONS };

/* Kinds of rows: 't' a table with both names; 'c' a column with both names and its table; 'n' a new column of
 * the source, whose name belonged to a column that only the source has dropped. */
static void add_sql(struct cutover_state *state, struct buf *sql)
{
    buf_adds(
        sql,
        "WITH tables AS (SELECT * FROM unnest($1::oid[], $2::text[], $3::text[]) AS u(source, schema, name)),"
        " columns AS (SELECT * FROM unnest($4::oid[], $5::int2[], $6::text[]) AS u(source, number, name)),"
        " pairs AS (SELECT i.*, n.nspname::text AS nspname, c.relname::text AS relname FROM ");
    pg_add_qualified(&state->target, sql, state->cutover->name, "identity");
    buf_adds(
        sql,
        " i JOIN pg_class c ON c.oid = i.target JOIN pg_namespace n ON n.oid = c.relnamespace)"
        " SELECT 't', p.nspname || '.' || p.relname, t.schema || '.' || t.name, ''"
        "  FROM pairs p JOIN tables t ON t.source = p.source"
        "  WHERE (p.nspname, p.relname) <> (t.schema, t.name)"
        " UNION ALL SELECT 'c', a.attname::text, k.name, p.nspname || '.' || p.relname"
        "  FROM pairs p, LATERAL unnest(p.source_columns, p.target_columns) AS u(s, t)"
        "  JOIN columns k ON k.number = u.s JOIN pg_attribute a ON a.attnum = u.t AND NOT a.attisdropped"
        "  WHERE k.source = p.source AND a.attrelid = p.target AND a.attname::text <> k.name"
        " UNION ALL SELECT 'n', a.attname::text, k.name, p.nspname || '.' || p.relname"
        "  FROM pairs p JOIN columns k ON k.source = p.source AND k.number <> ALL (p.source_columns)"
        "  JOIN pg_attribute a ON a.attrelid = p.target AND a.attname::text = k.name AND NOT a.attisdropped"
        "  WHERE a.attnum = ANY (p.target_columns)");
}

static int read_source(struct cutover_state *state, struct err *err, PGresult **ret_row)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT 1, 1, 1, 1");
    identity_add_origin_columns(&sql, state->source.version);
    return buf_failed(&sql) ? err_no_memory(err)
                            : pg_query(&state->source, err, ret_row, buf_text(&sql), 0, NULL);
}

static int miss(struct cutover_state *state, const PGresult *rows, int row, struct err *err)
{
    const char *target = PQgetvalue(rows, row, 1);
    const char *source = PQgetvalue(rows, row, 2);
    const char *table = PQgetvalue(rows, row, 3);
    switch (PQgetvalue(rows, row, 0)[0]) {
    case 't':
        return !str_list_add(&state->renamed, source)
                   ? err_no_memory(err)
                   : cutover_miss(state, err, "table %s was renamed to %s", target, source);
    case 'c':
        return cutover_miss(state, err, "column %s of table %s was renamed to %s", target, table, source);
    default:
        return cutover_miss(state, err, "column %s of table %s was dropped and added again", target, table);
    }
}

int cutover_compare_identities(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *source = NULL;
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *params[PARAMS];
    if (read_source(state, err, &source) != 0) {
        return -1;
    }
    for (int i = 0; i < PARAMS; i++) {
        params[i] = PQgetvalue(source, 0, IDENTITY_RELATIONS + i);
    }
    add_sql(state, &sql);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(&state->target, err, &rows, buf_text(&sql), PARAMS, params) != 0) {
        return err_prefix(err, "Cannot compare the names of source and target. ");
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        if (miss(state, rows, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}
