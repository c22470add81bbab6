/* SPDX-License-Identifier: MIT */
#include "engine/replication/tables/table_now.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/replication/tables/stale.h"

enum { SQL_MAX_BYTES = 64 * 1024, NUMBER_TEXT_SIZE = 16, GENERATED_SINCE = 120000 };

/* SQL: the text of a type. */
#define TYPE_TEXT(type, modifier)                                                                            \
    "(SELECT CASE WHEN en.nspname = 'pg_catalog' THEN pg_catalog.format_type(" type ", " modifier ")"        \
    " ELSE CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_depend x WHERE x.objid = e.oid"                     \
    "   AND x.classid = 'pg_catalog.pg_type'::regclass AND x.deptype = 'e') THEN ''"                         \
    "   ELSE quote_ident(en.nspname) || '.' END || quote_ident(e.typname)"                                   \
    "  || CASE WHEN " modifier " >= 0 THEN coalesce(substring(pg_catalog.format_type(" type ", " modifier    \
    ") FROM '\\(.*\\)'), '') ELSE '' END || CASE WHEN e.oid <> t.oid THEN '[]' ELSE '' END END"              \
    " FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typelem <> 0"               \
    "   AND t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem ELSE t.oid END"                             \
    " JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace WHERE t.oid = " type ")"

enum {
    NOW_KIND,
    NOW_SCHEMA,
    NOW_NAME,
    NOW_BOUND,
    NOW_PARENTS,
    NOW_NUMBER,
    NOW_COLUMN,
    NOW_TYPE,
    NOW_MODIFIER,
    NOW_TYPE_TEXT,
    NOW_GENERATED,
};

static const char table_sql[] =
    "SELECT c.relkind, n.nspname, c.relname, CASE WHEN c.relispartition"
    "  THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,"
    " coalesce((SELECT string_agg(i.inhparent::text, ' ' ORDER BY i.inhparent)"
    "  FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), ''),"
    " a.attnum, a.attname, a.atttypid, a.atttypmod, " TYPE_TEXT(
        "a.atttypid", "a.atttypmod") ", %s FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
                                     "n.oid = c.relnamespace"
                                     " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND "
                                     "a.attnum > 0 AND NOT a.attisdropped"
                                     " WHERE c.oid = $1::pg_catalog.oid ORDER BY a.attnum";

static int64_t number(const PGresult *rows, int row, int column)
{
    int64_t value = 0;
    str_to_int(PQgetvalue(rows, row, column), INT32_MIN, UINT32_MAX, &value);
    return value;
}

static char *text(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) ? NULL : str_dup(PQgetvalue(rows, row, column));
}

static int add_column(struct table_now *table, const PGresult *rows, int row, struct err *err)
{
    if (PQgetisnull(rows, row, NOW_NUMBER)) {
        return 0;
    }
    struct column_now *column = &table->columns[table->column_count++];
    *column = (struct column_now){.number = (int)number(rows, row, NOW_NUMBER),
                                  .name = text(rows, row, NOW_COLUMN),
                                  .type = (uint32_t)number(rows, row, NOW_TYPE),
                                  .modifier = (int32_t)number(rows, row, NOW_MODIFIER),
                                  .type_text = text(rows, row, NOW_TYPE_TEXT),
                                  .generated = pg_is_true(rows, row, NOW_GENERATED)};
    return column->name == NULL || column->type_text == NULL ? err_no_memory(err) : 0;
}

static int fill(const PGresult *rows, uint32_t oid, struct err *err, struct table_now *table)
{
    if (PQntuples(rows) == 0) {
        return 0;
    }
    *table = (struct table_now){.oid = oid,
                                .locked = table->locked,
                                .kind = PQgetvalue(rows, 0, NOW_KIND)[0],
                                .schema = text(rows, 0, NOW_SCHEMA),
                                .name = text(rows, 0, NOW_NAME),
                                .bound = text(rows, 0, NOW_BOUND),
                                .parents = text(rows, 0, NOW_PARENTS),
                                .columns = calloc((size_t)PQntuples(rows), sizeof(*table->columns))};
    if (table->schema == NULL || table->name == NULL || table->parents == NULL || table->columns == NULL) {
        return err_no_memory(err);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        if (add_column(table, rows, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int table_now_read(struct pg *pg, uint32_t oid, bool settle, struct err *err, struct table_now *ret_table)
{
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    char id[NUMBER_TEXT_SIZE];
    const char *params[] = {id};
    struct table_now table = {0};
    bool visible = true;
    snprintf(id, sizeof(id), "%u", (unsigned)oid);
    if (settle && stale_await_ddl(pg, id, err, &visible) != 0) {
        return -1;
    }
    table.locked = !visible;
    buf_addf(&sql, table_sql, pg->version >= GENERATED_SINCE ? "a.attgenerated <> ''" : "false");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(pg, err, &rows, buf_text(&sql), 1, params) != 0) {
        return -1;
    }
    if (fill(rows, oid, err, &table) != 0) {
        table_now_done(&table);
        return -1;
    }
    *ret_table = table;
    return 0;
}

int table_now_find(struct pg *pg, const char *schema, const char *name, struct err *err, uint32_t *ret_oid)
{
    auto_free char *oid = NULL;
    const char *params[] = {schema, name};
    int64_t value = 0;
    if (pg_value(pg, err, &oid,
                 "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
                 " ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"
                 " AND c.relkind IN ('r', 'p')",
                 2, params) != 0) {
        return -1;
    }
    if (oid != NULL) {
        str_to_int(oid, 0, UINT32_MAX, &value);
    }
    *ret_oid = (uint32_t)value;
    return 0;
}

int table_now_type(struct pg *pg, uint32_t type, int32_t modifier, struct err *err, char **ret_text)
{
    char oid[NUMBER_TEXT_SIZE];
    char mod[NUMBER_TEXT_SIZE];
    const char *params[] = {oid, mod};
    snprintf(oid, sizeof(oid), "%u", (unsigned)type);
    snprintf(mod, sizeof(mod), "%d", (int)modifier);
    return pg_value(pg, err, ret_text, "SELECT " TYPE_TEXT("$1::pg_catalog.oid", "$2::pg_catalog.int4"), 2,
                    params);
}

void table_now_done(struct table_now *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].type_text);
    }
    free(table->columns);
    free(table->schema);
    free(table->name);
    free(table->bound);
    free(table->parents);
    *table = (struct table_now){0};
}

const struct column_now *table_now_column(const struct table_now *table, int number_wanted)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].number == number_wanted) {
            return &table->columns[i];
        }
    }
    return NULL;
}

const struct column_now *table_now_named(const struct table_now *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

bool table_now_same(const struct table_now *a, const struct table_now *b)
{
    bool same = a->oid == b->oid && a->kind == b->kind && str_equals(a->schema, b->schema) &&
                str_equals(a->name, b->name) && str_equals(a->parents, b->parents) &&
                a->column_count == b->column_count;
    for (size_t i = 0; same && i < a->column_count; i++) {
        const struct column_now *one = &a->columns[i];
        const struct column_now *other = &b->columns[i];
        same = one->number == other->number && one->generated == other->generated &&
               str_equals(one->name, other->name) && str_equals(one->type_text, other->type_text);
    }
    return same;
}
