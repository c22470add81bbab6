/* SPDX-License-Identifier: MIT */
/*
 * Compares the column types of recopied tables. Binary COPY does not convert: it would turn 1000 as bigint
 * into another number as double precision. Rows with differing types are copied as text. Text may be rounded
 * or cut without an error, so the values are compared afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_recopy_private.h"
#include "engine/pg/sqlstate.h"

enum { SQL_MAX_BYTES = 8 * 1024 * 1024 };
enum { TYPES_TABLE, TYPES_COLUMN, TYPES_TYPE, TYPES_PARTS };

/* Types by name, with their parts: domains, arrays, composites, ranges. */
static void add_types_sql(struct recopy *recopy, struct buf *sql, int version)
{
    buf_adds(sql, "WITH RECURSIVE chosen AS (SELECT v.n, v.name::regclass::oid AS oid FROM (");
    recopy_add_values(recopy, sql);
    buf_adds(sql,
             ") v(n, name)), parts(top, type, text) AS ("
             " SELECT DISTINCT a.atttypid, a.atttypid, ''::text FROM chosen c"
             "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
             " UNION SELECT p.top, x.type, concat(format_type(p.type, NULL), '.', x.place, ' ',"
             "   format_type(x.type, x.modifier)) FROM parts p JOIN pg_type t ON t.oid = p.type"
             "  CROSS JOIN LATERAL (SELECT t.typbasetype, t.typtypmod, 'base' WHERE t.typbasetype <> 0"
             "   UNION ALL SELECT t.typelem, -1, 'item' WHERE t.typelem <> 0 AND t.typlen = -1"
             "   UNION ALL SELECT a.atttypid, a.atttypmod, a.attnum::text FROM pg_attribute a"
             "    WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped"
             "   UNION ALL SELECT g.rngsubtype, -1, 'range' FROM pg_range g WHERE g.rngtypid = t.oid)"
             "   x(type, modifier, place))"
             " SELECT c.n, a.attname, format_type(a.atttypid, a.atttypmod), (SELECT string_agg(p.text, ','"
             "   ORDER BY p.text COLLATE \"C\") FROM parts p WHERE p.top = a.atttypid)"
             " FROM chosen c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
             "  AND NOT a.attisdropped");
    buf_adds(sql, version >= 120000 ? " AND a.attgenerated = ''" : "");
    buf_adds(sql, " ORDER BY c.n, a.attname::text COLLATE \"C\"");
}

static int read_types(struct recopy *recopy, struct pg *pg, struct err *err, PGresult **ret_types)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    add_types_sql(recopy, &sql, pg->version);
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(pg, err, ret_types, buf_text(&sql), 0, NULL);
}

static int compare_rows(const PGresult *source, int s, const PGresult *target, int t)
{
    int64_t left = 0;
    int64_t right = 0;
    str_to_int(PQgetvalue(source, s, TYPES_TABLE), 0, INT64_MAX, &left);
    str_to_int(PQgetvalue(target, t, TYPES_TABLE), 0, INT64_MAX, &right);
    return left != right ? (left < right ? -1 : 1)
                         : strcmp(PQgetvalue(source, s, TYPES_COLUMN), PQgetvalue(target, t, TYPES_COLUMN));
}

static int add_difference(struct recopy *recopy, const PGresult *source, int s, const PGresult *target, int t,
                          struct err *err)
{
    int64_t number = 0;
    str_to_int(PQgetvalue(source, s, TYPES_TABLE), 0, (int64_t)recopy->count - 1, &number);
    struct recopy_table *table = &recopy->tables[number];
    struct recopy_column *columns = realloc(table->columns, (table->column_count + 1) * sizeof(*columns));
    if (columns == NULL) {
        return err_no_memory(err);
    }
    table->columns = columns;
    struct recopy_column *column = &columns[table->column_count++];
    *column = (struct recopy_column){.name = str_dup(PQgetvalue(source, s, TYPES_COLUMN)),
                                     .source_type = str_dup(PQgetvalue(source, s, TYPES_TYPE)),
                                     .target_type = str_dup(PQgetvalue(target, t, TYPES_TYPE))};
    return column->name == NULL || column->source_type == NULL || column->target_type == NULL
               ? err_no_memory(err)
               : 0;
}

int recopy_compare_types(struct recopy *recopy, struct err *err)
{
    auto_result PGresult *source = NULL;
    auto_result PGresult *target = NULL;
    if (read_types(recopy, &recopy->state->source, err, &source) != 0 ||
        read_types(recopy, &recopy->state->target, err, &target) != 0) {
        return -1;
    }
    int s = 0;
    int t = 0;
    while (s < PQntuples(source) && t < PQntuples(target)) {
        int order = compare_rows(source, s, target, t);
        bool same = order == 0 &&
                    strcmp(PQgetvalue(source, s, TYPES_TYPE), PQgetvalue(target, t, TYPES_TYPE)) == 0 &&
                    strcmp(PQgetvalue(source, s, TYPES_PARTS), PQgetvalue(target, t, TYPES_PARTS)) == 0;
        if (order == 0 && !same && add_difference(recopy, source, s, target, t, err) != 0) {
            return -1;
        }
        s += order <= 0 ? 1 : 0;
        t += order >= 0 ? 1 : 0;
    }
    return 0;
}

/* A sum over all values, so the order of the rows does not matter. "cast" converts the target's values to the
 * source's type. */
static int digest(struct pg *pg, const struct recopy_table *table, const struct recopy_column *column,
                  bool cast, struct err *err, char **ret_digest)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(
        &sql,
        "SELECT concat(count(v), ' ', sum(('x' || left(md5(v), 15))::bit(60)::bigint)) FROM (SELECT CAST(");
    pg_add_identifier(pg, &sql, column->name);
    buf_addf(&sql, " AS %s)::text AS v FROM ONLY ", cast ? column->source_type : "text");
    pg_add_qualified(pg, &sql, table->table->schema, table->table->name);
    buf_adds(&sql, ") AS values_of_column");
    return buf_failed(&sql) ? err_no_memory(err) : pg_value(pg, err, ret_digest, buf_text(&sql), 0, NULL);
}

int recopy_check_values(struct recopy *recopy, const struct recopy_table *table, struct err *err)
{
    struct cutover_state *state = recopy->state;
    /* Below a root, rows of several tables are mixed; an extension's table has rows of its own. */
    bool comparable = table->table->root_name == NULL && table->table->condition == NULL;
    for (size_t i = 0; comparable && i < table->column_count; i++) {
        const struct recopy_column *column = &table->columns[i];
        auto_free char *before = NULL;
        auto_free char *after = NULL;
        if (digest(&state->source, table, column, false, err, &before) != 0 ||
            digest(&state->target, table, column, true, err, &after) != 0) {
            return err_prefix(err, "Column %s has the type %s on the source and %s on the target. ",
                              column->name, column->source_type, column->target_type);
        }
        if (before == NULL || after == NULL || strcmp(before, after) != 0) {
            err_set(err, ERR_CONFLICT,
                    "Column %s has the type %s on the source and %s on the target, which changes the "
                    "source's values. Change its type on the target to that of the source.",
                    column->name, column->source_type, column->target_type);
            memcpy(err->sqlstate, SQLSTATE_DATATYPE_MISMATCH, sizeof(err->sqlstate));
            return -1;
        }
    }
    return 0;
}

void recopy_table_done(struct recopy_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].source_type);
        free(table->columns[i].target_type);
    }
    free(table->columns);
    free(table->key);
    free(table->same);
    free(table->assign);
}
