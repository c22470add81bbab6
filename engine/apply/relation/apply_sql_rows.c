/* SPDX-License-Identifier: MIT */
/*
 * Statements about rows without a key. Rows are the same when the target writes them as the same text: not
 * every type has an operator for that, and another major may write a type differently than the source did.
 */
#include "engine/apply/relation/apply_sql.h"

/* "ROW(v.c0::type, ...)::text". The text of a bytea is twice as large as the value, and may be too large. */
static void add_line(const struct apply_relation *relation, char letter, struct buf *sql)
{
    buf_adds(sql, "ROW(");
    for (size_t i = 0; i < relation->column_count; i++) {
        const char *digest = relation->columns[i].digest;
        buf_addf(sql, "%s%s%s", i == 0 ? "" : ", ", digest == NULL ? "" : digest, digest == NULL ? "" : "(");
        sql_add_value(&relation->columns[i], sql, letter, i);
        buf_adds(sql, digest == NULL ? "" : ")");
    }
    buf_adds(sql, ")::text");
}

static void add_stored_line(const struct apply_relation *relation, struct buf *sql)
{
    buf_adds(sql, "ROW(");
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct apply_column *column = &relation->columns[i];
        bool digest = column->digest != NULL;
        buf_addf(sql, "%s%s%st.%s%s", i == 0 ? "" : ", ", digest ? column->digest : "", digest ? "(" : "",
                 column->quoted, digest ? ")" : "");
    }
    buf_adds(sql, ")::text");
}

void apply_add_gathering_table(const struct apply_relation *relation, struct buf *sql)
{
    buf_addf(sql, "pg_temp.malachite_%u", (unsigned)relation->id);
}

void sql_add_gather(struct sql_text *text)
{
    const struct apply_relation *relation = text->relation;
    buf_adds(text->sql, "INSERT INTO ");
    apply_add_gathering_table(relation, text->sql);
    buf_adds(text->sql, " SELECT ");
    add_line(relation, 'c', text->sql);
    buf_adds(text->sql, " FROM ");
    sql_add_rows(text);
}

/* Those that are given, or those that have been gathered, as "line" and "copies". */
static void add_lines(struct sql_text *text, bool gathered)
{
    struct buf *sql = text->sql;
    buf_adds(sql, "SELECT ");
    if (gathered) {
        buf_adds(sql, "line");
    } else {
        add_line(text->relation, 'c', sql);
        buf_adds(sql, " AS line");
    }
    buf_adds(sql, ", count(*) AS copies FROM ");
    if (gathered) {
        apply_add_gathering_table(text->relation, sql);
    } else {
        sql_add_rows(text);
    }
    buf_adds(sql, " GROUP BY 1");
}

/*
 * Of each row as many copies go as are given. Rows are the same when the target writes them as the same
 * text: not every type has an operator for that, and another major may write a type differently than the
 * source did.
 */
void sql_add_delete_by_row(struct sql_text *text, bool gathered)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    const char *place = relation->facts.through ? "(t.tableoid, t.ctid)" : "t.ctid";
    buf_adds(sql, "DELETE FROM ");
    sql_add_table(relation, sql);
    buf_addf(sql, " WHERE %s %s (SELECT %s FROM (SELECT t.tableoid, t.ctid, w.copies,", place,
             relation->facts.through ? "IN" : "= ANY (ARRAY",
             relation->facts.through ? "d.tableoid, d.ctid" : "d.ctid");
    buf_adds(sql, " row_number() OVER (PARTITION BY w.line) AS copy FROM (");
    add_lines(text, gathered);
    buf_adds(sql, ") w JOIN ");
    sql_add_table(relation, sql);
    buf_adds(sql, " ON ");
    add_stored_line(relation, sql);
    buf_addf(sql, " = w.line) d WHERE d.copy <= d.copies)%s", relation->facts.through ? "" : ")");
}

void apply_add_delete_gathered(const struct apply_relation *relation, struct buf *sql)
{
    struct sql_text text = {.relation = relation, .sql = sql};
    sql_add_delete_by_row(&text, true);
}

/* ---- updating --------------------------------------------------------------------------------------------
 */

static void add_names(const struct apply_relation *relation, char letter, struct buf *sql)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_addf(sql, ", %c%zu", letter, i);
    }
}

/* Equal rows are numbered on either side, so that each is taken once. */
void sql_add_update_row(struct sql_text *text, const bool *set)
{
    const struct apply_relation *relation = text->relation;
    struct buf *sql = text->sql;
    size_t count = 0;
    buf_adds(sql, "WITH given AS (SELECT v.*, ");
    add_line(relation, 'o', sql);
    buf_addf(sql, " AS line FROM %s", sql_rows_of(text));
    for (size_t i = 0; i < 2 * relation->column_count; i++) {
        sql_add_parameter(text, &relation->columns[i % relation->column_count]);
    }
    buf_adds(sql, text->alone ? ", 1::bigint) AS v(o0" : ") WITH ORDINALITY AS v(o0");
    for (size_t i = 1; i < relation->column_count; i++) {
        buf_addf(sql, ", o%zu", i);
    }
    add_names(relation, 'c', sql);
    buf_adds(sql,
             ", place)), v AS (SELECT g.*, row_number() OVER (PARTITION BY g.line ORDER BY g.place)"
             " AS copy FROM given g), found AS (SELECT t.tableoid AS place, t.ctid AS row, w.line,"
             " row_number() OVER (PARTITION BY w.line) AS copy FROM (SELECT DISTINCT line FROM v) w JOIN ");
    sql_add_table(relation, sql);
    buf_adds(sql, " ON ");
    add_stored_line(relation, sql);
    buf_adds(sql, " = w.line) UPDATE ");
    sql_add_table(relation, sql);
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set == NULL || set[i]) {
            buf_addf(sql, "%s%s = ", count++ == 0 ? " SET " : ", ", relation->columns[i].quoted);
            sql_add_value(&relation->columns[i], sql, 'c', i);
        }
    }
    buf_adds(sql, " FROM v JOIN found f ON f.line = v.line AND f.copy = v.copy"
                  " WHERE t.ctid = f.row AND t.tableoid = f.place");
}
