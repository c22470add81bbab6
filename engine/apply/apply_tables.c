/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_tables_private.h"

#include <stdlib.h>

#include "core/str.h"
#include "engine/apply/relation/apply_facts.h"
#include "engine/apply/relation/apply_match.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

int tables_open(struct apply_tables *tables, struct err *err)
{
    struct apply_target *target = tables->target;
    return pipeline_leave(&target->pipeline, err) != 0 ||
                   stale_load(&target->pipeline.pg, target->helper, err, &tables->stale) != 0 ||
                   identities_load(&target->pipeline.pg, target->helper, err, &tables->identities) != 0
               ? -1
               : pipeline_enter(&target->pipeline, err);
}

void tables_close(struct apply_tables *tables)
{
    apply_relations_done(&tables->relations);
    stale_done(&tables->stale);
    identities_done(&tables->identities);
}

/* ---- finding a table on the target ----------------------------------------------------------------------
 */

int tables_describe(struct apply_tables *tables, struct apply_relation *relation, struct err *err)
{
    struct pg *source = NULL;
    if (tables->source == NULL) {
        return 0;
    }
    if (tables->source(tables->context, err, &source) != 0 ||
        table_now_read(source, relation->id, true, err, &relation->source) != 0) {
        return -1;
    }
    relation->described = true;
    return 0;
}

static int match(struct apply_tables *tables, struct apply_relation *relation, bool careful, struct err *err,
                 struct match *match)
{
    *match = (struct match){
        .relation = relation, .target = &tables->target->pipeline.pg, .identities = &tables->identities};
    if ((relation->described && tables->source(tables->context, err, &match->source) != 0) ||
        apply_match(match, err) != 0) {
        return -1;
    }
    if (relation->unresolved) {
        relation->loaded = true;
        return 0;
    }
    free(relation->facts.check);
    relation->facts.check = apply_match_check(match);
    return relation->facts.check == NULL
               ? err_no_memory(err)
               : apply_facts_load(relation, &match->there, &tables->target->pipeline.pg,
                                  tables->target->helper, careful, err);
}

static int note_pair(struct apply_tables *tables, uint32_t source, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const struct identity_table *pair = identities_find(&tables->identities, source);
    if (pair == NULL) {
        return 0;
    }
    identity_add_note(&tables->target->pipeline.pg, &sql, tables->target->helper, pair);
    return buf_failed(&sql) ? err_no_memory(err) : target_queue_command(tables->target, buf_text(&sql), err);
}

static int load(struct apply_tables *tables, struct apply_relation *relation, bool careful, struct err *err)
{
    auto_match struct match found = {0};
    if (target_wait(tables->target, err) != 0 || pipeline_leave(&tables->target->pipeline, err) != 0 ||
        match(tables, relation, careful, err, &found) != 0) {
        return -1;
    }
    if (found.recopy && !stale_has(&tables->stale, relation->id, "") &&
        stale_add(&tables->stale, relation->id, "", err) != 0) {
        return -1;
    }
    relation->stale = relation->unresolved || stale_has(&tables->stale, relation->id, relation->facts.table);
    relation->noted = found.skipped; /* neither side has the table: there is nothing to recopy */
    return pipeline_enter(&tables->target->pipeline, err) != 0 ? -1
           : found.changed                                     ? note_pair(tables, relation->id, err)
                                                               : 0;
}

int tables_need(struct apply_tables *tables, uint32_t id, bool careful, struct err *err,
                struct apply_relation **ret_relation)
{
    struct apply_relation *relation = apply_relations_find(&tables->relations, id);
    if (relation == NULL) {
        err_set(err, ERR_INTERNAL, "The source's change stream names a table that it has not described.");
        err->lasting = true;
        return -1;
    }
    *ret_relation = relation;
    return relation->loaded ? 0 : load(tables, relation, careful, err);
}

void tables_forget_statements(struct apply_tables *tables)
{
    for (struct apply_relation *at = apply_relations_next(&tables->relations, NULL); at != NULL;
         at = apply_relations_next(&tables->relations, at)) {
        apply_relation_free_statements(at);
    }
}

void tables_unload(struct apply_tables *tables)
{
    for (struct apply_relation *at = apply_relations_next(&tables->relations, NULL); at != NULL;
         at = apply_relations_next(&tables->relations, at)) {
        apply_relation_free_statements(at);
        at->loaded = false;
    }
}

/* ---- tables whose changes cannot be applied -------------------------------------------------------------
 */

static int forget_stale(struct apply_tables *tables, struct apply_relation *relation, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    relation->noted = false;
    stale_add_forget(&tables->target->pipeline.pg, &sql, tables->target->helper, relation->id);
    return buf_failed(&sql) ? err_no_memory(err) : target_queue_command(tables->target, buf_text(&sql), err);
}

int tables_note_stale(struct apply_tables *tables, struct apply_relation *relation, const char *place,
                      struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    relation->noted = true;
    stale_add_note(&tables->target->pipeline.pg, &sql, tables->target->helper, relation->id, place);
    return buf_failed(&sql) ? err_no_memory(err) : target_queue_command(tables->target, buf_text(&sql), err);
}

/* Whether rows of partitions that the message does not empty may be in the same table of the target: where
 * the rows of a partition may be in any of the target's, only all of them can be emptied. */
static bool truncates_part(const struct apply_relations *relations, const struct apply_relation *relation,
                           const struct pgoutput_message *message)
{
    const struct apply_facts *facts = &relation->facts;
    size_t emptied = 0;
    for (size_t i = 0; i < message->relation_count && facts->partitions > 0; i++) {
        const struct apply_relation *other = apply_relations_find(relations, message->relations[i]);
        bool same =
            other != NULL && other->facts.partitions > 0 && str_equals(other->facts.table, facts->table);
        emptied += same ? 1 : 0;
    }
    return emptied < facts->partitions;
}

/* All that go to that table of the target are stale. */
static void make_stale(struct apply_relations *relations, const char *table)
{
    for (struct apply_relation *at = apply_relations_next(relations, NULL); at != NULL;
         at = apply_relations_next(relations, at)) {
        at->stale = at->stale || (at->loaded && str_equals(at->facts.table, table));
    }
}

int tables_look(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err)
{
    uint32_t id = message->relation;
    struct stale *stale = &tables->stale;
    struct apply_relation *known = apply_relations_find(&tables->relations, id);
    struct stale_look look = {0};
    bool there = stale_knows(stale, id);
    /* A table is described again after DDL. */
    bool worthwhile = tables->hides_truncate || message->identity == 'f' || !there || known != NULL;
    const char *horizon = stale_horizon(stale, id);
    if (tables->look == NULL || horizon == NULL || stale_has(stale, id, "") || !worthwhile) {
        return 0;
    }
    if (tables->look(tables->context, id, horizon, err, &look) != 0) {
        return -1;
    }
    bool rewritten = stale_has_other_file(stale, id, look.file) && (tables->hides_truncate || look.fresh);
    bool brought = look.attached && (there || !look.new_partition);
    if (!rewritten && !look.filled && !brought) {
        return 0;
    }
    if (known != NULL) {
        known->stale = true;
    }
    return stale_add(stale, id, "", err);
}

void tables_skip_copied(const struct apply_tables *tables, uint32_t transaction, uint64_t commit_position,
                        struct pgoutput_message *message)
{
    size_t kept = 0;
    for (size_t i = 0; i < message->relation_count; i++) {
        if (!joined_holds(&tables->stale.joined, message->relations[i], transaction, commit_position)) {
            message->relation_space[kept++] = message->relations[i];
        }
    }
    message->relation_count = kept;
}

int tables_end_stale(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err)
{
    for (size_t i = 0; i < message->relation_count; i++) {
        struct apply_relation *relation = apply_relations_find(&tables->relations, message->relations[i]);
        if (relation == NULL || !relation->stale || relation->unresolved ||
            truncates_part(&tables->relations, relation, message) ||
            !stale_remove(&tables->stale, relation->id)) {
            continue;
        }
        relation->stale = stale_has(&tables->stale, relation->id, relation->facts.table);
        if (forget_stale(tables, relation, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int tables_leave_out(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err)
{
    for (size_t i = 0; i < message->relation_count; i++) {
        struct apply_relation *relation = apply_relations_find(&tables->relations, message->relations[i]);
        if (relation == NULL || relation->stale || !truncates_part(&tables->relations, relation, message)) {
            continue;
        }
        make_stale(&tables->relations, relation->facts.table);
        if (stale_add(&tables->stale, relation->id, relation->facts.table, err) != 0 ||
            tables_note_stale(tables, relation, relation->facts.table, err) != 0) {
            return -1;
        }
    }
    return 0;
}
