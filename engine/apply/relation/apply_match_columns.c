/* SPDX-License-Identifier: MIT */
/* Matches columns by their numbers. */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/apply/relation/apply_match.h"
#include "engine/catalog/type_holds.h"
#include "engine/pg/ddl_wait.h"

enum { SQL_MAX_BYTES = 64 * 1024 };

static int wait_for(const struct match *match, const struct apply_column *column, const char *why,
                    const struct buf *ddl, struct err *err)
{
    const struct apply_relation *relation = match->relation;
    const struct ddl_wait wait = {.schema = relation->schema,
                                  .table = relation->name,
                                  .column = column->source_name,
                                  .why = why,
                                  .ddl = ddl == NULL || ddl->len == 0 ? NULL : buf_text(ddl)};
    return ddl_wait_error(err, match->target->database, &wait);
}

static void add_alter(const struct match *match, struct buf *ddl, const char *words)
{
    buf_adds(ddl, "ALTER TABLE ");
    pg_add_qualified(match->target, ddl, match->there.schema, match->there.name);
    buf_adds(ddl, words);
}

/* ---- numbers on the source -------------------------------------------------------------------------------
 */

/* Whether the stream describes the columns of the current catalog, in their order and without generated ones.
 */
static bool is_catalog(const struct apply_relation *relation)
{
    size_t at = 0;
    for (size_t i = 0; i < relation->source.column_count; i++) {
        const struct column_now *now = &relation->source.columns[i];
        if (now->generated) {
            continue;
        }
        if (at == relation->column_count || strcmp(relation->columns[at].source_name, now->name) != 0) {
            return false;
        }
        at++;
    }
    return at == relation->column_count;
}

static bool is_pair(const struct apply_relation *relation, const struct identity_table *pair)
{
    if (pair == NULL || pair->column_count != relation->column_count) {
        return false;
    }
    for (size_t i = 0; i < pair->column_count; i++) {
        if (strcmp(pair->columns[i].name, relation->columns[i].source_name) != 0) {
            return false;
        }
    }
    return true;
}

/* The stream may mean a column that was dropped in the meantime, or the new one of the same name. The cutover
 * recopies the table then. */
static void take_catalog(struct match *match)
{
    struct apply_relation *relation = match->relation;
    bool both = is_pair(relation, match->pair);
    size_t at = 0;
    for (size_t i = 0; i < relation->source.column_count; i++) {
        const struct column_now *now = &relation->source.columns[i];
        if (now->generated) {
            continue;
        }
        match->recopy = match->recopy || (both && match->pair->columns[at].source != now->number);
        relation->columns[at++].number = now->number;
    }
}

static int number_columns(struct match *match, struct err *err)
{
    struct apply_relation *relation = match->relation;
    bool known = match->source != NULL && relation->source.oid != 0;
    if (known && is_catalog(relation)) {
        take_catalog(match);
        return 0;
    }
    if (is_pair(relation, match->pair)) {
        for (size_t i = 0; i < relation->column_count; i++) {
            relation->columns[i].number = match->pair->columns[i].source;
        }
        return 0;
    }
    if (known && relation->source.locked) {
        err_set(err, ERR_UNAVAILABLE,
                "The %s of the source is locked: its columns cannot be read until the lock is released.",
                relation->what);
        err->lasting = false;
        return -1;
    }
    relation->unresolved = known;
    match->recopy = match->recopy || known;
    return 0;
}

/* ---- columns of the target -------------------------------------------------------------------------------
 */

static int wait_for_rename(const struct match *match, const struct apply_column *column, const char *from,
                           const char *to, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    add_alter(match, &ddl, " RENAME COLUMN ");
    pg_add_identifier(match->target, &ddl, from);
    buf_adds(&ddl, " TO ");
    pg_add_identifier(match->target, &ddl, to);
    buf_addc(&ddl, ';');
    auto_free char *why =
        str_format("Column '%s' of the target was renamed on the source: it is '%s' there. Rename it on the "
                   "target, together with other columns that exchanged names with it.",
                   from, to);
    return wait_for(match, column, why, &ddl, err);
}

static void add_column(const struct match *match, struct buf *ddl, const char *name,
                       const struct column_now *now)
{
    if (now == NULL) {
        return;
    }
    buf_adds(ddl, ddl->len == 0 ? "" : " ");
    add_alter(match, ddl, " ADD COLUMN ");
    pg_add_identifier(match->target, ddl, name);
    buf_addf(ddl, " %s;", now->type_text);
}

static int wait_for_column(const struct match *match, const struct apply_column *column,
                           const struct column_now *now, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    add_column(match, &ddl, column->source_name, now);
    return wait_for(match, column,
                    "The source has changed the column, which the target does not have. Repeat there what "
                    "was done to the table on the source.",
                    &ddl, err);
}

static int wait_for_new_column(const struct match *match, const struct apply_column *column,
                               const struct column_now *now, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    add_alter(match, &ddl, " DROP COLUMN ");
    pg_add_identifier(match->target, &ddl, column->source_name);
    buf_addc(&ddl, ';');
    add_column(match, &ddl, column->source_name, now);
    return wait_for(match, column,
                    "The source has dropped the column and added another one of the same name; the target "
                    "has the old one, with the old values.",
                    &ddl, err);
}

/* Takes the target's column of that name, unless it belongs to another column of the source. *ret_there NULL:
 * the table's changes are skipped. */
static int take_named(struct match *match, const struct apply_column *column, const struct column_now *now,
                      struct err *err, const struct column_now **ret_there)
{
    const struct table_now *source = &match->relation->source;
    const struct column_now *there = table_now_named(&match->there, column->source_name);
    if (there == NULL && now != NULL) {
        there = table_now_named(&match->there, now->name);
    }
    *ret_there = NULL;
    /* The source has dropped the column of the stream: the target has another one of that name. */
    bool replaced = source->oid != 0 && column->number != 0 && now == NULL;
    if (there == NULL || there->generated || replaced) {
        match->relation->unresolved = source->oid != 0 && now == NULL;
        match->recopy = match->recopy || match->relation->unresolved;
        return match->relation->unresolved ? 0 : wait_for_column(match, column, now, err);
    }
    bool same_table = match->pair != NULL && match->pair->target == match->there.oid;
    const struct identity_column *owner =
        same_table ? identity_column_of_target(match->pair, there->number) : NULL;
    if (owner != NULL && owner->source != column->number && source->oid != 0 && column->number != 0) {
        const struct column_now *other = table_now_column(source, owner->source);
        return other != NULL ? wait_for_rename(match, column, there->name, other->name, err)
                             : wait_for_new_column(match, column, now, err);
    }
    *ret_there = there;
    return 0;
}

static int find_column(struct match *match, const struct apply_column *column, const struct column_now *now,
                       struct err *err, const struct column_now **ret_there)
{
    bool dropped = match->source != NULL && match->relation->source.oid == 0;
    bool same_table = match->pair != NULL && match->pair->target == match->there.oid;
    const struct identity_column *known =
        same_table && column->number != 0 ? identity_column(match->pair, column->number) : NULL;
    const struct column_now *there =
        known == NULL || known->target == 0 ? NULL : table_now_column(&match->there, known->target);
    if (there == NULL) {
        /* The target has dropped its column. The values of one that replaced it are unknown. */
        match->recopy = match->recopy || (known != NULL && known->target != 0);
        return take_named(match, column, now, err, ret_there);
    }
    if (dropped || strcmp(there->name, column->source_name) == 0 ||
        (now != NULL && strcmp(there->name, now->name) == 0)) {
        *ret_there = there;
        return 0;
    }
    return wait_for_rename(match, column, there->name, now != NULL ? now->name : column->source_name, err);
}

/* ---- types -----------------------------------------------------------------------------------------------
 */

static int wait_for_type(const struct match *match, const struct apply_column *column, const char *there,
                         const char *source, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    add_alter(match, &ddl, " ALTER COLUMN ");
    pg_add_identifier(match->target, &ddl, column->name);
    buf_addf(&ddl, " TYPE %s;", source);
    auto_free char *why = str_format(
        "Its type is %s on the source and %s on the target, which cannot hold every value of the source.",
        source, there);
    return wait_for(match, column, why, &ddl, err);
}

static int match_type(struct match *match, const struct apply_column *column, const struct column_now *now,
                      const struct column_now *there, struct err *err)
{
    auto_free char *type = NULL;
    if (match->source == NULL) {
        return 0;
    }
    if (now != NULL && now->type == column->type_id && now->modifier == column->modifier) {
        type = str_dup(now->type_text);
    } else if (table_now_type(match->source, column->type_id, column->modifier, err, &type) != 0) {
        return -1;
    }
    if (type == NULL || type_holds(there->type_text, type)) {
        return 0;
    }
    /* Both sides had the same DDL in the meantime, but the stream lacks its effect on older values. */
    if (now != NULL && type_holds(there->type_text, now->type_text)) {
        match->recopy = true;
        return 0;
    }
    bool dropped = match->relation->source.oid == 0;
    return dropped ? 0
                   : wait_for_type(match, column, there->type_text, now == NULL ? type : now->type_text, err);
}

static int match_column(struct match *match, struct apply_column *column, struct err *err)
{
    const struct column_now *there = NULL;
    const struct column_now *now =
        column->number == 0 ? NULL : table_now_column(&match->relation->source, column->number);
    if (find_column(match, column, now, err, &there) != 0) {
        return -1;
    }
    if (there == NULL) {
        return 0;
    }
    column->target_number = there->number;
    return apply_relation_name_column(column, match->target, there->name, err) != 0
               ? -1
               : match_type(match, column, now, there, err);
}

int apply_match_columns(struct match *match, struct err *err)
{
    struct apply_relation *relation = match->relation;
    if (number_columns(match, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < relation->column_count && !relation->unresolved; i++) {
        if (match_column(match, &relation->columns[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}
