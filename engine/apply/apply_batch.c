/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_batch_private.h"

#include <stdlib.h>
#include <string.h>

#include "engine/apply/relation/apply_values.h"

enum { BUCKETS_AT_FIRST = 256 };

/* ---- rows ------------------------------------------------------------------------------------------------
 */

static size_t key_size(const struct apply_relation *relation)
{
    return relation->facts.identity == APPLY_BY_ROW ? relation->column_count : relation->facts.key_count;
}

static int grow(struct apply_relation *relation, struct err *err)
{
    if (relation->pending.row_count < relation->pending.bucket_count) {
        return 0;
    }
    size_t count =
        relation->pending.bucket_count == 0 ? BUCKETS_AT_FIRST : relation->pending.bucket_count * 4;
    struct apply_row **buckets = calloc(count, sizeof(struct apply_row *));
    if (buckets == NULL) {
        return err_no_memory(err);
    }
    for (struct apply_row *row = relation->pending.first_row; row != NULL; row = row->next) {
        struct apply_row **bucket = &buckets[row->hash % count];
        row->next_of_bucket = *bucket;
        *bucket = row;
    }
    free(relation->pending.buckets);
    relation->pending.buckets = buckets;
    relation->pending.bucket_count = count;
    return 0;
}

static struct apply_row *find(const struct apply_relation *relation, const struct pgoutput_value *key,
                              uint64_t hash)
{
    if (relation->pending.bucket_count == 0) {
        return NULL;
    }
    struct apply_row *row = relation->pending.buckets[hash % relation->pending.bucket_count];
    while (row != NULL && (row->hash != hash || !values_are_same(row->key, key, key_size(relation)))) {
        row = row->next_of_bucket;
    }
    return row;
}

static int add_row(struct apply_relation *relation, struct arena *arena, const struct pgoutput_value *key,
                   uint64_t hash, struct err *err, struct apply_row **ret_row)
{
    size_t count = key == NULL ? 0 : key_size(relation);
    struct apply_row *row = arena_alloc(arena, sizeof(*row));
    struct pgoutput_value *kept = row == NULL ? NULL : values_keep(arena, key, count);
    if (kept == NULL) {
        return err_no_memory(err);
    }
    if (grow(relation, err) != 0) {
        return -1;
    }
    *row = (struct apply_row){.hash = hash, .key = kept};
    struct apply_row **bucket = &relation->pending.buckets[hash % relation->pending.bucket_count];
    row->next_of_bucket = *bucket;
    *bucket = row;
    if (relation->pending.last_row == NULL) {
        relation->pending.first_row = row;
    } else {
        relation->pending.last_row->next = row;
    }
    relation->pending.last_row = row;
    relation->pending.row_count++;
    *ret_row = row;
    return 0;
}

/* Finds or adds the row with that key. */
static int need_row(struct apply_relation *relation, struct arena *arena, const struct pgoutput_value *key,
                    struct err *err, struct apply_row **ret_row)
{
    uint64_t hash = values_hash(key, key_size(relation));
    *ret_row = find(relation, key, hash);
    return *ret_row != NULL ? 0 : add_row(relation, arena, key, hash, err, ret_row);
}

void apply_batch_clear(struct apply_relation *relation)
{
    if (relation->pending.buckets != NULL) {
        memset(relation->pending.buckets, 0, relation->pending.bucket_count * sizeof(struct apply_row *));
    }
    relation->pending.first_row = NULL;
    relation->pending.last_row = NULL;
    relation->pending.row_count = 0;
    relation->pending.run = 0;
}

/* ---- changes of whole rows -------------------------------------------------------------------------------
 */

static int count_row(struct apply_relation *relation, struct arena *arena,
                     const struct pgoutput_value *values, int64_t copies, struct err *err)
{
    struct apply_row *row = NULL;
    if (need_row(relation, arena, values, err, &row) != 0) {
        return -1;
    }
    row->copies += copies;
    row->remove = row->copies < 0;
    row->write = row->copies > 0 ? APPLY_WRITES_INSERT : APPLY_WRITES_NOTHING;
    row->fresh = row->key;
    return 1;
}

/* Rows are found by their new values, so an earlier change of the row is sent first. */
static int update_whole_row(struct apply_relation *relation, struct arena *arena,
                            const struct pgoutput_value *old, const struct pgoutput_value *fresh,
                            struct err *err)
{
    struct apply_row *row = NULL;
    if (find(relation, old, values_hash(old, relation->column_count)) != NULL) {
        return 0;
    }
    if (add_row(relation, arena, fresh, values_hash(fresh, relation->column_count), err, &row) != 0 ||
        row == NULL) {
        return -1;
    }
    row->fresh = row->key;
    row->before = values_keep(arena, old, relation->column_count);
    row->write = APPLY_WRITES_UPDATE;
    row->copies = 1;
    return row->before == NULL ? err_no_memory(err) : 1;
}

/* ---- changes by key --------------------------------------------------------------------------------------
 */

static int check_shape(const struct apply_relation *relation, const struct pgoutput_tuple *tuple,
                       struct err *err)
{
    if (tuple->count == relation->column_count) {
        return 0;
    }
    err_set(err, ERR_INTERNAL,
            "The source's change stream holds a row of %zu columns for the %s, which has %zu columns.",
            tuple->count, relation->what, relation->column_count);
    err->lasting = true;
    return -1;
}

static int insert_row(struct apply_relation *relation, struct arena *arena, const struct pgoutput_value *key,
                      const struct pgoutput_value *fresh, struct err *err)
{
    struct apply_row *row = NULL;
    int result = key == NULL ? add_row(relation, arena, NULL, relation->pending.row_count, err, &row)
                             : need_row(relation, arena, key, err, &row);
    if (result != 0 || row == NULL) {
        return -1;
    }
    if (row->write != APPLY_WRITES_NOTHING) {
        return 0;
    }
    row->write = APPLY_WRITES_INSERT;
    row->copies = 1;
    row->fresh = values_keep(arena, fresh, relation->column_count);
    return row->fresh == NULL ? err_no_memory(err) : 1;
}

static int delete_row(struct apply_relation *relation, struct arena *arena, const struct pgoutput_value *key,
                      struct err *err)
{
    struct apply_row *row = NULL;
    if (need_row(relation, arena, key, err, &row) != 0) {
        return -1;
    }
    if (row->write == APPLY_WRITES_NOTHING && row->remove) {
        return 0;
    }
    row->remove = row->remove || row->write != APPLY_WRITES_INSERT;
    row->write = APPLY_WRITES_NOTHING;
    row->copies = 1;
    return 1;
}

static int update_row(struct apply_relation *relation, struct arena *arena, const struct pgoutput_value *key,
                      const struct pgoutput_value *fresh, struct err *err)
{
    struct apply_row *row = NULL;
    if (need_row(relation, arena, key, err, &row) != 0) {
        return -1;
    }
    if (row->write == APPLY_WRITES_NOTHING && row->remove) {
        return 0;
    }
    struct pgoutput_value *kept = values_keep(arena, fresh, relation->column_count);
    if (kept == NULL) {
        return err_no_memory(err);
    }
    if (row->write == APPLY_WRITES_NOTHING) {
        row->write = APPLY_WRITES_UPDATE;
    } else {
        values_merge(kept, row->fresh, relation->column_count);
    }
    row->fresh = kept;
    row->copies = 1;
    return 1;
}

/* A key change is an UPDATE of its own, because it keeps values that the stream does not contain. */
static int move_row(struct apply_relation *relation, struct arena *arena, const struct pgoutput_value *key,
                    const struct pgoutput_value *fresh, struct err *err)
{
    if (relation->pending.row_count > 0) {
        return 0;
    }
    int result = update_row(relation, arena, key, fresh, err);
    if (result > 0) {
        relation->pending.first_row->moves = true;
    }
    return result;
}

static void pick(const struct apply_relation *relation, const struct pgoutput_value *values,
                 struct pgoutput_value *ret_key)
{
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        ret_key[i] = values[relation->facts.keys[i]];
    }
}

static int change_key(struct apply_relation *relation, struct arena *arena,
                      const struct pgoutput_value *old_key, const struct pgoutput_value *fresh_key,
                      struct pgoutput_value *fresh, struct err *err)
{
    /* A delete would also delete referencing rows, and the values of target-only columns. */
    if (relation->facts.keeps_rows) {
        return move_row(relation, arena, old_key, fresh, err);
    }
    if (!values_are_complete(fresh, relation->column_count)) {
        const struct apply_row *row =
            find(relation, old_key, values_hash(old_key, relation->facts.key_count));
        if (row == NULL || row->write == APPLY_WRITES_NOTHING ||
            !values_are_complete(row->fresh, relation->column_count)) {
            return move_row(relation, arena, old_key, fresh, err);
        }
        values_merge(fresh, row->fresh, relation->column_count);
    }
    const struct apply_row *taken =
        find(relation, fresh_key, values_hash(fresh_key, relation->facts.key_count));
    if (taken != NULL && taken->write != APPLY_WRITES_NOTHING) {
        return 0;
    }
    int deleted = delete_row(relation, arena, old_key, err);
    return deleted <= 0 ? deleted : insert_row(relation, arena, fresh_key, fresh, err);
}

/* ---- messages --------------------------------------------------------------------------------------------
 */

/* An unchanged value, which the stream omits and the old row contains. */
static void fill(struct pgoutput_value *values, const struct pgoutput_tuple *old)
{
    if (old->values != NULL) {
        values_merge(values, old->values, old->count);
    }
}

static int no_identity(const struct apply_relation *relation, struct err *err)
{
    err_set(err, ERR_INTERNAL, "The source's change stream does not say which row of the %s it changes.",
            relation->what);
    err->lasting = true;
    return -1;
}

static int take_insert(struct apply_relation *relation, struct arena *arena,
                       const struct pgoutput_tuple *fresh, struct err *err)
{
    auto_free struct pgoutput_value *key = calloc(relation->facts.key_count + 1, sizeof(*key));
    if (key == NULL) {
        return err_no_memory(err);
    }
    if (check_shape(relation, fresh, err) != 0) {
        return -1;
    }
    if (relation->facts.identity == APPLY_BY_ROW) {
        return count_row(relation, arena, fresh->values, 1, err);
    }
    pick(relation, fresh->values, key);
    return insert_row(relation, arena, relation->facts.key_count == 0 ? NULL : key, fresh->values, err);
}

static int update_by_key(struct apply_relation *relation, struct arena *arena,
                         const struct pgoutput_tuple *old, struct pgoutput_value *fresh,
                         struct pgoutput_value *keys, struct err *err)
{
    struct pgoutput_value *old_key = keys;
    struct pgoutput_value *fresh_key = keys + relation->facts.key_count;
    pick(relation, fresh, fresh_key);
    if (old->values == NULL) {
        return values_are_complete(fresh_key, relation->facts.key_count)
                   ? update_row(relation, arena, fresh_key, fresh, err)
                   : no_identity(relation, err);
    }
    pick(relation, old->values, old_key);
    values_merge(fresh_key, old_key, relation->facts.key_count);
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        fresh[relation->facts.keys[i]] = fresh_key[i];
    }
    return values_are_same(old_key, fresh_key, relation->facts.key_count)
               ? update_row(relation, arena, fresh_key, fresh, err)
               : change_key(relation, arena, old_key, fresh_key, fresh, err);
}

static int take_update(struct apply_relation *relation, struct arena *arena, const struct pgoutput_tuple *old,
                       const struct pgoutput_tuple *tuple, bool old_full, struct err *err)
{
    if (check_shape(relation, tuple, err) != 0 ||
        (old->values != NULL && check_shape(relation, old, err) != 0)) {
        return -1;
    }
    size_t count = relation->column_count + 2 * relation->facts.key_count;
    auto_free struct pgoutput_value *fresh = calloc(count + 1, sizeof(*fresh));
    if (fresh == NULL) {
        return err_no_memory(err);
    }
    memcpy(fresh, tuple->values, tuple->count * sizeof(*fresh));
    if (old_full) {
        fill(fresh, old);
    }
    if (relation->facts.identity == APPLY_BY_KEY) {
        return update_by_key(relation, arena, old, fresh, fresh + relation->column_count, err);
    }
    if (relation->facts.identity == APPLY_BY_NOTHING || old->values == NULL) {
        return no_identity(relation, err);
    }
    if (relation->facts.keeps_rows) {
        return update_whole_row(relation, arena, old->values, fresh, err);
    }
    int removed = count_row(relation, arena, old->values, -1, err);
    return removed <= 0 ? removed : count_row(relation, arena, fresh, 1, err);
}

static int take_delete(struct apply_relation *relation, struct arena *arena, const struct pgoutput_tuple *old,
                       struct err *err)
{
    if (relation->facts.identity == APPLY_BY_NOTHING || old->values == NULL) {
        return no_identity(relation, err);
    }
    if (check_shape(relation, old, err) != 0) {
        return -1;
    }
    if (relation->facts.identity == APPLY_BY_ROW) {
        return count_row(relation, arena, old->values, -1, err);
    }
    auto_free struct pgoutput_value *key = calloc(relation->facts.key_count + 1, sizeof(*key));
    if (key == NULL) {
        return err_no_memory(err);
    }
    pick(relation, old->values, key);
    return delete_row(relation, arena, key, err);
}

int apply_batch_add(struct apply_relation *relation, struct arena *arena,
                    const struct pgoutput_message *message, struct err *err)
{
    switch (message->kind) {
    case PGOUTPUT_INSERT:
        return take_insert(relation, arena, &message->fresh, err);
    case PGOUTPUT_UPDATE:
        return take_update(relation, arena, &message->old, &message->fresh, message->old_full, err);
    default:
        return take_delete(relation, arena, &message->old, err);
    }
}

bool apply_batch_is_large(const struct pgoutput_message *message)
{
    return values_are_large(message->old.values, message->old.count) ||
           values_are_large(message->fresh.values, message->fresh.count);
}
