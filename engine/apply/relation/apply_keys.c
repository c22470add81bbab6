/* SPDX-License-Identifier: MIT */
#include "engine/apply/relation/apply_keys_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

enum { INCLUDED_COLUMNS_SINCE = 110000 };

/* Lists the columns of unique and exclusion indexes. "columns": how many columns the index compares. */
#define INDEXES(columns)                                                                                     \
    "SELECT i.indexrelid, i.indisprimary, i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL,"       \
    " a.attname, a.attnotnull, o.equals FROM pg_catalog.pg_index i CROSS JOIN LATERAL ("                     \
    "   SELECT * FROM unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY u(number, class, place)"   \
    "     WHERE u.place <= i." columns                                                                       \
    "   UNION ALL SELECT d.refobjsubid::int2, NULL, 10000 FROM pg_catalog.pg_depend d"                       \
    "     WHERE (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL) AND d.objid = i.indexrelid"                \
    "       AND d.classid = 'pg_catalog.pg_class'::regclass"                                                 \
    "       AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid) k"               \
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number"                \
    "   AND k.number > 0"                                                                                    \
    " LEFT JOIN LATERAL (SELECT format('OPERATOR(%I.%s)', n.nspname, p.oprname) AS equals"                   \
    "   FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_amop m ON m.amopfamily = c.opcfamily"                \
    "     AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype AND m.amopstrategy = 3"         \
    "     AND m.amopmethod = 403" /* btree */                                                                \
    "   JOIN pg_catalog.pg_operator p ON p.oid = m.amopopr"                                                  \
    "   JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace WHERE c.oid = k.class) o ON true"           \
    " WHERE i.indrelid = $1::pg_catalog.oid AND (i.indisunique OR i.indisexclusion) AND i.indimmediate"      \
    "   AND i.indisready ORDER BY i.indisprimary DESC, i.indexrelid, k.place"

static const char indexes_of_10[] = INDEXES("indnatts");
/* An index may include columns that it does not compare. */
static const char indexes_since_11[] = INDEXES("indnkeyatts");

enum { INDEX_OID, INDEX_PRIMARY, INDEX_PLAIN, INDEX_COLUMN, INDEX_NOT_NULL, INDEX_EQUALS };

static int index_end(const PGresult *indexes, int row)
{
    const char *oid = PQgetvalue(indexes, row, INDEX_OID);
    while (row < PQntuples(indexes) && strcmp(PQgetvalue(indexes, row, INDEX_OID), oid) == 0) {
        row++;
    }
    return row;
}

/* Whether the index identifies rows: it is unique and its columns are NOT NULL. */
static bool is_key(struct apply_relation *relation, const PGresult *indexes, int first, int end)
{
    for (int row = first; row < end; row++) {
        if (!pg_is_true(indexes, row, INDEX_PLAIN) || !pg_is_true(indexes, row, INDEX_NOT_NULL) ||
            PQgetisnull(indexes, row, INDEX_EQUALS) ||
            apply_relation_column(relation, PQgetvalue(indexes, row, INDEX_COLUMN)) == NULL) {
            return false;
        }
    }
    return true;
}

static bool is_source_key(struct apply_relation *relation, const PGresult *indexes, int first, int end)
{
    size_t source_keys = 0;
    for (size_t i = 0; i < relation->column_count; i++) {
        source_keys += relation->columns[i].source_key ? 1 : 0;
    }
    if (!is_key(relation, indexes, first, end) || source_keys != (size_t)(end - first)) {
        return false;
    }
    for (int row = first; row < end; row++) {
        const struct apply_column *column =
            apply_relation_column(relation, PQgetvalue(indexes, row, INDEX_COLUMN));
        if (column == NULL || !column->source_key) {
            return false;
        }
    }
    return true;
}

/* Whether the index contains all columns of the key: it rejects no row that the key accepts. */
static bool holds_key(const struct apply_relation *relation, const PGresult *indexes, int first, int end)
{
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        bool found = false;
        for (int row = first; row < end; row++) {
            found = found || strcmp(PQgetvalue(indexes, row, INDEX_COLUMN),
                                    relation->columns[relation->facts.keys[i]].name) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return pg_is_true(indexes, first, INDEX_PLAIN) && relation->facts.key_count > 0;
}

static int use_index(struct apply_relation *relation, const PGresult *indexes, int first, int end,
                     struct err *err)
{
    for (int row = first; row < end; row++) {
        struct apply_column *column = apply_relation_column(relation, PQgetvalue(indexes, row, INDEX_COLUMN));
        if (column == NULL) {
            continue;
        }
        relation->facts.keys[relation->facts.key_count++] = (size_t)(column - relation->columns);
        if (!str_replace(&column->equals, PQgetvalue(indexes, row, INDEX_EQUALS))) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static bool is_usable(struct apply_relation *relation, const PGresult *indexes, int first, int end)
{
    return relation->source_identity == 'f' ? is_key(relation, indexes, first, end)
                                            : is_source_key(relation, indexes, first, end);
}

static int choose_key(struct apply_relation *relation, const PGresult *indexes, struct err *err)
{
    for (int row = 0, end = 0; row < PQntuples(indexes); row = end) {
        end = index_end(indexes, row);
        if (is_usable(relation, indexes, row, end)) {
            return use_index(relation, indexes, row, end, err);
        }
    }
    for (size_t i = 0; relation->source_identity != 'f' && i < relation->column_count; i++) {
        if (relation->columns[i].source_key) { /* the target lacks the index: slow, but correct */
            relation->facts.keys[relation->facts.key_count++] = i;
        }
    }
    return 0;
}

/* Marks the columns of another index. An expression may depend on any column. */
static void mark_unique(struct apply_relation *relation, const PGresult *indexes, int first, int end)
{
    bool any = false;
    for (int row = first; row < end; row++) {
        struct apply_column *column = apply_relation_column(relation, PQgetvalue(indexes, row, INDEX_COLUMN));
        if (column != NULL) {
            column->unique = true;
            any = true;
        }
    }
    for (size_t i = 0; !any && i < relation->column_count; i++) {
        relation->columns[i].unique = true;
    }
}

static void mark_columns(struct apply_relation *relation, const PGresult *indexes)
{
    bool others = false;
    for (size_t i = 0; i < relation->column_count; i++) {
        relation->columns[i].key = false;
        relation->columns[i].unique = false;
    }
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        relation->columns[relation->facts.keys[i]].key = true;
    }
    for (int row = 0, end = 0; row < PQntuples(indexes); row = end) {
        end = index_end(indexes, row);
        if (!holds_key(relation, indexes, row, end)) {
            mark_unique(relation, indexes, row, end);
            others = true;
        }
    }
    /* A delete would also delete referencing rows where foreign keys act, and values of target-only columns.
     */
    bool by_key = relation->facts.identity == APPLY_BY_KEY;
    relation->facts.keeps_rows = relation->facts.acts || relation->facts.has_target_only_columns;
    relation->facts.rewrites = others && !relation->facts.keeps_rows && by_key;
    relation->facts.ordered = others && !relation->facts.rewrites;
    relation->facts.runs =
        relation->facts.acts || (by_key ? relation->facts.ordered : relation->facts.keeps_rows);
}

int apply_keys_load(struct apply_relation *relation, struct pg *target, const char *oid, struct err *err)
{
    auto_result PGresult *indexes = NULL;
    const char *sql = target->version >= INCLUDED_COLUMNS_SINCE ? indexes_since_11 : indexes_of_10;
    if (pg_query(target, err, &indexes, sql, 1, &oid) != 0) {
        return -1;
    }
    free(relation->facts.keys);
    relation->facts.key_count = 0;
    relation->facts.ordered = false;
    relation->facts.keys = calloc(relation->column_count + 1, sizeof(*relation->facts.keys));
    if (relation->facts.keys == NULL) {
        return err_no_memory(err);
    }
    if (choose_key(relation, indexes, err) != 0) {
        return -1;
    }
    bool whole_row = relation->source_identity == 'f' && relation->facts.key_count == 0;
    relation->facts.identity = whole_row                       ? APPLY_BY_ROW
                               : relation->facts.key_count > 0 ? APPLY_BY_KEY
                                                               : APPLY_BY_NOTHING;
    mark_columns(relation, indexes);
    return 0;
}
