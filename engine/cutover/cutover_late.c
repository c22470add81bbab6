/* SPDX-License-Identifier: MIT */
/*
 * Lists tables that could join (engine/online/join.h), because they were created on both sides after the base
 * copy. Tables that the base copy could not publish are excluded: the cutover recopies them.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/identity.h"
#include "engine/cutover/cutover_private.h"

/* Another session has locked the target's table, which can join later. */
#define STATE_LOCK_TIMEOUT "55P03"

enum { SQL_MAX_BYTES = 256 * 1024, LATE_MAX = 500, NAMES_REPORTED = 10, NAMES_MAX_BYTES = 8192 };

static bool is_late(const struct cutover_relation *relation, const struct identities *identities)
{
    const struct identity_table *pair = identities_find(identities, relation->oid);
    const struct identity_table *owner = identities_find_target(identities, relation->target_oid);
    bool followed_before = owner != NULL && owner->source != relation->oid;
    return relation->kind == 'r' && relation->permanent && !relation->carried && !relation->differs &&
           relation->root == NULL && relation->condition == NULL && relation->source_readable &&
           (pair == NULL || relation->published) && !followed_before;
}

static int add(struct late_tables *late, const struct cutover_relation *relation, bool has_rows,
               struct err *err)
{
    struct late_table *table = &late->items[late->count];
    *table = (struct late_table){.oid = relation->oid,
                                 .schema = str_dup(relation->schema),
                                 .name = str_dup(relation->name),
                                 .has_rows = has_rows};
    late->count++;
    return table->schema == NULL || table->name == NULL ? err_no_memory(err) : 0;
}

/* Malachite wrote the rows of a stale table; the cutover replaces them. */
static int look_at_rows(struct cutover_state *state, const struct cutover_relation *relation,
                        struct late_tables *late, struct err *err)
{
    auto_free char *row = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT 1 FROM ONLY ");
    pg_add_qualified(&state->target, &sql, relation->schema, relation->name);
    buf_adds(&sql, " LIMIT 1");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (!relation->target_readable) {
        return 0;
    }
    if (pg_value(&state->target, err, &row, buf_text(&sql), 0, NULL) != 0) {
        return strcmp(err->sqlstate, STATE_LOCK_TIMEOUT) == 0 ? 0 : -1;
    }
    return row != NULL && relation->published ? 0 : add(late, relation, row != NULL, err);
}

int cutover_list_late(struct cutover_state *state, struct err *err, struct late_tables *ret_late)
{
    struct identities identities = {0};
    if (!state->published) {
        return 0;
    }
    ret_late->items = calloc(LATE_MAX, sizeof(*ret_late->items));
    if (ret_late->items == NULL) {
        return err_no_memory(err);
    }
    int result = identities_load(&state->target, state->cutover->name, err, &identities) != 0
                     ? -1
                     : pg_run(&state->target, err, "SET lock_timeout = '200ms'");
    for (size_t i = 0; i < state->relation_count && result == 0 && ret_late->count < LATE_MAX; i++) {
        if (is_late(&state->relations[i], &identities)) {
            result = look_at_rows(state, &state->relations[i], ret_late, err);
        }
    }
    identities_done(&identities);
    return result;
}

void cutover_note_joined(struct cutover_state *state, const char *oids)
{
    auto_buf struct buf names = BUF_MAX(NAMES_MAX_BYTES);
    size_t count = 0;
    char *end = NULL;
    for (const char *at = oids; *at != '\0' && at[1] >= '0' && at[1] <= '9'; at = end) {
        uint32_t oid = (uint32_t)strtoul(at + 1, &end, 10);
        for (size_t i = 0; i < state->relation_count; i++) {
            const struct cutover_relation *relation = &state->relations[i];
            if (relation->oid == oid && count++ < NAMES_REPORTED) {
                buf_addf(&names, "%s%s.%s", count > 1 ? ", " : "", relation->schema, relation->name);
            }
        }
    }
    if (count > 0) {
        cutover_note(state, "Copied before the cutover, because they were created after the base copy: %s%s",
                     buf_text(&names), count > NAMES_REPORTED ? " and more" : "");
    }
}

void late_tables_done(struct late_tables *late)
{
    for (size_t i = 0; i < late->count; i++) {
        free(late->items[i].schema);
        free(late->items[i].name);
    }
    free(late->items);
    *late = (struct late_tables){0};
}
