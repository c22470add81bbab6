/* SPDX-License-Identifier: MIT */
/*
 * Recopies the tables of both sides that the stream has not carried: unlogged ones, those that the login may
 * not publish, stale ones. One transaction per side copies all of them from one snapshot, so that they fit
 * together. If all of them are empty on both sides, it does nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/catalog/source_lock.h"
#include "engine/cutover/cutover_recopy_private.h"
#include "engine/pg/ddl_wait.h"

enum {
    SQL_MAX_BYTES = 8 * 1024 * 1024,
    NAMES_REPORTED = 10,
    NAMES_MAX_BYTES = 8192,
    RECOPY_ATTEMPTS = 4, /* then the cutover reports the lock and waits */
    RECOPY_PAUSE_MS = 200
};

static bool is_wanted(const struct cutover_relation *relation)
{
    return relation->kind == 'r' && !relation->carried;
}

static bool any_wanted(struct cutover_state *state)
{
    bool any = false;
    /* Only the publication shows which tables the stream has carried. It is removed after this stage. */
    for (size_t i = 0; i < state->relation_count && state->published; i++) {
        struct cutover_relation *relation = &state->relations[i];
        if (is_wanted(relation) && !relation->source_readable) {
            cutover_lose(state,
                         "Table %s.%s still has the rows of the base copy: it is not published, and the user "
                         "may not read it.",
                         relation->schema, relation->name);
            relation->carried = true;
        }
        any = any || is_wanted(relation);
    }
    return any;
}

static int compare_names(const void *key, const void *element)
{
    const struct catalog_table *table = key;
    const struct cutover_relation *relation = element;
    int schemas = strcmp(table->schema, relation->schema);
    return schemas != 0 ? schemas : strcmp(table->name, relation->name);
}

static bool is_same_root(const struct catalog_table *a, const struct catalog_table *b)
{
    return a->root_name != NULL && b->root_name != NULL && strcmp(a->root_name, b->root_name) == 0 &&
           strcmp(a->root_schema, b->root_schema) == 0;
}

/* Rows that are written through a root may land in any of its partitions, so all of them are replaced. */
static bool shares_root(const struct recopy *recopy, size_t chosen, const struct catalog_table *table)
{
    for (size_t i = 0; i < chosen; i++) {
        if (is_same_root(recopy->tables[i].table, table)) {
            return true;
        }
    }
    return false;
}

static int choose(struct recopy *recopy, const struct catalog *catalog, struct err *err)
{
    const struct cutover_state *state = recopy->state;
    recopy->tables = calloc(catalog->table_count + 1, sizeof(*recopy->tables));
    auto_free bool *taken = calloc(catalog->table_count + 1, sizeof(*taken));
    if (recopy->tables == NULL || taken == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct cutover_relation *relation =
            bsearch(&catalog->tables[i], state->relations, state->relation_count, sizeof(*state->relations),
                    compare_names);
        taken[i] = relation != NULL && is_wanted(relation);
        if (taken[i]) {
            recopy->tables[recopy->count++].table = &catalog->tables[i];
        }
    }
    size_t chosen = recopy->count;
    for (size_t i = 0; i < catalog->table_count; i++) {
        if (!taken[i] && shares_root(recopy, chosen, &catalog->tables[i])) {
            recopy->tables[recopy->count++].table = &catalog->tables[i];
        }
    }
    return 0;
}

static void add_target_sql(struct recopy *recopy, struct buf *sql)
{
    int version = recopy->state->target.version;
    buf_adds(sql, "WITH chosen AS (SELECT v.n, v.name::regclass::oid AS oid FROM (");
    recopy_add_values(recopy, sql);
    buf_adds(sql,
             ") v(n, name)), referred AS (SELECT k.confrelid AS oid, bool_or(k.conrelid NOT IN"
             "   (SELECT oid FROM chosen)) AS outside FROM pg_constraint k WHERE k.contype = 'f' GROUP BY 1)"
             " SELECT pg_relation_size(c.oid), r.oid IS NOT NULL, coalesce(r.outside, false), k.columns,"
             "  k.same, (SELECT string_agg(format('%1$I = EXCLUDED.%1$I', a.attname), ', ' ORDER BY a.attnum)"
             "    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped");
    buf_adds(sql, version >= 120000 ? " AND a.attgenerated = '')" : ")");
    buf_adds(sql, " FROM chosen c LEFT JOIN referred r ON r.oid = c.oid CROSS JOIN LATERAL ("
                  "  SELECT string_agg(quote_ident(a.attname), ', ') AS columns,"
                  "    string_agg(format('s.%1$I::text = t.%1$I::text', a.attname), ' AND ') AS same"
                  "  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY ("
                  "   (SELECT u.conkey FROM pg_constraint u WHERE u.conrelid = c.oid"
                  "     AND u.contype IN ('p', 'u') AND NOT u.condeferrable"
                  "     ORDER BY u.contype, u.oid LIMIT 1)::int2[])) k ORDER BY c.n");
}

static int ask_target(struct recopy *recopy, struct err *err)
{
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    add_target_sql(recopy, &sql);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(&recopy->state->target, err, &rows, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        struct recopy_table *table = &recopy->tables[row];
        str_to_int(PQgetvalue(rows, row, 0), 0, INT64_MAX, &table->target_bytes);
        table->referenced = pg_is_true(rows, row, 1);
        table->outside = pg_is_true(rows, row, 2);
        table->key = PQgetisnull(rows, row, 3) ? NULL : str_dup(PQgetvalue(rows, row, 3));
        table->same = str_dup(PQgetvalue(rows, row, 4));
        table->assign = str_dup(PQgetvalue(rows, row, 5));
        if (table->same == NULL || table->assign == NULL) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static bool all_empty(const struct recopy *recopy)
{
    for (size_t i = 0; i < recopy->count; i++) {
        if (recopy->tables[i].table->bytes > 0 || recopy->tables[i].target_bytes > 0) {
            return false;
        }
    }
    return true;
}

/* Functions in CHECKs and generated columns may need the database's search_path. */
static int replace(struct recopy *recopy, struct err *err)
{
    struct cutover_state *state = recopy->state;
    struct pg *target = &state->target;
    return pg_run(target, err, "BEGIN") != 0 ||
                   source_settings_use_path(&state->settings, target, true, err) != 0 ||
                   recopy_replace_rows(recopy, err) != 0 ||
                   source_settings_use_path(&state->settings, target, false, err) != 0 ||
                   recopy_settle_references(recopy, err) != 0 || pg_run(target, err, "COMMIT") != 0
               ? -1
               : 0;
}

static int begin_second_attempt(struct recopy *recopy, struct err *err)
{
    struct cutover_state *state = recopy->state;
    recopy->text = true;
    return pg_run(&state->target, err, "ROLLBACK") != 0 ||
                   pg_set_encoding(&state->target, state->encoding, err) != 0 ||
                   pg_run(&state->source, err, "ROLLBACK TO SAVEPOINT recopy") != 0 ||
                   pg_set_encoding(&state->source, state->encoding, err) != 0
               ? -1
               : 0;
}

static bool is_over(const struct cutover_state *state, const struct err *err)
{
    return restore_is_over(&state->target, err) || restore_is_over(&state->source, err) ||
           state->source.tainted || state->target.tainted;
}

static int replace_somehow(struct recopy *recopy, struct err *err)
{
    struct cutover_state *state = recopy->state;
    if (replace(recopy, err) == 0) {
        return 0;
    }
    struct err reason = *err;
    if (is_over(state, err)) {
        return -1;
    }
    if (begin_second_attempt(recopy, err) != 0 || replace(recopy, err) != 0) {
        *err = is_over(state, err) ? *err : reason;
        return -1;
    }
    return 0;
}

static void tell(struct recopy *recopy)
{
    auto_buf struct buf names = BUF_MAX(NAMES_MAX_BYTES);
    for (size_t i = 0; i < recopy->count && i < NAMES_REPORTED; i++) {
        const struct recopy_table *table = &recopy->tables[i];
        buf_addf(&names, "%s%s.%s (%lld row%s)", i > 0 ? ", " : "", table->table->schema, table->table->name,
                 (long long)table->rows, table->rows == 1 ? "" : "s");
    }
    if (recopy->count > NAMES_REPORTED) {
        buf_addf(&names, " and %zu more", recopy->count - NAMES_REPORTED);
    }
    cutover_note(recopy->state, "Recopied, because logical replication does not carry these tables: %s",
                 buf_text(&names));
}

static int recopy_chosen(struct recopy *recopy, struct err *err)
{
    if (ask_target(recopy, err) != 0 || recopy_compare_types(recopy, err) != 0) {
        return -1;
    }
    if (all_empty(recopy)) {
        return 0;
    }
    if (replace_somehow(recopy, err) != 0) {
        return -1;
    }
    recopy->state->copied = true;
    tell(recopy);
    return 0;
}

static void recopy_done(struct recopy *recopy)
{
    for (size_t i = 0; i < recopy->count; i++) {
        recopy_table_done(&recopy->tables[i]);
    }
    free(recopy->tables);
    recopy->tables = NULL;
    recopy->count = 0;
}

/* Locks tables; "sql" is a query that returns OID, schema and name. */
static int lock_names(struct pg *source, const char *sql, int64_t started_ms, struct err *err)
{
    auto_result PGresult *tables = NULL;
    return pg_query(source, err, &tables, sql, 0, NULL) != 0
               ? -1
               : source_tables_lock(source, tables, started_ms, err);
}

static void add_name(struct pg *source, struct buf *sql, const char *schema, const char *name)
{
    buf_adds(sql, sql->len == 0 ? "VALUES (0::oid, " : ", (0::oid, ");
    pg_add_literal(source, sql, schema);
    buf_adds(sql, ", ");
    pg_add_literal(source, sql, name);
    buf_adds(sql, ")");
}

/* Locks before the snapshot, which then sees everything that others had committed. */
static int begin_locked(struct cutover_state *state, int64_t started_ms, struct err *err)
{
    struct pg *source = &state->source;
    auto_result PGresult *tables = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < state->relation_count; i++) {
        if (is_wanted(&state->relations[i])) {
            add_name(source, &sql, state->relations[i].schema, state->relations[i].name);
        }
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    return pg_query(source, err, &tables, buf_text(&sql), 0, NULL) != 0 ||
                   pg_run(source, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") != 0
               ? -1
               : source_tables_lock(source, tables, started_ms, err);
}

/* Locks the partitions that are recopied only because of others. *ret_moved: a table was truncated or
 * rewritten after the snapshot, which does not show its rows. */
static int lock_chosen(struct recopy *recopy, int64_t started_ms, struct err *err, bool *ret_moved)
{
    struct pg *source = &recopy->state->source;
    auto_free char *moved = NULL;
    auto_buf struct buf names = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf oids = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < recopy->count; i++) {
        const struct catalog_table *table = recopy->tables[i].table;
        add_name(source, &names, table->schema, table->name);
        buf_addf(&oids, "%s%u", i == 0 ? "" : ", ", (unsigned)table->oid);
    }
    auto_free char *sql = str_format("SELECT 1 FROM pg_class WHERE oid IN (%s)"
                                     " AND pg_relation_filenode(oid) IS DISTINCT FROM relfilenode LIMIT 1",
                                     buf_text(&oids));
    if (buf_failed(&names) || buf_failed(&oids) || sql == NULL) {
        return err_no_memory(err);
    }
    if (lock_names(source, buf_text(&names), started_ms, err) != 0 ||
        pg_value(source, err, &moved, sql, 0, NULL) != 0) {
        return -1;
    }
    *ret_moved = moved != NULL;
    return 0;
}

/* One attempt. *ret_moved: a lock or a rewritten table prevented it. */
static int attempt(struct cutover_state *state, struct err *err, bool *ret_moved)
{
    struct pg *source = &state->source;
    auto_catalog struct catalog catalog = {0};
    struct recopy recopy = {.state = state,
                            .encoding = PQparameterStatus(source->connection, "server_encoding")};
    int64_t started_ms = clock_monotonic_ms();
    int result = begin_locked(state, started_ms, err);
    if (result == 0) {
        result = catalog_read(source, state->target.version, recopy.encoding, err, &catalog) != 0 ||
                         choose(&recopy, &catalog, err) != 0 ||
                         (recopy.count > 0 && lock_chosen(&recopy, started_ms, err, ret_moved) != 0)
                     ? -1
                     : 0;
    }
    *ret_moved = *ret_moved || (result != 0 && source_lock_timed_out(err));
    if (result == 0 && !*ret_moved) {
        result = pg_run(source, err, "SAVEPOINT recopy") != 0 ||
                         (recopy.count > 0 && recopy_chosen(&recopy, err) != 0)
                     ? -1
                     : pg_run(source, err, "COMMIT");
    }
    recopy_done(&recopy);
    return result;
}

/* Reports who has locked a table. The caller shows the message and retries the cutover without a deadline, as
 * nothing on the target has changed yet. */
static int fail_locked(struct cutover_state *state, struct err *err)
{
    struct err ignored = {0};
    auto_free char *holder = NULL;
    (void)source_lock_holder(&state->source, &ignored, &holder);
    err_set(err, ERR_UNAVAILABLE,
            "Cannot lock a table of the source for reading: %s. Malachite retries until it succeeds.",
            holder != NULL ? holder : "it was truncated or rewritten in each attempt");
    err->lasting = false;
    err->waiting = true;
    return -1;
}

static int recopy_with_patience(struct cutover_state *state, struct err *err)
{
    struct pg *source = &state->source;
    for (int attempts = 0; attempts < RECOPY_ATTEMPTS; attempts++) {
        bool moved = false;
        struct err lost = {0};
        int result = attempt(state, err, &moved);
        if (!moved) {
            return result;
        }
        if (pg_run(source, &lost, "ROLLBACK") != 0) {
            *err = lost;
            return -1;
        }
        clock_sleep_ms(RECOPY_PAUSE_MS);
    }
    return fail_locked(state, err);
}

int cutover_copy_tables(struct cutover_state *state, struct err *err)
{
    if (!any_wanted(state) || recopy_with_patience(state, err) == 0) {
        return 0;
    }
    /* The target's table rejects rows of the source: the user can change its definition. */
    err->waiting = err->waiting || ddl_wait_is_refusal(err->sqlstate);
    err->lasting = err->lasting && !err->waiting;
    return err_prefix(err, "Cannot recopy tables that logical replication does not carry. ");
}
