/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_sql_private.h"

/* One column of the rows that are given: v.<letter><number>. */
static void add_given(struct buf *sql, char letter, size_t number)
{
    buf_addf(sql, "v.%c%zu", letter, number);
}

/* The value as the column's type: its input function reads the text. */
static void add_value(const struct apply_column *column, struct buf *sql, char letter, size_t number)
{
    add_given(sql, letter, number);
    if (!column->by_array) {
        buf_addf(sql, "::%s", column->type);
    }
}

static void add_parameter(const struct apply_column *column, struct buf *sql, size_t *parameter)
{
    buf_adds(sql, *parameter == 0 ? "" : ", ");
    *parameter += 1;
    buf_addf(sql, "$%zu::%s[]", *parameter, column->by_array ? column->type : "text");
}

static void add_key_parameters(const struct apply_relation *relation, struct buf *sql, size_t *parameter)
{
    for (size_t i = 0; i < relation->key_count; i++) {
        add_parameter(&relation->columns[relation->keys[i]], sql, parameter);
    }
}

/* "unnest($1::text[], ...) AS v(c0, ...)" with all columns. */
static void add_rows(const struct apply_relation *relation, struct buf *sql)
{
    size_t parameter = 0;
    if (relation->column_count == 0) {
        buf_adds(sql, "generate_series(1, $1::bigint) AS v");
        return;
    }
    buf_adds(sql, "unnest(");
    for (size_t i = 0; i < relation->column_count; i++) {
        add_parameter(&relation->columns[i], sql, &parameter);
    }
    buf_adds(sql, ") AS v(");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%sc%zu", i == 0 ? "" : ", ", i);
    }
    buf_addc(sql, ')');
}

/* Names the partitions' rows too where changes go through a partitioned table. */
static void add_table(const struct apply_relation *relation, struct buf *sql)
{
    buf_addf(sql, "%s%s AS t", relation->through ? "" : "ONLY ", relation->table);
}

void apply_add_insert(const struct apply_relation *relation, struct buf *sql)
{
    buf_addf(sql, "INSERT INTO %s", relation->table);
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%s%s", i == 0 ? " (" : ", ", relation->columns[i].quoted);
    }
    buf_adds(sql, relation->column_count == 0 ? " SELECT" : ") OVERRIDING SYSTEM VALUE SELECT ");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_adds(sql, i == 0 ? "" : ", ");
        add_value(&relation->columns[i], sql, 'c', i);
    }
    buf_adds(sql, " FROM ");
    add_rows(relation, sql);
}

static void add_key_condition(const struct apply_relation *relation, struct buf *sql)
{
    for (size_t i = 0; i < relation->key_count; i++) {
        const struct apply_column *column = &relation->columns[relation->keys[i]];
        buf_addf(sql, "%st.%s", i == 0 ? " WHERE " : " AND ", column->quoted);
        if (column->equals != NULL) {
            buf_addf(sql, " %s ", column->equals);
            add_value(column, sql, 'k', i);
            continue;
        }
        buf_adds(sql, "::text = (");
        add_value(column, sql, 'k', i);
        buf_adds(sql, ")::text");
    }
}

static void add_key_names(const struct apply_relation *relation, struct buf *sql)
{
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_addf(sql, "%sk%zu", i == 0 ? "" : ", ", i);
    }
}

static void add_delete_by_key(const struct apply_relation *relation, struct buf *sql)
{
    size_t parameter = 0;
    buf_adds(sql, "DELETE FROM ");
    add_table(relation, sql);
    buf_adds(sql, " USING unnest(");
    add_key_parameters(relation, sql, &parameter);
    buf_adds(sql, ") AS v(");
    add_key_names(relation, sql);
    buf_addc(sql, ')');
    add_key_condition(relation, sql);
}

/* "ROW(v.c0::type, ...)::text" */
static void add_line(const struct apply_relation *relation, char letter, struct buf *sql)
{
    buf_adds(sql, "ROW(");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_adds(sql, i == 0 ? "" : ", ");
        add_value(&relation->columns[i], sql, letter, i);
    }
    buf_adds(sql, ")::text");
}

static void add_stored_line(const struct apply_relation *relation, struct buf *sql)
{
    buf_adds(sql, "ROW(");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%st.%s", i == 0 ? "" : ", ", relation->columns[i].quoted);
    }
    buf_adds(sql, ")::text");
}

void apply_add_gathering_table(const struct apply_relation *relation, struct buf *sql)
{
    buf_addf(sql, "pg_temp.malachite_%u", (unsigned)relation->id);
}

void apply_add_gather(const struct apply_relation *relation, struct buf *sql)
{
    buf_adds(sql, "INSERT INTO ");
    apply_add_gathering_table(relation, sql);
    buf_adds(sql, " SELECT ");
    add_line(relation, 'c', sql);
    buf_adds(sql, " FROM ");
    add_rows(relation, sql);
}

/* Those that are given, or those that have been gathered, as "line" and "copies". */
static void add_lines(const struct apply_relation *relation, bool gathered, struct buf *sql)
{
    buf_adds(sql, "SELECT ");
    if (gathered) {
        buf_adds(sql, "line");
    } else {
        add_line(relation, 'c', sql);
        buf_adds(sql, " AS line");
    }
    buf_adds(sql, ", count(*) AS copies FROM ");
    if (gathered) {
        apply_add_gathering_table(relation, sql);
    } else {
        add_rows(relation, sql);
    }
    buf_adds(sql, " GROUP BY 1");
}

/*
 * Of each row as many copies go as are given. Rows are the same when the target writes them as the same
 * text: not every type has an operator for that, and another major may write a type differently than the
 * source did.
 */
static void add_delete_by_row(const struct apply_relation *relation, bool gathered, struct buf *sql)
{
    const char *place = relation->through ? "(t.tableoid, t.ctid)" : "t.ctid";
    buf_adds(sql, "DELETE FROM ");
    add_table(relation, sql);
    buf_addf(sql, " WHERE %s %s (SELECT %s FROM (SELECT t.tableoid, t.ctid, w.copies,", place,
             relation->through ? "IN" : "= ANY (ARRAY", relation->through ? "d.tableoid, d.ctid" : "d.ctid");
    buf_adds(sql, " row_number() OVER (PARTITION BY w.line) AS copy FROM (");
    add_lines(relation, gathered, sql);
    buf_adds(sql, ") w JOIN ");
    add_table(relation, sql);
    buf_adds(sql, " ON ");
    add_stored_line(relation, sql);
    buf_addf(sql, " = w.line) d WHERE d.copy <= d.copies)%s", relation->through ? "" : ")");
}

void apply_add_delete_gathered(const struct apply_relation *relation, struct buf *sql)
{
    add_delete_by_row(relation, true, sql);
}

void apply_add_delete(const struct apply_relation *relation, struct buf *sql)
{
    if (relation->identity == APPLY_BY_ROW) {
        add_delete_by_row(relation, false, sql);
    } else {
        add_delete_by_key(relation, sql);
    }
}

void apply_add_update(const struct apply_relation *relation, const bool *set, struct buf *sql)
{
    size_t parameter = 0;
    size_t count = 0;
    buf_adds(sql, "UPDATE ");
    add_table(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set[i]) {
            buf_addf(sql, "%s%s = ", count++ == 0 ? " SET " : ", ", relation->columns[i].quoted);
            add_value(&relation->columns[i], sql, 'c', i);
        }
    }
    buf_adds(sql, " FROM unnest(");
    add_key_parameters(relation, sql, &parameter);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set[i]) {
            add_parameter(&relation->columns[i], sql, &parameter);
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

/* ---- updating whole rows ---------------------------------------------------------------------------------
 */

static void add_names(const struct apply_relation *relation, char letter, struct buf *sql)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, ", %c%zu", letter, i);
    }
}

/* Equal rows are numbered on either side, so that each is taken once. */
void apply_add_update_row(const struct apply_relation *relation, struct buf *sql)
{
    size_t parameter = 0;
    buf_adds(sql, "WITH given AS (SELECT v.*, ");
    add_line(relation, 'o', sql);
    buf_adds(sql, " AS line FROM unnest(");
    for (size_t i = 0; i < 2 * relation->column_count; i++) {
        add_parameter(&relation->columns[i % relation->column_count], sql, &parameter);
    }
    buf_adds(sql, ") WITH ORDINALITY AS v(o0");
    for (size_t i = 1; i < relation->column_count; i++) {
        buf_addf(sql, ", o%zu", i);
    }
    add_names(relation, 'c', sql);
    buf_adds(sql,
             ", place)), v AS (SELECT g.*, row_number() OVER (PARTITION BY g.line ORDER BY g.place)"
             " AS copy FROM given g), found AS (SELECT t.tableoid AS place, t.ctid AS row, w.line,"
             " row_number() OVER (PARTITION BY w.line) AS copy FROM (SELECT DISTINCT line FROM v) w JOIN ");
    add_table(relation, sql);
    buf_adds(sql, " ON ");
    add_stored_line(relation, sql);
    buf_adds(sql, " = w.line) UPDATE ");
    add_table(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%s%s = ", i == 0 ? " SET " : ", ", relation->columns[i].quoted);
        add_value(&relation->columns[i], sql, 'c', i);
    }
    buf_adds(sql, " FROM v JOIN found f ON f.line = v.line AND f.copy = v.copy"
                  " WHERE t.ctid = f.row AND t.tableoid = f.place");
}

/* ---- rewriting -------------------------------------------------------------------------------------------
 */

/* What the row shall have in a column that is not of the key. */
static void add_new_value(const struct apply_relation *relation, struct buf *sql, size_t i)
{
    buf_addf(sql, "CASE WHEN substr(v.m, %zu, 1) = '1' THEN ", i + 1);
    add_value(&relation->columns[i], sql, 'c', i);
    buf_addf(sql, " ELSE t.%s END", relation->columns[i].quoted);
}

static void add_given_rows(const struct apply_relation *relation, struct buf *sql)
{
    size_t parameter = 0;
    buf_adds(sql, "v AS (SELECT * FROM unnest(");
    add_key_parameters(relation, sql, &parameter);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (!relation->columns[i].key) {
            add_parameter(&relation->columns[i], sql, &parameter);
        }
    }
    buf_addf(sql, ", $%zu::text[]) AS v(", parameter + 1);
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
        if (!relation->columns[i].key && relation->columns[i].unique) {
            buf_addf(sql, " AND (");
            add_new_value(relation, sql, i);
            buf_addf(sql, ")::text IS NOT DISTINCT FROM t.%s::text", relation->columns[i].quoted);
        }
    }
    buf_addc(sql, ')');
}

static void add_updated(const struct apply_relation *relation, struct buf *sql)
{
    size_t count = 0;
    buf_adds(sql, ", updated AS (UPDATE ");
    add_table(relation, sql);
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
    add_table(relation, sql);
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
    buf_addf(sql, ", inserted AS (INSERT INTO %s", relation->table);
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%s%s", i == 0 ? " (" : ", ", relation->columns[i].quoted);
    }
    buf_adds(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, "%sc%zu", i == 0 ? "" : ", ", i);
    }
    buf_addf(sql, " FROM deleted ORDER BY c%zu::text RETURNING 1)", relation->keys[0]);
}

void apply_add_rewrite(const struct apply_relation *relation, struct buf *sql)
{
    buf_adds(sql, "WITH ");
    add_given_rows(relation, sql);
    add_updated(relation, sql);
    add_deleted(relation, sql);
    add_inserted(relation, sql);
    buf_adds(sql, " SELECT (SELECT count(*) FROM updated) + (SELECT count(*) FROM inserted)");
}
