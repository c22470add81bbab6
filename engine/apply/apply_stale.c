/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_stale_private.h"

int apply_stale_look(struct apply_target *target, struct relations *relations,
                     const struct pgoutput_message *message, struct err *err)
{
    uint32_t id = message->relation;
    struct stale *stale = &target->stale;
    struct apply_relation *known = relations_find(relations, id);
    struct stale_look look = {0};
    bool there = stale_knows(stale, id);
    /* A table is described again after DDL. */
    bool worthwhile = target->hides_truncate || message->identity == 'f' || !there || known != NULL;
    const char *horizon = stale_horizon(stale, id);
    if (target->look == NULL || horizon == NULL || stale_has(stale, id, "") || !worthwhile) {
        return 0;
    }
    if (target->look(target->context, id, horizon, err, &look) != 0) {
        return -1;
    }
    bool anew = stale_has_other_file(stale, id, look.file) && (target->hides_truncate || look.fresh);
    bool brought = look.attached && (there || !look.born);
    if (!anew && !look.filled && !brought) {
        return 0;
    }
    if (known != NULL) {
        known->stale = true;
    }
    return stale_add(stale, id, "", err);
}

void apply_stale_skip_copied(const struct joined *joined, uint32_t transaction, uint64_t commit_position,
                             struct pgoutput_message *message)
{
    size_t kept = 0;
    for (size_t i = 0; i < message->relation_count; i++) {
        if (!joined_holds(joined, message->relations[i], transaction, commit_position)) {
            message->relation_space[kept++] = message->relations[i];
        }
    }
    message->relation_count = kept;
}

int apply_stale_end(struct apply_target *target, const struct relations *relations,
                    const struct pgoutput_message *message, struct err *err)
{
    for (size_t i = 0; i < message->relation_count; i++) {
        struct apply_relation *relation = relations_find(relations, message->relations[i]);
        if (relation == NULL || !relation->stale || relation->unresolved ||
            relations_truncates_part(relations, relation, message) ||
            !stale_remove(&target->stale, relation->id)) {
            continue;
        }
        relation->stale = stale_has(&target->stale, relation->id, relation->table);
        if (target_forget_stale(target, relation, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int apply_stale_leave_out(struct apply_target *target, struct relations *relations,
                          const struct pgoutput_message *message, struct err *err)
{
    for (size_t i = 0; i < message->relation_count; i++) {
        struct apply_relation *relation = relations_find(relations, message->relations[i]);
        if (relation == NULL || relation->stale || !relations_truncates_part(relations, relation, message)) {
            continue;
        }
        relations_make_stale(relations, relation->table);
        if (stale_add(&target->stale, relation->id, relation->table, err) != 0 ||
            target_note_stale(target, relation, relation->table, err) != 0) {
            return -1;
        }
    }
    return 0;
}
