/* SPDX-License-Identifier: MIT */
/*
 * Replaces the rows of recopied tables. If no other table references them, one TRUNCATE empties all of them.
 * Otherwise DELETE does, with foreign keys switched off (session_replication_role=replica). A login without
 * that right would delete referencing rows, too (ON DELETE CASCADE). For it, the rows are compared by key and
 * only those that differ are changed.
 */
#include "engine/cutover/cutover_recopy_private.h"

#include <string.h>

#include "core/str.h"
#include "engine/copy/copy.h"
#include "engine/copy/copy_sql.h"

enum { SQL_MAX_BYTES = 8 * 1024 * 1024, PASSES_MAX = 100 };

#define STAGE "pg_temp.malachite_recopy"

void recopy_add_values(struct recopy *recopy, struct buf *sql)
{
    struct pg *target = &recopy->state->target;
    for (size_t i = 0; i < recopy->count; i++) {
        const struct catalog_table *table = recopy->tables[i].table;
        auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
        pg_add_qualified(target, &name, table->schema, table->name);
        buf_addf(sql, "%s(%zu, ", i == 0 ? "VALUES " : ", ", i);
        pg_add_literal(target, sql, buf_text(&name));
        buf_adds(sql, ")");
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------
 */

static int copy_rows(struct recopy *recopy, struct recopy_table *table, bool to_stage, struct err *err)
{
    struct cutover_state *state = recopy->state;
    static char temporary[] = "pg_temp";
    static char stage[] = "malachite_recopy";
    struct catalog_table there = *table->table;
    there.bytes = 0; /* no TRUNCATE of its own */
    if (to_stage) {
        there.schema = temporary;
        there.name = stage;
        there.root_name = NULL;
    }
    bool other_encoding = !str_equals(recopy->encoding, state->encoding);
    struct copy_form form = {.table = table->table,
                             .encoding = other_encoding ? recopy->encoding : NULL,
                             .text = recopy->text || table->table->text || table->column_count > 0};
    auto_buf struct buf out_sql = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf in_sql = BUF_MAX(SQL_MAX_BYTES);
    copy_add_out(&state->source, &out_sql, &form);
    form.table = &there;
    copy_add_in(&state->target, &in_sql, &form);
    if (buf_failed(&out_sql) || buf_failed(&in_sql)) {
        return err_no_memory(err);
    }
    const struct copy_stream stream = {.source = &state->source,
                                       .target = &state->target,
                                       .out_sql = buf_text(&out_sql),
                                       .in_sql = buf_text(&in_sql)};
    if (copy_run(&stream, err, &table->rows) != 0) {
        return -1;
    }
    return other_encoding && (pg_set_encoding(&state->source, state->encoding, err) != 0 ||
                              pg_set_encoding(&state->target, state->encoding, err) != 0)
               ? -1
               : 0;
}

static int run_on_table(struct recopy *recopy, const struct recopy_table *table, const char *before,
                        const char *after, struct err *err)
{
    struct pg *target = &recopy->state->target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, before);
    pg_add_qualified(target, &sql, table->table->schema, table->table->name);
    buf_addf(&sql, " %s", after);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

static int delete_rows(struct recopy *recopy, const struct recopy_table *table, struct err *err)
{
    /* Only the configuration rows of an extension's table are the user's. */
    const char *condition = table->table->condition;
    return run_on_table(recopy, table, "DELETE FROM ONLY ", condition != NULL ? condition : "", err);
}

static int merge_rows(struct recopy *recopy, struct recopy_table *table, struct err *err)
{
    struct pg *target = &recopy->state->target;
    if (table->key == NULL) {
        return err_set(err, ERR_INTERNAL,
                       "Other tables reference it, and it has no key by which rows could be compared.");
    }
    auto_free char *create = str_format(
        "CREATE TEMP TABLE malachite_recopy ON COMMIT DROP AS SELECT %s FROM ONLY ", table->table->columns);
    auto_free char *gone = str_format("t WHERE NOT EXISTS (SELECT 1 FROM " STAGE " s WHERE %s)", table->same);
    auto_free char *merge =
        str_format("(%s) OVERRIDING SYSTEM VALUE SELECT %s FROM " STAGE
                   " ON CONFLICT (%s) DO UPDATE SET %s; DROP TABLE " STAGE,
                   table->table->columns, table->table->columns, table->key, table->assign);
    if (create == NULL || gone == NULL || merge == NULL) {
        return err_no_memory(err);
    }
    if (run_on_table(recopy, table, create, "WITH NO DATA", err) != 0 ||
        copy_rows(recopy, table, true, err) != 0 || pg_run(target, err, "ANALYZE " STAGE) != 0) {
        return -1;
    }
    return run_on_table(recopy, table, "DELETE FROM ONLY ", gone, err) != 0 ||
                   run_on_table(recopy, table, "INSERT INTO ", merge, err) != 0
               ? -1
               : 0;
}

static bool may_truncate(const struct recopy *recopy)
{
    for (size_t i = 0; i < recopy->count; i++) {
        if (recopy->tables[i].outside || recopy->tables[i].table->condition != NULL) {
            return false;
        }
    }
    return true;
}

static int truncate_all(struct recopy *recopy, struct err *err)
{
    struct pg *target = &recopy->state->target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < recopy->count; i++) {
        buf_adds(&sql, i == 0 ? "TRUNCATE ONLY " : ", ONLY ");
        pg_add_qualified(target, &sql, recopy->tables[i].table->schema, recopy->tables[i].table->name);
    }
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

int recopy_replace_rows(struct recopy *recopy, struct err *err)
{
    bool truncate = may_truncate(recopy);
    bool by_key = !truncate && !recopy->state->target.replica;
    if (truncate && truncate_all(recopy, err) != 0) {
        return -1;
    }
    /* Empties all tables before it fills any, because rows may be written through a common root. */
    for (size_t i = 0; i < recopy->count && !truncate; i++) {
        struct recopy_table *table = &recopy->tables[i];
        if (!(by_key && table->referenced) && delete_rows(recopy, table, err) != 0) {
            return err_prefix(err, "%s.%s: ", table->table->schema, table->table->name);
        }
    }
    for (size_t i = 0; i < recopy->count; i++) {
        struct recopy_table *table = &recopy->tables[i];
        bool merge = by_key && table->referenced;
        bool nothing = table->table->bytes == 0 && !merge;
        if (!nothing &&
            (merge ? merge_rows(recopy, table, err) : copy_rows(recopy, table, false, err)) != 0) {
            return err_prefix(err, "%s.%s: ", table->table->schema, table->table->name);
        }
    }
    for (size_t i = 0; i < recopy->count; i++) {
        const struct recopy_table *table = &recopy->tables[i];
        if (recopy_check_values(recopy, table, err) != 0) {
            return err_prefix(err, "%s.%s: ", table->table->schema, table->table->name);
        }
    }
    return 0;
}

/* ---- references ------------------------------------------------------------------------------------------
 */

enum { KEY_IS_OURS, KEY_REFERRING, KEY_REFERENCED, KEY_DANGLES, KEY_NAME };

/*
 * Lists the foreign keys from and to recopied tables: whether the referencing table is recopied, both names,
 * and the condition of rows without a referenced row. Skips keys that are NOT VALID, because rows may violate
 * them. A referenced partition is queried through its root.
 */
static void add_references_sql(struct recopy *recopy, int version, struct buf *sql)
{
    buf_adds(sql, "WITH chosen AS (SELECT v.name::regclass::oid AS oid FROM (");
    recopy_add_values(recopy, sql);
    buf_adds(
        sql,
        ") v(n, name)) SELECT k.conrelid IN (SELECT oid FROM chosen), format('%I.%I', cn.nspname, "
        "cc.relname),"
        "  format('%I.%I', pn.nspname, pc.relname),"
        "  string_agg(format('c.%I IS NOT NULL', ca.attname), ' AND ')"
        "   || format(' AND NOT EXISTS (SELECT 1 FROM %s%I.%I p WHERE %s)',"
        "     CASE pc.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, pn.nspname, pc.relname,"
        "     string_agg(format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, s.nspname, o.oprname, ca.attname),"
        "       ' AND ')), k.conname"
        " FROM pg_constraint k JOIN pg_class cc ON cc.oid = k.conrelid AND cc.relkind = 'r'"
        "  JOIN pg_namespace cn ON cn.oid = cc.relnamespace"
        "  JOIN pg_class pc ON pc.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace"
        "  CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop) u(child, parent, operator)"
        "  JOIN pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = u.child"
        "  JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.parent"
        "  JOIN pg_operator o ON o.oid = u.operator JOIN pg_namespace s ON s.oid = o.oprnamespace"
        " WHERE k.contype = 'f' AND k.convalidated"
        "  AND (k.conrelid IN (SELECT oid FROM chosen) OR k.confrelid IN (SELECT oid FROM chosen))");
    buf_adds(sql, version >= 110000 ? " AND NOT EXISTS (SELECT 1 FROM pg_constraint r"
                                      "   WHERE r.oid = k.conparentid AND r.conrelid = k.conrelid)"
                                    : "");
    buf_adds(sql, version >= 180000 ? " AND NOT k.conperiod" : "");
    buf_adds(sql, " GROUP BY k.oid, k.conname, k.conrelid, cn.nspname, cc.relname, pn.nspname, pc.relname,"
                  " pc.relkind ORDER BY k.oid");
}

static int read_references(struct recopy *recopy, struct pg *side, struct err *err, PGresult **ret_references)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    add_references_sql(recopy, side->version, &sql);
    return buf_failed(&sql) ? err_no_memory(err)
                            : pg_query(side, err, ret_references, buf_text(&sql), 0, NULL);
}

static bool is_ours(const PGresult *references, int row)
{
    return pg_is_true(references, row, KEY_IS_OURS);
}

static int remove_dangling(struct recopy *recopy, const PGresult *references, int row, struct err *err,
                           int64_t *ret_removed)
{
    struct pg *target = &recopy->state->target;
    auto_result PGresult *removed = NULL;
    auto_free char *sql =
        str_format("DELETE FROM ONLY %s c WHERE %s", PQgetvalue(references, row, KEY_REFERRING),
                   PQgetvalue(references, row, KEY_DANGLES));
    if (sql == NULL) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &removed, sql, 0, NULL) != 0) {
        return -1;
    }
    str_to_int(PQcmdTuples(removed), 0, INT64_MAX, ret_removed);
    if (*ret_removed > 0) {
        cutover_note(recopy->state,
                     "Not migrated, because they reference rows of %s that were written after the cutover "
                     "was triggered: %lld row%s of %s",
                     PQgetvalue(references, row, KEY_REFERENCED), (long long)*ret_removed,
                     *ret_removed == 1 ? "" : "s", PQgetvalue(references, row, KEY_REFERRING));
    }
    return 0;
}

static int tell_dangling(struct recopy *recopy, const PGresult *references, int row, struct err *err)
{
    auto_free char *count = NULL;
    auto_free char *sql =
        str_format("SELECT count(*) FROM ONLY %s c WHERE %s", PQgetvalue(references, row, KEY_REFERRING),
                   PQgetvalue(references, row, KEY_DANGLES));
    if (sql == NULL) {
        return err_no_memory(err);
    }
    if (pg_value(&recopy->state->target, err, &count, sql, 0, NULL) != 0) {
        return -1;
    }
    if (!str_equals(count, "0")) {
        cutover_note(recopy->state,
                     "Reference rows of %s that were deleted after the cutover was triggered: %s row%s of %s",
                     PQgetvalue(references, row, KEY_REFERENCED), count, str_equals(count, "1") ? "" : "s",
                     PQgetvalue(references, row, KEY_REFERRING));
    }
    return 0;
}

/* Whether the target has the key, too. */
static bool is_known(const PGresult *references, const PGresult *known, int row)
{
    for (int other = 0; other < PQntuples(known); other++) {
        if (str_equals(PQgetvalue(references, row, KEY_REFERRING), PQgetvalue(known, other, KEY_REFERRING)) &&
            str_equals(PQgetvalue(references, row, KEY_NAME), PQgetvalue(known, other, KEY_NAME))) {
            return true;
        }
    }
    return false;
}

/* Deletes by the keys of "references" that are not in "known", which may be NULL. */
static int remove_by(struct recopy *recopy, const PGresult *references, const PGresult *known,
                     struct err *err, bool *any)
{
    for (int row = 0; row < PQntuples(references); row++) {
        int64_t removed = 0;
        if (is_ours(references, row) && (known == NULL || !is_known(references, known, row)) &&
            remove_dangling(recopy, references, row, err, &removed) != 0) {
            return -1;
        }
        *any = *any || removed > 0;
    }
    return 0;
}

/* Repeats, because other rows may reference a deleted row. */
static int remove_all_dangling(struct recopy *recopy, const PGresult *target, const PGresult *source,
                               struct err *err)
{
    bool any = true;
    for (int pass = 0; any && pass < PASSES_MAX; pass++) {
        any = false;
        if (remove_by(recopy, target, NULL, err, &any) != 0 ||
            (source != NULL && remove_by(recopy, source, target, err, &any) != 0)) {
            return -1;
        }
    }
    return 0;
}

/* The source knows the foreign keys that were set aside on the target. */
int recopy_settle_references(struct recopy *recopy, struct err *err)
{
    struct pg *target = &recopy->state->target;
    auto_result PGresult *references = NULL;
    auto_result PGresult *of_source = NULL;
    if (read_references(recopy, target, err, &references) != 0 ||
        (!target->replica && read_references(recopy, &recopy->state->source, err, &of_source) != 0) ||
        remove_all_dangling(recopy, references, of_source, err) != 0) {
        return -1;
    }
    /* Without the role of a replica, the target itself checks these keys. */
    for (int row = 0; target->replica && row < PQntuples(references); row++) {
        if (!is_ours(references, row) && tell_dangling(recopy, references, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}
