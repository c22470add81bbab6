/* SPDX-License-Identifier: MIT */
#include "engine/copy/copy_sql.h"

/* Below this size TRUNCATE costs more than frozen rows save. */
enum { FREEZE_FROM_BYTES = 1024 * 1024 };

/* A table without columns (or with generated ones only) still has rows: empty lines, which only the text
 * format can express. */
static bool is_text(const struct copy_form *form)
{
    return form->text || form->table->columns == NULL;
}

/* One message switches both encodings, because the names in the statement are still in the session's. */
static void add_encoding(struct pg *pg, struct buf *sql, const struct copy_form *form)
{
    if (form->encoding != NULL) {
        buf_adds(sql, "SET client_encoding = ");
        pg_add_literal(pg, sql, form->encoding);
        buf_adds(sql, "; ");
    }
}

static void add_columns(struct buf *sql, const struct catalog_table *table)
{
    if (table->columns != NULL) {
        buf_addf(sql, " (%s)", table->columns);
    }
}

static void add_blocks(struct buf *sql, const struct copy_form *form)
{
    buf_addf(sql, "WHERE ctid >= '(%u,0)'", form->first_block);
    if (form->end_block > 0) {
        buf_addf(sql, " AND ctid < '(%u,0)'", form->end_block);
    }
}

static void add_selection(struct pg *source, struct buf *sql, const struct copy_form *form)
{
    const struct catalog_table *table = form->table;
    buf_addf(sql, "COPY (SELECT %s FROM ONLY ", table->columns);
    pg_add_qualified(source, sql, table->schema, table->name);
    buf_adds(sql, " ");
    if (form->piece) {
        add_blocks(sql, form);
    } else {
        buf_adds(sql, table->condition);
    }
    buf_adds(sql, ")");
}

void copy_add_out(struct pg *source, struct buf *sql, const struct copy_form *form)
{
    const struct catalog_table *table = form->table;
    add_encoding(source, sql, form);
    bool conditional = table->condition != NULL && table->condition[0] != '\0' && table->columns != NULL;
    if (form->piece || conditional) {
        add_selection(source, sql, form);
    } else {
        buf_adds(sql, "COPY ");
        pg_add_qualified(source, sql, table->schema, table->name);
        add_columns(sql, table);
    }
    buf_addf(sql, " TO STDOUT (FORMAT %s)", is_text(form) ? "text" : "binary");
}

void copy_add_in(struct pg *target, struct buf *sql, const struct copy_form *form)
{
    const struct catalog_table *table = form->table;
    bool through_root = table->root_name != NULL;
    /* An extension's script may have inserted its own rows. */
    bool freeze =
        table->bytes >= FREEZE_FROM_BYTES && !through_root && table->condition == NULL && !form->piece;
    add_encoding(target, sql, form);
    if (freeze) {
        buf_adds(sql, "TRUNCATE ONLY ");
        pg_add_qualified(target, sql, table->schema, table->name);
        buf_adds(sql, "; ");
    }
    buf_adds(sql, "COPY ");
    pg_add_qualified(target, sql, through_root ? table->root_schema : table->schema,
                     through_root ? table->root_name : table->name);
    add_columns(sql, table);
    buf_addf(sql, " FROM STDIN (FORMAT %s%s)", is_text(form) ? "text" : "binary", freeze ? ", FREEZE" : "");
}
