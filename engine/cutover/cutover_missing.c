/* SPDX-License-Identifier: MIT */
/*
 * Finds objects that hold data and that the target lacks: tables, columns, partitions and sequences that were
 * created on the source after the base copy. Logical replication does not carry DDL, so the user repeats it.
 */
#include <stdarg.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"

enum { LINE_MAX_BYTES = 16 * 1024, LISTED = 10, LIST_MAX_BYTES = 64 * 1024 };

int cutover_miss(struct cutover_state *state, struct err *err, const char *format, ...)
{
    auto_buf struct buf text = BUF_MAX(LINE_MAX_BYTES);
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    bool added = !buf_failed(&text) && str_list_add(&state->missing, buf_text(&text));
    return added ? 0 : err_no_memory(err);
}

/* The columns of the first list that the second lacks, or NULL. */
static int subtract_columns(struct cutover_state *state, const char *from, const char *columns,
                            struct err *err, char **ret_names)
{
    const char *params[] = {from, columns};
    return pg_value(&state->target, err, ret_names,
                    "SELECT string_agg(name, ', ') FROM (SELECT unnest($1::text[]) EXCEPT"
                    " SELECT unnest($2::text[]) ORDER BY 1) u(name)",
                    2, params);
}

static int compare_columns(struct cutover_state *state, const struct cutover_shape *source,
                           const struct cutover_shape *target, struct err *err)
{
    const struct cutover_relation *relation = &source->relation;
    auto_free char *lacking = NULL;
    if (strcmp(source->columns, target->columns) == 0) {
        return 0;
    }
    /* A table without columns has no list. */
    const char *here = source->columns[0] == '\0' ? "{}" : source->columns;
    const char *there = target->columns[0] == '\0' ? "{}" : target->columns;
    if (subtract_columns(state, here, there, err, &lacking) != 0) {
        return -1;
    }
    return lacking == NULL ? 0
                           : cutover_miss(state, err, "column %s of table %s.%s", lacking, relation->schema,
                                          relation->name);
}

static int compare_parents(struct cutover_state *state, const struct cutover_shape *source,
                           const struct cutover_shape *target, struct err *err)
{
    const struct cutover_relation *relation = &source->relation;
    if (strcmp(source->parents, target->parents) == 0) {
        return 0;
    }
    if (source->parents[0] == '\0') {
        return cutover_miss(state, err, "table %s.%s was detached from %s", relation->schema, relation->name,
                            target->parents);
    }
    return cutover_miss(state, err, "table %s.%s was attached to %s", relation->schema, relation->name,
                        source->parents);
}

static const char *kind_name(char kind)
{
    return kind == 'S' ? "sequence" : kind == 'm' ? "materialized view" : "table";
}

/* A materialized view can be computed again, and an extension's table belongs to the extension. */
static bool holds_data(const struct cutover_relation *relation)
{
    return relation->kind != 'm' && relation->condition == NULL;
}

int cutover_compare_shapes(struct cutover_state *state, const struct cutover_shape *source,
                           const struct cutover_shape *target, struct err *err)
{
    const struct cutover_relation *relation = &source->relation;
    const char *kind = kind_name(relation->kind);
    if (target == NULL && holds_data(relation)) {
        auto_free char *name = str_format("%s.%s", relation->schema, relation->name);
        if (name != NULL && str_list_has(&state->renamed, name)) {
            return 0; /* reported already */
        }
        return cutover_miss(state, err, "%s %s.%s", kind, relation->schema, relation->name);
    }
    if (target == NULL) {
        cutover_warn(state, "The %s %s.%s is not on the target.", kind, relation->schema, relation->name);
        return 0;
    }
    if (relation->kind != target->relation.kind) {
        return holds_data(relation)
                   ? cutover_miss(state, err, "%s %s.%s, which is another kind of table on the target", kind,
                                  relation->schema, relation->name)
                   : 0;
    }
    return compare_columns(state, source, target, err) != 0 ||
                   compare_parents(state, source, target, err) != 0
               ? -1
               : 0;
}

int cutover_check_missing(struct cutover_state *state, struct err *err)
{
    auto_buf struct buf list = BUF_MAX(LIST_MAX_BYTES);
    const struct str_list *missing = &state->missing;
    if (missing->count == 0) {
        return 0;
    }
    for (size_t i = 0; i < missing->count && i < LISTED; i++) {
        buf_addf(&list, "%s%s", i > 0 ? "; " : "", missing->items[i]);
    }
    if (missing->count > LISTED) {
        buf_addf(&list, "; and %zu more", missing->count - LISTED);
    }
    err_set(err, ERR_RESOURCE_NOT_FOUND,
            "The target's database '%s' lacks changes that were made on the source after the base copy: %s. "
            "Repeat the DDL on the target. The cutover waits for it, and copies the rows of new tables.",
            state->cutover->database, buf_failed(&list) ? "" : buf_text(&list));
    err->lasting = false;
    err->waiting = true;
    return err_target(err, "%s", state->cutover->database);
}
