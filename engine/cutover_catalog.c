/* SPDX-License-Identifier: MIT */
/* What both sides have, in one question to each. */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover_private.h"
#include "engine/replication_name.h"

enum { NAMES_TOLD = 10, NAMES_MAX_BYTES = 8192 };

/* One side's answer, by schema and name. */
struct side_list {
    struct cutover_relation *items;
    size_t count;
};

/*
 * The first row ('L') tells what is not about a relation: large objects, the publication, the snapshot. What
 * is in the publication is read from the catalog: PostgreSQL's function for it waits for locks on the tables.
 */
static const char relations_sql[] =
    "WITH RECURSIVE published AS (SELECT p.oid, p.puballtables FROM pg_publication p WHERE p.pubname = $1),"
    " carried AS (SELECT r.prrelid AS oid FROM published p JOIN pg_publication_rel r ON r.prpubid = p.oid"
    "   UNION SELECT i.inhrelid FROM carried r JOIN pg_inherits i ON i.inhparent = r.oid"
    "     JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition),"
    " config AS (SELECT unnest(extconfig) AS oid FROM pg_extension)"
    " SELECT 'L', '', txid_current_snapshot()::text, EXISTS (SELECT 1 FROM pg_largeobject_metadata),"
    "   EXISTS (SELECT 1 FROM published), false, 0"
    " UNION ALL SELECT c.relkind::text, n.nspname::text, c.relname::text,"
    "   has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind"
    "     WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') "
    "END,"
    "   c.relpersistence = 'p' AND (EXISTS (SELECT 1 FROM published WHERE puballtables)"
    "     OR c.oid IN (SELECT oid FROM carried)), c.relispopulated, c.relpages"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'S', 'm') AND c.relpersistence <> 't'"
    "   AND (c.oid IN (SELECT oid FROM config) OR (n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    "     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
    "       AND d.objid = c.oid AND d.deptype = 'e')))";

static bool is_true(const PGresult *rows, int row, int column)
{
    return strcmp(PQgetvalue(rows, row, column), "t") == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct cutover_relation *left = a;
    const struct cutover_relation *right = b;
    int schemas = strcmp(left->schema, right->schema);
    return schemas != 0 ? schemas : strcmp(left->name, right->name);
}

/* The names belong to the result. */
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
        /* Helpers of online migrations, this one's or others'. */
        bool ours = strcmp(schema, state->cutover->name) == 0 || replication_name_is_ours(schema);
        if (kind == 'L' || ours) {
            continue;
        }
        struct cutover_relation *item = &list->items[list->count++];
        *item = (struct cutover_relation){.kind = kind,
                                          .schema = schema,
                                          .name = PQgetvalue(rows, row, 2),
                                          .source_readable = is_true(rows, row, 3),
                                          .carried = is_true(rows, row, 4),
                                          .filled = is_true(rows, row, 5)};
        str_to_int(PQgetvalue(rows, row, 6), 0, INT64_MAX, &item->pages);
    }
    qsort(list->items, list->count, sizeof(*list->items), by_name);
    return 0;
}

static void read_first_row(struct cutover_state *state, const PGresult *source, const PGresult *target)
{
    state->large_objects = is_true(source, 0, 3) || is_true(target, 0, 3);
    state->published = is_true(source, 0, 4);
    state->transactions = str_dup(PQgetvalue(source, 0, 2));
}

/* ---- what only one side has ------------------------------------------------------------------------------
 */

struct names {
    struct buf text;
    size_t count;
};

static void add_name(struct names *names, const struct cutover_relation *relation)
{
    if (names->count++ < NAMES_TOLD) {
        buf_addf(&names->text, "%s%s.%s", names->count > 1 ? ", " : "", relation->schema, relation->name);
    }
}

static void tell_names(struct cutover_state *state, const struct names *names, const char *what,
                       const char *why)
{
    if (names->count == 0) {
        return;
    }
    size_t more = names->count > NAMES_TOLD ? names->count - NAMES_TOLD : 0;
    auto_free char *rest = more > 0 ? str_format(" and %zu more", more) : NULL;
    cutover_note(state, "%zu %s%s %s: %s%s", names->count, what, names->count == 1 ? "" : "s", why,
                 buf_text(&names->text), rest != NULL ? rest : "");
}

/* What only one side has, in the order of the notes. */
enum { NEW_TABLES, NEW_SEQUENCES, GONE_TABLES, NAME_LISTS };

static void tell_differences(struct cutover_state *state, struct names lists[static NAME_LISTS])
{
    tell_names(state, &lists[NEW_TABLES], "table",
               "on the source only, made after the base copy: not migrated");
    tell_names(state, &lists[NEW_SEQUENCES], "sequence",
               "on the source only, made after the base copy: not migrated");
    tell_names(state, &lists[GONE_TABLES], "table", "on the target only, left as found");
}

/* ---- putting both together -------------------------------------------------------------------------------
 */

static int keep(struct cutover_state *state, const struct cutover_relation *source,
                const struct cutover_relation *target, struct err *err)
{
    struct cutover_relation *kept = &state->relations[state->relation_count++];
    *kept = *source;
    kept->schema = str_dup(source->schema);
    kept->name = str_dup(source->name);
    kept->target_readable = target->source_readable;
    kept->pages = source->pages > target->pages ? source->pages : target->pages;
    return kept->schema == NULL || kept->name == NULL ? err_no_memory(err) : 0;
}

static void add_lone(struct names lists[static NAME_LISTS], const struct cutover_relation *relation,
                     bool on_source)
{
    if (relation->kind == 'r') {
        add_name(&lists[on_source ? NEW_TABLES : GONE_TABLES], relation);
    } else if (relation->kind == 'S' && on_source) {
        add_name(&lists[NEW_SEQUENCES], relation);
    }
}

static int merge(struct cutover_state *state, const struct side_list *source, const struct side_list *target,
                 struct names lists[static NAME_LISTS], struct err *err)
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
        if (order < 0) {
            add_lone(lists, &source->items[s++], true);
        } else if (order > 0) {
            add_lone(lists, &target->items[t++], false);
        } else {
            const struct cutover_relation *here = &source->items[s++];
            const struct cutover_relation *there = &target->items[t++];
            if (here->kind == there->kind && keep(state, here, there, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int cutover_read_catalogs(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *source_rows = NULL;
    auto_result PGresult *target_rows = NULL;
    const char *params[] = {state->cutover->name};
    if (cutover_ask_both(state, relations_sql, 1, params, err, &source_rows, &target_rows) != 0) {
        return err_prefix(err, "The tables of both databases cannot be listed. ");
    }
    struct side_list source = {0};
    struct side_list target = {0};
    struct names lists[NAME_LISTS] = {{.text = BUF_MAX(NAMES_MAX_BYTES)},
                                      {.text = BUF_MAX(NAMES_MAX_BYTES)},
                                      {.text = BUF_MAX(NAMES_MAX_BYTES)}};
    read_first_row(state, source_rows, target_rows);
    int result = -1;
    if (read_side(state, source_rows, err, &source) == 0 &&
        read_side(state, target_rows, err, &target) == 0 && merge(state, &source, &target, lists, err) == 0) {
        tell_differences(state, lists);
        result = 0;
    }
    for (size_t i = 0; i < NAME_LISTS; i++) {
        buf_done(&lists[i].text);
    }
    free(source.items);
    free(target.items);
    return result;
}
