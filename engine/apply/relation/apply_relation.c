/* SPDX-License-Identifier: MIT */
#include "engine/apply/relation/apply_relation.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

/* ---- what the stream says --------------------------------------------------------------------------------
 */

static char *quote(struct pg *target, const char *name)
{
    auto_buf struct buf text = BUF_MAX(SQL_MAX_BYTES);
    pg_add_identifier(target, &text, name);
    return buf_take(&text);
}

int apply_relation_name_column(struct apply_column *column, struct pg *target, const char *name,
                               struct err *err)
{
    free(column->quoted);
    column->quoted = quote(target, name);
    return column->quoted == NULL || !str_replace(&column->name, name) ? err_no_memory(err) : 0;
}

static bool fill_columns(struct apply_relation *relation, const struct pgoutput_message *message,
                         struct pg *target)
{
    relation->columns = calloc(message->column_count + 1, sizeof(*relation->columns));
    if (relation->columns == NULL) {
        return false;
    }
    relation->column_count = message->column_count;
    for (size_t i = 0; i < message->column_count; i++) {
        struct apply_column *column = &relation->columns[i];
        struct err ignored = {0};
        column->source_name = str_dup(message->columns[i].name);
        column->source_key = message->columns[i].key;
        column->type_id = message->columns[i].type;
        column->modifier = message->columns[i].modifier;
        if (column->source_name == NULL ||
            apply_relation_name_column(column, target, column->source_name, &ignored) != 0) {
            return false;
        }
    }
    return true;
}

int apply_relation_new(const struct pgoutput_message *message, struct pg *target, struct err *err,
                       struct apply_relation **ret_relation)
{
    struct apply_relation *relation = calloc(1, sizeof(*relation));
    if (relation == NULL) {
        return err_no_memory(err);
    }
    const char *schema = message->schema[0] == '\0' ? "pg_catalog" : message->schema;
    relation->id = message->relation;
    relation->source_identity = message->identity;
    relation->schema = str_dup(schema);
    relation->name = str_dup(message->name);
    relation->what = str_format("table %s.%s", schema, message->name);
    if (relation->schema == NULL || relation->name == NULL || relation->what == NULL ||
        !fill_columns(relation, message, target)) {
        apply_relation_free(relation);
        return err_no_memory(err);
    }
    *ret_relation = relation;
    return 0;
}

void apply_relation_free(struct apply_relation *relation)
{
    if (relation == NULL) {
        return;
    }
    for (size_t i = 0; relation->columns != NULL && i < relation->column_count; i++) {
        free(relation->columns[i].source_name);
        free(relation->columns[i].name);
        free(relation->columns[i].quoted);
        free(relation->columns[i].type);
        free(relation->columns[i].equals);
    }
    apply_relation_free_statements(relation);
    free(relation->columns);
    table_now_done(&relation->source);
    free(relation->schema);
    free(relation->name);
    free(relation->what);
    free(relation->facts.table);
    free(relation->facts.check);
    free(relation->facts.keys);
    free(relation->pending.buckets);
    free(relation);
}

bool apply_relation_same(const struct apply_relation *a, const struct apply_relation *b)
{
    bool same = str_equals(a->schema, b->schema) && str_equals(a->name, b->name) &&
                a->source_identity == b->source_identity && a->column_count == b->column_count &&
                a->described == b->described && table_now_same(&a->source, &b->source);
    for (size_t i = 0; same && i < a->column_count; i++) {
        const struct apply_column *one = &a->columns[i];
        const struct apply_column *other = &b->columns[i];
        same = str_equals(one->source_name, other->source_name) && one->source_key == other->source_key &&
               one->type_id == other->type_id && one->modifier == other->modifier;
    }
    return same;
}

struct apply_column *apply_relation_column(struct apply_relation *relation, const char *name)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        if (strcmp(relation->columns[i].name, name) == 0) {
            return &relation->columns[i];
        }
    }
    return NULL;
}

/* ---- prepared statements ---------------------------------------------------------------------------------
 */

void apply_statement_free(struct apply_statement *statement)
{
    if (statement != NULL) {
        free(statement->set);
        free(statement);
    }
}

void apply_relation_free_statements(struct apply_relation *relation)
{
    while (relation->statements != NULL) {
        struct apply_statement *statement = relation->statements;
        relation->statements = statement->next;
        apply_statement_free(statement);
    }
}

/* ---- all of them -----------------------------------------------------------------------------------------
 */

struct apply_relation *apply_relations_find(const struct apply_relations *relations, uint32_t id)
{
    struct apply_relation *at = relations->buckets[id % RELATION_BUCKETS];
    while (at != NULL && at->id != id) {
        at = at->next;
    }
    return at;
}

void apply_relations_put(struct apply_relations *relations, struct apply_relation *relation)
{
    struct apply_relation **at = &relations->buckets[relation->id % RELATION_BUCKETS];
    while (*at != NULL && (*at)->id != relation->id) {
        at = &(*at)->next;
    }
    struct apply_relation *old = *at;
    relation->next = old == NULL ? NULL : old->next;
    *at = relation;
    apply_relation_free(old);
}

struct apply_relation *apply_relations_next(const struct apply_relations *relations,
                                            const struct apply_relation *after)
{
    if (after != NULL && after->next != NULL) {
        return after->next;
    }
    for (size_t i = after == NULL ? 0 : after->id % RELATION_BUCKETS + 1; i < RELATION_BUCKETS; i++) {
        if (relations->buckets[i] != NULL) {
            return relations->buckets[i];
        }
    }
    return NULL;
}

void apply_relations_done(struct apply_relations *relations)
{
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        while (relations->buckets[i] != NULL) {
            struct apply_relation *relation = relations->buckets[i];
            relations->buckets[i] = relation->next;
            apply_relation_free(relation);
        }
    }
}

void apply_relations_add_pending(struct apply_relations *relations, struct apply_relation *relation)
{
    if (relation->pending.listed) {
        return;
    }
    relation->pending.listed = true;
    relation->pending.next = NULL;
    if (relations->last_pending == NULL) {
        relations->first_pending = relation;
    } else {
        relations->last_pending->pending.next = relation;
    }
    relations->last_pending = relation;
}

struct apply_relation *apply_relations_take_pending(struct apply_relations *relations)
{
    struct apply_relation *relation = relations->first_pending;
    if (relation != NULL) {
        relation->pending.listed = false;
        relations->first_pending = relation->pending.next;
        relations->last_pending = relations->first_pending == NULL ? NULL : relations->last_pending;
    }
    return relation;
}
