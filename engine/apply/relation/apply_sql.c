/* SPDX-License-Identifier: MIT */
#include "engine/apply/relation/apply_sql.h"

/* One column of the rows that are given: v.<letter><number>. */
static void add_given(struct buf *sql, char letter, size_t number)
{
    buf_addf(sql, "v.%c%zu", letter, number);
}

/* The value as the column's type: its input function reads the text. */
void sql_add_value(const struct apply_column *column, struct buf *sql, char letter, size_t number)
{
    add_given(sql, letter, number);
    if (!column->by_array) {
        buf_addf(sql, "::%s", column->type);
    }
}

void sql_add_parameter(struct sql_text *text, const struct apply_column *column)
{
    const char *type = text->alone ? "" : "text";
    buf_adds(text->sql, text->parameter == 0 ? "" : ", ");
    text->parameter++;
    buf_addf(text->sql, "$%zu", text->parameter);
    if (column->by_array || !text->alone) {
        buf_addf(text->sql, "::%s%s", column->by_array ? column->type : type, text->alone ? "" : "[]");
    }
}

static void add_key_parameters(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        sql_add_parameter(text, &relation->columns[relation->facts.keys[i]]);
    }
}

/* Begins the list of parameters of "... AS v(...)". */
const char *sql_rows_of(const struct sql_text *text)
{
    return text->alone ? "(SELECT " : "unnest(";
}

/* "unnest($1::text[], ...) AS v(c0, ...)" with all columns. */
void sql_add_rows(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    if (relation->column_count == 0) {
        buf_adds(sql, "generate_series(1, $1::bigint) AS v");
        return;
    }
    buf_adds(sql, sql_rows_of(text));
    for (size_t i = 0; i < relation->column_count; i++) {
        sql_add_parameter(text, &relation->columns[i]);
    }
    buf_adds(sql, ") AS v(");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%sc%zu", i == 0 ? "" : ", ", i);
    }
    buf_addc(sql, ')');
}

/* Names the partitions' rows too where changes go through a partitioned table. */
void sql_add_table(const struct apply_relation *relation, struct buf *sql)
{
    buf_addf(sql, "%s%s AS t", relation->facts.through ? "" : "ONLY ", relation->facts.table);
}

static void add_insert(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    buf_addf(sql, "INSERT INTO %s", relation->facts.table);
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%s%s", i == 0 ? " (" : ", ", relation->columns[i].quoted);
    }
    buf_adds(sql, relation->column_count == 0 ? " SELECT" : ") OVERRIDING SYSTEM VALUE SELECT ");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_adds(sql, i == 0 ? "" : ", ");
        sql_add_value(&relation->columns[i], sql, 'c', i);
    }
    buf_adds(sql, " FROM ");
    sql_add_rows(text);
}

static void add_key_condition(const struct apply_relation *relation, struct buf *sql)
{
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        const struct apply_column *column = &relation->columns[relation->facts.keys[i]];
        buf_addf(sql, "%st.%s", i == 0 ? " WHERE " : " AND ", column->quoted);
        if (column->equals != NULL) {
            buf_addf(sql, " %s ", column->equals);
            sql_add_value(column, sql, 'k', i);
            continue;
        }
        buf_adds(sql, "::text = (");
        sql_add_value(column, sql, 'k', i);
        buf_adds(sql, ")::text");
    }
}

static void add_key_names(const struct apply_relation *relation, struct buf *sql)
{
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        buf_addf(sql, "%sk%zu", i == 0 ? "" : ", ", i);
    }
}

static void add_delete_by_key(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    buf_adds(sql, "DELETE FROM ");
    sql_add_table(relation, sql);
    buf_addf(sql, " USING %s", sql_rows_of(text));
    add_key_parameters(text);
    buf_adds(sql, ") AS v(");
    add_key_names(relation, sql);
    buf_addc(sql, ')');
    add_key_condition(relation, sql);
}

static void add_update(struct sql_text *text, const bool *set)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    size_t count = 0;
    buf_adds(sql, "UPDATE ");
    sql_add_table(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set[i]) {
            buf_addf(sql, "%s%s = ", count++ == 0 ? " SET " : ", ", relation->columns[i].quoted);
            sql_add_value(&relation->columns[i], sql, 'c', i);
        }
    }
    buf_addf(sql, " FROM %s", sql_rows_of(text));
    add_key_parameters(text);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set[i]) {
            sql_add_parameter(text, &relation->columns[i]);
        }
    }
    buf_adds(sql, ") AS v(");
    add_key_names(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set[i]) {
            buf_addf(sql, ", c%zu", i);
        }
    }
    buf_addc(sql, ')');
    add_key_condition(relation, sql);
}

/* ---- rewriting -------------------------------------------------------------------------------------------
 */

/* What the row shall have in a column that is not of the key. */
static void add_new_value(const struct apply_relation *relation, struct buf *sql, size_t i)
{
    buf_addf(sql, "CASE WHEN substr(v.m, %zu, 1) = '1' THEN ", i + 1);
    sql_add_value(&relation->columns[i], sql, 'c', i);
    buf_addf(sql, " ELSE t.%s END", relation->columns[i].quoted);
}

static void add_given_rows(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    buf_addf(sql, "v AS (SELECT * FROM %s", sql_rows_of(text));
    add_key_parameters(text);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (!relation->columns[i].key) {
            sql_add_parameter(text, &relation->columns[i]);
        }
    }
    buf_addf(sql, ", $%zu::text%s) AS v(", text->parameter + 1, text->alone ? "" : "[]");
    add_key_names(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (!relation->columns[i].key) {
            buf_addf(sql, ", c%zu", i);
        }
    }
    buf_adds(sql, ", m))");
}

/* Texts are compared: equal ones make equal index entries. */
static void add_stays(const struct apply_relation *relation, struct buf *sql)
{
    buf_adds(sql, "(true");
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct apply_column *column = &relation->columns[i];
        if (!column->key && column->unique) {
            const char *cast = column->digest == NULL ? "::text" : ""; /* bytes are equal or not */
            buf_addf(sql, " AND (");
            add_new_value(relation, sql, i);
            buf_addf(sql, ")%s IS NOT DISTINCT FROM t.%s%s", cast, column->quoted, cast);
        }
    }
    buf_addc(sql, ')');
}

static void add_updated(const struct apply_relation *relation, struct buf *sql)
{
    size_t count = 0;
    buf_adds(sql, ", updated AS (UPDATE ");
    sql_add_table(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (!relation->columns[i].key) {
            buf_addf(sql, "%s%s = ", count++ == 0 ? " SET " : ", ", relation->columns[i].quoted);
            add_new_value(relation, sql, i);
        }
    }
    buf_adds(sql, " FROM v");
    add_key_condition(relation, sql);
    buf_adds(sql, " AND ");
    add_stays(relation, sql);
    buf_adds(sql, " RETURNING 1)");
}

static void add_deleted(const struct apply_relation *relation, struct buf *sql)
{
    buf_adds(sql, ", deleted AS (DELETE FROM ");
    sql_add_table(relation, sql);
    buf_adds(sql, " USING v");
    add_key_condition(relation, sql);
    buf_adds(sql, " AND NOT ");
    add_stays(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_adds(sql, i == 0 ? " RETURNING " : ", ");
        if (relation->columns[i].key) {
            buf_addf(sql, "t.%s", relation->columns[i].quoted);
        } else {
            add_new_value(relation, sql, i);
        }
        buf_addf(sql, " AS c%zu", i);
    }
    buf_addc(sql, ')');
}

/* The sort takes all of the deleted rows before it yields the first. */
static void add_inserted(const struct apply_relation *relation, struct buf *sql)
{
    buf_addf(sql, ", inserted AS (INSERT INTO %s", relation->facts.table);
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%s%s", i == 0 ? " (" : ", ", relation->columns[i].quoted);
    }
    buf_adds(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%sc%zu", i == 0 ? "" : ", ", i);
    }
    buf_addf(sql, " FROM deleted ORDER BY c%zu::text RETURNING 1)", relation->facts.keys[0]);
}

static void add_rewrite(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    buf_adds(sql, "WITH ");
    add_given_rows(text);
    add_updated(relation, sql);
    add_deleted(relation, sql);
    add_inserted(relation, sql);
    buf_adds(sql, " SELECT (SELECT count(*) FROM updated) + (SELECT count(*) FROM inserted)");
}

void apply_add_statement(const struct apply_relation *relation, enum apply_statement_kind kind,
                         const bool *set, bool alone, struct buf *sql)
{
    struct sql_text text = {.relation = relation, .sql = sql, .alone = alone};
    switch (kind) {
    case APPLY_INSERT:
        add_insert(&text);
        break;
    case APPLY_UPDATE:
        add_update(&text, set);
        break;
    case APPLY_UPDATE_ROW:
        sql_add_update_row(&text, set);
        break;
    case APPLY_REWRITE:
        add_rewrite(&text);
        break;
    case APPLY_DELETE:
        if (relation->facts.identity == APPLY_BY_ROW) {
            sql_add_delete_by_row(&text, false);
        } else {
            add_delete_by_key(&text);
        }
        break;
    case APPLY_GATHER:
        sql_add_gather(&text);
        break;
    }
}
