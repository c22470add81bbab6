/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_relations_private.h"

#include "core/str.h"
#include "engine/apply/apply_statement_private.h"

void relations_add_pending(struct pending *pending, struct apply_relation *relation)
{
    if (relation->pending) {
        return;
    }
    relation->pending = true;
    relation->next_pending = NULL;
    if (pending->last == NULL) {
        pending->first = relation;
    } else {
        pending->last->next_pending = relation;
    }
    pending->last = relation;
}

struct apply_relation *relations_take_pending(struct pending *pending)
{
    struct apply_relation *relation = pending->first;
    if (relation != NULL) {
        relation->pending = false;
        pending->first = relation->next_pending;
        pending->last = pending->first == NULL ? NULL : pending->last;
    }
    return relation;
}

struct apply_relation *relations_find(const struct relations *relations, uint32_t id)
{
    struct apply_relation *at = relations->buckets[id % RELATION_BUCKETS];
    while (at != NULL && at->id != id) {
        at = at->next;
    }
    return at;
}

void relations_put(struct relations *relations, struct apply_relation *relation)
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

void relations_forget_statements(struct relations *relations)
{
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        for (struct apply_relation *at = relations->buckets[i]; at != NULL; at = at->next) {
            apply_statements_free(at);
        }
    }
}

void relations_unload(struct relations *relations)
{
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        for (struct apply_relation *at = relations->buckets[i]; at != NULL; at = at->next) {
            apply_statements_free(at);
            at->loaded = false;
        }
    }
}

void relations_done(struct relations *relations)
{
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        while (relations->buckets[i] != NULL) {
            struct apply_relation *relation = relations->buckets[i];
            relations->buckets[i] = relation->next;
            apply_relation_free(relation);
        }
    }
}

bool relations_truncates_part(const struct relations *relations, const struct apply_relation *relation,
                              const struct pgoutput_message *message)
{
    size_t emptied = 0;
    for (size_t i = 0; i < message->relation_count && relation->partitions > 0; i++) {
        const struct apply_relation *other = relations_find(relations, message->relations[i]);
        emptied +=
            other != NULL && other->partitions > 0 && str_equals(other->table, relation->table) ? 1 : 0;
    }
    return emptied < relation->partitions;
}

void relations_make_stale(struct relations *relations, const char *table)
{
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        for (struct apply_relation *at = relations->buckets[i]; at != NULL; at = at->next) {
            at->stale = at->stale || (at->loaded && str_equals(at->table, table));
        }
    }
}
