/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_truncate_private.h"

#include <string.h>

#include "core/str.h"
#include "core/str_list.h"
#include "engine/pg/ddl_wait.h"

enum { SQL_MAX_BYTES = 4 * 1024 * 1024, ROUNDS_MAX = 100 };

/*
 * What one TRUNCATE must name. $1: tables to empty; $2: tables that may be emptied too, because the cutover
 * recopies them. Both are arrays of quoted names. A partitioned table is emptied if all its partitions are:
 * because of its foreign keys, and of those that reference it, PostgreSQL rejects a TRUNCATE of the
 * partitions alone. Each row has a kind: t  a table to name; a partition is left out if its partitioned table
 * is named c  a constraint of theirs that may have pending checks m  a table that references them and is one
 * of $2 r  another table that references them: name for SQL, schema, name, foreign key
 */
static const char tables_sql[] =
    "WITH RECURSIVE chosen(oid) AS (SELECT t::pg_catalog.regclass::pg_catalog.oid"
    "    FROM pg_catalog.unnest($1::text[]) t"
    "  UNION SELECT i.inhrelid FROM chosen c JOIN pg_catalog.pg_class p ON p.oid = c.oid AND p.relkind = 'p'"
    "    JOIN pg_catalog.pg_inherits i ON i.inhparent = c.oid),"
    " above(oid) AS (SELECT oid FROM chosen UNION SELECT i.inhparent FROM above a"
    "    JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid"
    "    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'),"
    " below(root, oid) AS (SELECT oid, oid FROM above UNION SELECT b.root, i.inhrelid FROM below b"
    "    JOIN pg_catalog.pg_class p ON p.oid = b.oid AND p.relkind = 'p'"
    "    JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid),"
    " emptied(oid) AS (SELECT a.oid FROM above a WHERE NOT EXISTS (SELECT 1 FROM below b"
    "    JOIN pg_catalog.pg_class l ON l.oid = b.oid AND l.relkind <> 'p' WHERE b.root = a.oid"
    "    AND b.oid NOT IN (SELECT oid FROM chosen))),"
    " names(oid, kind, name, schema, relation) AS (SELECT c.oid, c.relkind,"
    "    pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname FROM pg_catalog.pg_class c"
    "    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace),"
    " referring(oid, key) AS (SELECT k.conrelid, pg_catalog.min(k.conname::text) FROM "
    "pg_catalog.pg_constraint k"
    "    WHERE k.contype = 'f' AND k.confrelid IN (SELECT oid FROM emptied)"
    "    AND k.conrelid NOT IN (SELECT oid FROM emptied) GROUP BY 1)"
    " SELECT 't', CASE n.kind WHEN 'p' THEN '' ELSE 'ONLY ' END || n.name, '', '', '' FROM emptied e"
    "   JOIN names n ON n.oid = e.oid WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i"
    "     JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'"
    "     JOIN emptied a ON a.oid = i.inhparent WHERE i.inhrelid = e.oid)"
    " UNION ALL SELECT DISTINCT 'c', pg_catalog.format('%I.%I', s.nspname, k.conname), '', '', ''"
    "   FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace s ON s.oid = k.connamespace"
    "   WHERE k.condeferrable AND (k.conrelid IN (SELECT oid FROM emptied)"
    "     OR k.confrelid IN (SELECT oid FROM emptied))"
    " UNION ALL SELECT CASE WHEN r.oid IN (SELECT t::pg_catalog.regclass::pg_catalog.oid"
    "     FROM pg_catalog.unnest($2::text[]) t) THEN 'm' ELSE 'r' END, n.name, n.schema, n.relation, r.key"
    "   FROM referring r JOIN names n ON n.oid = r.oid";

enum { FIELD_KIND, FIELD_NAME, FIELD_SCHEMA, FIELD_TABLE, FIELD_KEY };

/* The array of names as text. */
static void add_array(struct buf *text, const struct str_list *names)
{
    buf_addc(text, '{');
    for (size_t i = 0; i < names->count; i++) {
        buf_adds(text, i == 0 ? "\"" : ",\"");
        for (const char *at = names->items[i]; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\') {
                buf_addc(text, '\\');
            }
            buf_addc(text, *at);
        }
        buf_addc(text, '"');
    }
    buf_addc(text, '}');
}

static int ask(struct apply_tables *tables, const struct str_list *named, const struct str_list *recopied,
               struct err *err, PGresult **ret_rows)
{
    auto_buf struct buf first = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf second = BUF_MAX(SQL_MAX_BYTES);
    add_array(&first, named);
    add_array(&second, recopied);
    const char *params[] = {buf_text(&first), buf_text(&second)};
    return buf_failed(&first) || buf_failed(&second)
               ? err_no_memory(err)
               : pg_query(&tables->target->pipeline.pg, err, ret_rows, tables_sql, 2, params);
}

static bool is_kind(const PGresult *rows, int row, char kind)
{
    return PQgetvalue(rows, row, FIELD_KIND)[0] == kind;
}

/* Emptying the table would lose rows that the source keeps; skipping the TRUNCATE would keep rows that the
 * source has lost. */
static int must_wait(struct apply_tables *tables, const PGresult *rows, int row, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    buf_addf(&ddl, "ALTER TABLE %s DROP CONSTRAINT ", PQgetvalue(rows, row, FIELD_NAME));
    pg_add_identifier(&tables->target->pipeline.pg, &ddl, PQgetvalue(rows, row, FIELD_KEY));
    buf_addc(&ddl, ';');
    const struct ddl_wait wait = {
        .schema = PQgetvalue(rows, row, FIELD_SCHEMA),
        .table = PQgetvalue(rows, row, FIELD_TABLE),
        .why = "The source has truncated tables that this table references, but not this table. "
               "Malachite does not empty it.",
        .ddl = buf_text(&ddl)};
    return ddl_wait_error(err, tables->target->pipeline.pg.database, &wait);
}

/* Whether the cutover recopies the table, because the source has not published it. Partitioned tables are
 * published through their partitions. */
static int is_copied(struct apply_tables *tables, const char *schema, const char *name, struct err *err,
                     bool *ret_copied)
{
    struct pg *source = NULL;
    auto_free char *found = NULL;
    const char *params[] = {schema, name, tables->target->helper};
    *ret_copied = false;
    if (tables->source == NULL) {
        return 0;
    }
    if (tables->source(tables->context, err, &source) != 0 ||
        pg_value(source, err, &found,
                 "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid ="
                 " c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r' AND NOT EXISTS"
                 " (SELECT 1 FROM pg_catalog.pg_publication_tables p WHERE p.pubname = $3"
                 " AND p.schemaname = n.nspname AND p.tablename = c.relname)",
                 3, params) != 0) {
        return -1;
    }
    *ret_copied = found != NULL;
    return 0;
}

/* Adds the tables that reference the named ones and may be emptied. 1: it added some, 0: none. */
static int add_referring(struct apply_tables *tables, const PGresult *rows, struct str_list *named,
                         struct err *err)
{
    int added = 0;
    for (int row = 0; row < PQntuples(rows); row++) {
        bool copied = false;
        if (!is_kind(rows, row, 'm') && !is_kind(rows, row, 'r')) {
            continue;
        }
        if (is_kind(rows, row, 'r') && is_copied(tables, PQgetvalue(rows, row, FIELD_SCHEMA),
                                                 PQgetvalue(rows, row, FIELD_TABLE), err, &copied) != 0) {
            return -1;
        }
        if (is_kind(rows, row, 'r') && !copied) {
            return must_wait(tables, rows, row, err);
        }
        if (!str_list_add(named, PQgetvalue(rows, row, FIELD_NAME))) {
            return err_no_memory(err);
        }
        added = 1;
    }
    return added;
}

static int find_tables(struct apply_tables *tables, struct str_list *named, const struct str_list *recopied,
                       struct err *err, PGresult **ret_rows)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        auto_result PGresult *rows = NULL;
        if (ask(tables, named, recopied, err, &rows) != 0) {
            return -1;
        }
        int added = add_referring(tables, rows, named, err);
        if (added <= 0) {
            *ret_rows = added < 0 ? NULL : TAKE(rows);
            return added;
        }
    }
    return err_set(err, ERR_INTERNAL, "Too many tables reference those that were truncated on the source.");
}

/* Queues "before", the names of one kind, "after". Does nothing without such names. */
static int queue_list(struct apply_tables *tables, const PGresult *rows, char kind, const char *before,
                      const char *after, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    size_t count = 0;
    buf_adds(&sql, before);
    for (int row = 0; row < PQntuples(rows); row++) {
        if (is_kind(rows, row, kind)) {
            buf_addf(&sql, "%s%s", count++ == 0 ? "" : ", ", PQgetvalue(rows, row, FIELD_NAME));
        }
    }
    buf_adds(&sql, after);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    return count == 0 ? 0 : target_queue_command(tables->target, buf_text(&sql), err);
}

/* TRUNCATE rejects tables with pending checks. IMMEDIATE performs them: the source passed them here, too. */
static int queue_all(struct apply_tables *tables, const PGresult *rows, bool restart, struct err *err)
{
    return queue_list(tables, rows, 'c', "SET CONSTRAINTS ", " IMMEDIATE", err) != 0 ||
                   queue_list(tables, rows, 't', "TRUNCATE ", restart ? " RESTART IDENTITY" : "", err) != 0 ||
                   queue_list(tables, rows, 'c', "SET CONSTRAINTS ", " DEFERRED", err) != 0
               ? -1
               : 0;
}

int apply_truncate(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err)
{
    auto_str_list struct str_list named = {0};
    auto_str_list struct str_list recopied = {0};
    auto_result PGresult *rows = NULL;
    for (size_t i = 0; i < message->relation_count; i++) {
        const struct apply_relation *relation =
            apply_relations_find(&tables->relations, message->relations[i]);
        bool there = relation != NULL && relation->facts.table != NULL;
        if (there && !str_list_add(relation->stale ? &recopied : &named, relation->facts.table)) {
            return err_no_memory(err);
        }
    }
    if (named.count == 0) {
        return 0;
    }
    if (pipeline_leave(&tables->target->pipeline, err) != 0 ||
        find_tables(tables, &named, &recopied, err, &rows) != 0 ||
        pipeline_enter(&tables->target->pipeline, err) != 0) {
        return -1;
    }
    return queue_all(tables, rows, message->restart_identity, err);
}
