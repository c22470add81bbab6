/* SPDX-License-Identifier: MIT */
/* Reads the relations of both sides with one query each. */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/replication_name.h"
#include "engine/catalog/user_relation.h"
#include "engine/cutover/cutover_private.h"

enum { SQL_MAX_BYTES = 64 * 1024, NAMES_REPORTED = 10, NAMES_MAX_BYTES = 8192 };

/* The relations of one side, by schema and name. */
struct side_list {
    struct cutover_shape *items;
    size_t count;
};

/*
 * The first row ('L') holds facts about the database: large objects, the publication, the snapshot. Published
 * tables come from the catalog, because PostgreSQL's function for them waits for locks on the tables.
 */
static const char head_sql[] =
    "WITH RECURSIVE published AS (SELECT p.oid, p.puballtables FROM pg_publication p WHERE p.pubname = $1),"
    " carried AS (SELECT r.prrelid AS oid FROM published p JOIN pg_publication_rel r ON r.prpubid = p.oid"
    "   UNION SELECT i.inhrelid FROM carried r JOIN pg_inherits i ON i.inhparent = r.oid"
    "     JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition),"
    " config AS (SELECT u.oid, u.condition FROM pg_extension e, LATERAL (SELECT unnest(e.extconfig) AS oid,"
    "   unnest(e.extcondition) AS condition) u),"
    " relations AS (SELECT c.oid, c.relkind, n.nspname, c.relname, n.oid AS place, c.relpersistence,"
    "     c.relispopulated, c.relpages, CASE WHEN g.oid IS NOT NULL THEN coalesce(g.condition, '') END AS "
    "condition"
    "   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN config g ON g.oid = c.oid"
    "   WHERE c.relkind IN ('r', 'p', 'S', 'm') AND " USER_RELATION("g.oid IS NOT NULL") ")";
static const char tail_sql[] =
    ", parents AS (SELECT i.inhrelid AS oid, string_agg(format('%I.%I', n.nspname, c.relname), ', '"
    "     ORDER BY i.inhseqno) AS names FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent"
    "     JOIN pg_namespace n ON n.oid = c.relnamespace GROUP BY 1),"
    " columns AS (SELECT a.attrelid AS oid, array_agg(a.attname::text ORDER BY a.attname::text COLLATE \"C\")"
    "     AS names FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid"
    "     WHERE r.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1)"
    " SELECT 'L', '', txid_current_snapshot()::text, EXISTS (SELECT 1 FROM pg_largeobject_metadata),"
    "   EXISTS (SELECT 1 FROM published), false, 0, NULL, NULL, NULL, NULL, 0, false"
    " UNION ALL SELECT r.relkind::text, r.nspname::text, r.relname::text,"
    "   has_schema_privilege(r.place, 'USAGE') AND CASE r.relkind"
    "     WHEN 'S' THEN has_sequence_privilege(r.oid, 'SELECT') ELSE has_table_privilege(r.oid, 'SELECT') "
    "END,"
    "   r.relpersistence = 'p' AND (EXISTS (SELECT 1 FROM published WHERE puballtables)"
    "     OR r.oid IN (SELECT oid FROM carried)), r.relispopulated, r.relpages, r.condition,"
    "   CASE WHEN t.oid IS NOT NULL THEN format('%I.%I', n.nspname, t.relname) END, p.names, c.names::text, "
    "r.oid,"
    "   r.relpersistence = 'p'"
    " FROM relations r LEFT JOIN roots o ON o.leaf = r.oid LEFT JOIN pg_class t ON t.oid = o.root"
    "   LEFT JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN parents p ON p.oid = r.oid"
    "   LEFT JOIN columns c ON c.oid = r.oid";

enum { COLUMN_CONDITION = 7, COLUMN_ROOT, COLUMN_PARENTS, COLUMN_COLUMNS, COLUMN_OID, COLUMN_PERMANENT };

static int by_name(const void *a, const void *b)
{
    const struct cutover_relation *left = &((const struct cutover_shape *)a)->relation;
    const struct cutover_relation *right = &((const struct cutover_shape *)b)->relation;
    int schemas = strcmp(left->schema, right->schema);
    return schemas != 0 ? schemas : strcmp(left->name, right->name);
}

static char *text_or_null(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

/* Strings belong to the result. */
static int read_side(const struct cutover_state *state, const PGresult *rows, struct err *err,
                     struct side_list *list)
{
    list->items = calloc((size_t)PQntuples(rows) + 1, sizeof(*list->items));
    if (list->items == NULL) {
        return err_no_memory(err);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        char *schema = PQgetvalue(rows, row, 1);
        char kind = PQgetvalue(rows, row, 0)[0];
        /* The helper schemas of this and other online migrations. */
        bool ours = strcmp(schema, state->cutover->name) == 0 || replication_name_is_ours(schema);
        if (kind == 'L' || ours) {
            continue;
        }
        struct cutover_shape *item = &list->items[list->count++];
        item->relation = (struct cutover_relation){.kind = kind,
                                                   .schema = schema,
                                                   .name = PQgetvalue(rows, row, 2),
                                                   .condition = text_or_null(rows, row, COLUMN_CONDITION),
                                                   .root = text_or_null(rows, row, COLUMN_ROOT),
                                                   .source_readable = pg_is_true(rows, row, 3),
                                                   .carried = pg_is_true(rows, row, 4),
                                                   .published = pg_is_true(rows, row, 4),
                                                   .permanent = pg_is_true(rows, row, COLUMN_PERMANENT),
                                                   .filled = pg_is_true(rows, row, 5)};
        int64_t oid = 0;
        str_to_int(PQgetvalue(rows, row, COLUMN_OID), 0, UINT32_MAX, &oid);
        item->relation.oid = (uint32_t)oid;
        item->parents = PQgetvalue(rows, row, COLUMN_PARENTS);
        item->columns = PQgetvalue(rows, row, COLUMN_COLUMNS);
        str_to_int(PQgetvalue(rows, row, 6), 0, INT64_MAX, &item->relation.pages);
    }
    qsort(list->items, list->count, sizeof(*list->items), by_name);
    return 0;
}

static void read_first_row(struct cutover_state *state, const PGresult *source, const PGresult *target)
{
    state->large_objects = pg_is_true(source, 0, 3) || pg_is_true(target, 0, 3);
    state->published = pg_is_true(source, 0, 4);
    state->transactions = str_dup(PQgetvalue(source, 0, 2));
}

/* ---- putting both together -------------------------------------------------------------------------------
 */

static bool copy_text(const char *text, char **ret_copy)
{
    *ret_copy = text == NULL ? NULL : str_dup(text);
    return text == NULL || *ret_copy != NULL;
}

static int keep(struct cutover_state *state, const struct cutover_relation *source,
                const struct cutover_relation *target, struct err *err)
{
    struct cutover_relation *kept = &state->relations[state->relation_count++];
    *kept = *source;
    kept->target_readable = target->source_readable;
    kept->target_oid = target->oid;
    kept->pages = source->pages > target->pages ? source->pages : target->pages;
    bool copied = copy_text(source->schema, &kept->schema);
    copied = copy_text(source->name, &kept->name) && copied;
    copied = copy_text(source->condition, &kept->condition) && copied;
    copied = copy_text(source->root, &kept->root) && copied;
    return copied ? 0 : err_no_memory(err);
}

/* Tables that only the target has. */
struct names {
    struct buf text;
    size_t count;
};

static void add_name(struct names *names, const struct cutover_relation *relation)
{
    if (relation->kind == 'r' && names->count++ < NAMES_REPORTED) {
        buf_addf(&names->text, "%s%s.%s", names->count > 1 ? ", " : "", relation->schema, relation->name);
    }
}

static void note_names(struct cutover_state *state, const struct names *names)
{
    if (names->count > 0) {
        size_t more = names->count > NAMES_REPORTED ? names->count - NAMES_REPORTED : 0;
        auto_free char *rest = more > 0 ? str_format(" and %zu more", more) : NULL;
        cutover_note(state, "%zu table%s only on the target, unchanged: %s%s", names->count,
                     names->count == 1 ? "" : "s", buf_text(&names->text), rest != NULL ? rest : "");
    }
}

static int merge(struct cutover_state *state, const struct side_list *source, const struct side_list *target,
                 struct names *names, struct err *err)
{
    size_t s = 0;
    size_t t = 0;
    state->relations = calloc(source->count + 1, sizeof(*state->relations));
    if (state->relations == NULL) {
        return err_no_memory(err);
    }
    while (s < source->count || t < target->count) {
        int order = s == source->count   ? 1
                    : t == target->count ? -1
                                         : by_name(&source->items[s], &target->items[t]);
        const struct cutover_shape *here = order <= 0 ? &source->items[s++] : NULL;
        const struct cutover_shape *there = order >= 0 ? &target->items[t++] : NULL;
        if (here == NULL) {
            add_name(names, &there->relation);
            continue;
        }
        size_t missing = state->missing.count;
        if (cutover_compare_shapes(state, here, there, err) != 0) {
            return -1;
        }
        if (there == NULL || here->relation.kind != there->relation.kind) {
            continue;
        }
        if (keep(state, &here->relation, &there->relation, err) != 0) {
            return -1;
        }
        state->relations[state->relation_count - 1].differs = state->missing.count > missing;
    }
    return 0;
}

/* Takes the older major: a newer server can have features that the older one lacks, not the reverse. */
static int add_sql(const struct cutover_state *state, struct buf *sql, struct err *err)
{
    int source = state->source.version;
    int target = state->target.version;
    buf_adds(sql, head_sql);
    catalog_add_hash_roots(sql, source < target ? source : target);
    buf_adds(sql, tail_sql);
    return buf_failed(sql) ? err_no_memory(err) : 0;
}

int cutover_read_catalogs(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *source_rows = NULL;
    auto_result PGresult *target_rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *params[] = {state->cutover->name};
    if (cutover_compare_identities(state, err) != 0 || add_sql(state, &sql, err) != 0) {
        return -1;
    }
    if (cutover_ask_both(state, buf_text(&sql), 1, params, err, &source_rows, &target_rows) != 0) {
        return err_prefix(err, "Cannot list the tables of both databases. ");
    }
    struct side_list source = {0};
    struct side_list target = {0};
    struct names names = {.text = BUF_MAX(NAMES_MAX_BYTES)};
    read_first_row(state, source_rows, target_rows);
    int result = -1;
    if (read_side(state, source_rows, err, &source) == 0 &&
        read_side(state, target_rows, err, &target) == 0 &&
        merge(state, &source, &target, &names, err) == 0) {
        note_names(state, &names);
        result = 0;
    }
    buf_done(&names.text);
    free(source.items);
    free(target.items);
    return result;
}
