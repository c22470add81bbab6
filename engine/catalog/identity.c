/* SPDX-License-Identifier: MIT */
#include "engine/catalog/identity.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

enum { SQL_MAX_BYTES = 16 * 1024 * 1024, GENERATED_SINCE = 120000 };

/* ---- the helper's table ----------------------------------------------------------------------------------
 */

static void add_tables_array(struct buf *sql, const char *what)
{
    buf_addf(sql,
             ", (SELECT coalesce(array_agg(%s ORDER BY t.oid), '{}') FROM pg_class t"
             " JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.relkind IN ('r', 'p')"
             " AND t.relpersistence <> 't' AND t.oid >= 16384)",
             what);
}

static void add_columns_array(struct buf *sql, const char *what, int version)
{
    buf_addf(sql,
             ", (SELECT coalesce(array_agg(%s ORDER BY t.oid, a.attnum), '{}') FROM pg_class t"
             " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped%s"
             " WHERE t.relkind IN ('r', 'p') AND t.relpersistence <> 't' AND t.oid >= 16384)",
             what, version >= GENERATED_SINCE ? " AND a.attgenerated = ''" : "");
}

void identity_add_origin_columns(struct buf *sql, int version)
{
    add_tables_array(sql, "t.oid");
    add_tables_array(sql, "n.nspname::text");
    add_tables_array(sql, "t.relname::text");
    add_columns_array(sql, "t.oid", version);
    add_columns_array(sql, "a.attnum", version);
    add_columns_array(sql, "a.attname::text", version);
}

void identity_add_table(struct pg *target, struct buf *sql, const char *name)
{
    buf_adds(sql, "CREATE TABLE ");
    pg_add_qualified(target, sql, name, "identity");
    buf_adds(sql, " (source oid PRIMARY KEY, target oid NOT NULL, source_columns int2[] NOT NULL,"
                  " target_columns int2[] NOT NULL, names text[] NOT NULL); ");
}

static void add_array(struct pg *target, struct buf *sql, const PGresult *origin, int column,
                      const char *type)
{
    pg_add_literal(target, sql, PQgetvalue(origin, 0, column));
    buf_addf(sql, "::%s[]", type);
}

void identity_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin)
{
    if (PQnfields(origin) < IDENTITY_ORIGIN_COLUMNS) {
        return;
    }
    buf_adds(sql, "WITH tables AS (SELECT * FROM unnest(");
    add_array(target, sql, origin, IDENTITY_RELATIONS, "oid");
    buf_adds(sql, ", ");
    add_array(target, sql, origin, IDENTITY_SCHEMAS, "text");
    buf_adds(sql, ", ");
    add_array(target, sql, origin, IDENTITY_NAMES, "text");
    buf_adds(sql, ") AS u(source, schema, name)), columns AS (SELECT * FROM unnest(");
    add_array(target, sql, origin, IDENTITY_COLUMN_RELATIONS, "oid");
    buf_adds(sql, ", ");
    add_array(target, sql, origin, IDENTITY_COLUMN_NUMBERS, "int2");
    buf_adds(sql, ", ");
    add_array(target, sql, origin, IDENTITY_COLUMN_NAMES, "text");
    buf_adds(sql, ") AS u(source, number, name)), pairs AS (SELECT t.source, c.oid AS target FROM tables t"
                  " JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid"
                  "  AND c.relname = t.name AND c.relkind IN ('r', 'p')) INSERT INTO ");
    pg_add_qualified(target, sql, name, "identity");
    buf_adds(sql, " SELECT p.source, p.target, coalesce(array_agg(k.number ORDER BY k.number)"
                  "   FILTER (WHERE k.source IS NOT NULL), '{}'),"
                  "  coalesce(array_agg(coalesce(a.attnum, 0) ORDER BY k.number)"
                  "   FILTER (WHERE k.source IS NOT NULL), '{}'),"
                  "  coalesce(array_agg(k.name ORDER BY k.number) FILTER (WHERE k.source IS NOT NULL), '{}')"
                  " FROM pairs p LEFT JOIN columns k ON k.source = p.source"
                  "  LEFT JOIN pg_attribute a ON a.attrelid = p.target AND a.attname = k.name"
                  "   AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2; ");
}

static void add_numbers(struct buf *sql, const struct identity_table *table, bool source)
{
    buf_adds(sql, ", '{");
    for (size_t i = 0; i < table->column_count; i++) {
        buf_addf(sql, "%s%d", i == 0 ? "" : ",",
                 source ? table->columns[i].source : table->columns[i].target);
    }
    buf_adds(sql, "}'");
}

/* Builds one statement: the applier sends it with the extended protocol, which accepts only one. */
void identity_add_note(struct pg *target, struct buf *sql, const char *name,
                       const struct identity_table *table)
{
    buf_adds(sql, "INSERT INTO ");
    pg_add_qualified(target, sql, name, "identity");
    buf_addf(sql, " VALUES (%u, %u", (unsigned)table->source, (unsigned)table->target);
    add_numbers(sql, table, true);
    add_numbers(sql, table, false);
    buf_adds(sql, ", ARRAY[");
    for (size_t i = 0; i < table->column_count; i++) {
        buf_adds(sql, i == 0 ? "" : ", ");
        pg_add_literal(target, sql, table->columns[i].name);
    }
    buf_adds(sql, "]::text[]) ON CONFLICT (source) DO UPDATE SET target = excluded.target,"
                  " source_columns = excluded.source_columns, target_columns = excluded.target_columns,"
                  " names = excluded.names");
}

/* ---- in memory -------------------------------------------------------------------------------------------
 */

void identity_table_done(struct identity_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].name);
    }
    free(table->columns);
    *table = (struct identity_table){0};
}

void identities_done(struct identities *identities)
{
    for (size_t i = 0; i < identities->count; i++) {
        identity_table_done(&identities->tables[i]);
    }
    free(identities->tables);
    *identities = (struct identities){0};
}

static int64_t number(const PGresult *rows, int row, int column)
{
    int64_t value = 0;
    str_to_int(PQgetvalue(rows, row, column), 0, UINT32_MAX, &value);
    return value;
}

enum { ROW_SOURCE, ROW_TARGET, ROW_COUNT, ROW_SOURCE_COLUMN, ROW_TARGET_COLUMN, ROW_NAME };

/* A table's first row contains its number of columns; each row is one of them. */
static int add_row(struct identities *identities, const PGresult *rows, int row, struct err *err)
{
    if (identities->tables == NULL) {
        return err_no_memory(err);
    }
    uint32_t source = (uint32_t)number(rows, row, ROW_SOURCE);
    struct identity_table *last = identities->count == 0 ? NULL : &identities->tables[identities->count - 1];
    if (last == NULL || last->source != source) {
        last = &identities->tables[identities->count++];
        *last = (struct identity_table){.source = source, .target = (uint32_t)number(rows, row, ROW_TARGET)};
        last->columns = calloc((size_t)number(rows, row, ROW_COUNT) + 1, sizeof(*last->columns));
        if (last->columns == NULL) {
            return err_no_memory(err);
        }
    }
    if (PQgetisnull(rows, row, ROW_SOURCE_COLUMN)) {
        return 0;
    }
    struct identity_column *column = &last->columns[last->column_count++];
    *column = (struct identity_column){.source = (int)number(rows, row, ROW_SOURCE_COLUMN),
                                       .target = (int)number(rows, row, ROW_TARGET_COLUMN),
                                       .name = str_dup(PQgetvalue(rows, row, ROW_NAME))};
    return column->name == NULL ? err_no_memory(err) : 0;
}

int identities_load(struct pg *target, const char *name, struct err *err, struct identities *ret_identities)
{
    struct identities identities = {0};
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT i.source, i.target, cardinality(i.names), u.s, u.t, u.name FROM ");
    pg_add_qualified(target, &sql, name, "identity");
    buf_adds(&sql, " i LEFT JOIN LATERAL unnest(i.source_columns, i.target_columns, i.names) AS u(s, t, name)"
                   " ON true ORDER BY i.source, u.s");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &rows, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    identities.tables = calloc((size_t)PQntuples(rows) + 1, sizeof(*identities.tables));
    int result = identities.tables == NULL ? err_no_memory(err) : 0;
    for (int row = 0; result == 0 && row < PQntuples(rows); row++) {
        result = add_row(&identities, rows, row, err);
    }
    if (result != 0) {
        identities_done(&identities);
        return -1;
    }
    *ret_identities = identities;
    return 0;
}

/* The table's index in the sorted array, or the one at which to insert it. */
static size_t place(const struct identities *identities, uint32_t source)
{
    size_t low = 0;
    size_t high = identities->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (identities->tables[middle].source < source) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct identity_table *identities_find(const struct identities *identities, uint32_t source)
{
    size_t at = place(identities, source);
    return at < identities->count && identities->tables[at].source == source ? &identities->tables[at] : NULL;
}

const struct identity_table *identities_find_target(const struct identities *identities, uint32_t target)
{
    for (size_t i = 0; i < identities->count; i++) {
        if (identities->tables[i].target == target) {
            return &identities->tables[i];
        }
    }
    return NULL;
}

int identities_put(struct identities *identities, struct identity_table *table, struct err *err)
{
    size_t at = place(identities, table->source);
    if (at < identities->count && identities->tables[at].source == table->source) {
        identity_table_done(&identities->tables[at]);
        identities->tables[at] = *table;
        return 0;
    }
    struct identity_table *tables = realloc(identities->tables, (identities->count + 1) * sizeof(*tables));
    if (tables == NULL) {
        identity_table_done(table);
        return err_no_memory(err);
    }
    identities->tables = tables;
    memmove(&tables[at + 1], &tables[at], (identities->count - at) * sizeof(*tables));
    tables[at] = *table;
    identities->count++;
    return 0;
}

const struct identity_column *identity_column(const struct identity_table *table, int source)
{
    for (size_t i = 0; table != NULL && i < table->column_count; i++) {
        if (table->columns[i].source == source) {
            return &table->columns[i];
        }
    }
    return NULL;
}

const struct identity_column *identity_column_of_target(const struct identity_table *table, int target)
{
    for (size_t i = 0; table != NULL && i < table->column_count; i++) {
        if (table->columns[i].target == target) {
            return &table->columns[i];
        }
    }
    return NULL;
}
