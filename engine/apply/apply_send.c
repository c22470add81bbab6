/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_send_private.h"

#include <stdlib.h>

#include "engine/apply/apply_batch_private.h"
#include "engine/apply/apply_gather_private.h"

static int send_deletes(struct apply_sender *sender, struct apply_relation *relation, bool more,
                        struct err *err)
{
    struct apply_statement *statement = NULL;
    bool gathers = apply_gathers(relation, more);
    for (struct apply_row *row = relation->first_row; row != NULL; row = row->next) {
        if (!row->remove) {
            continue;
        }
        if (statement == NULL &&
            ((gathers && apply_gather_prepare(sender, relation, err) != 0) ||
             apply_statement_find(relation, gathers ? APPLY_GATHER : APPLY_DELETE, NULL, &sender->serial,
                                  sender->pipeline, err, &statement) != 0)) {
            return -1;
        }
        apply_statement_take(statement, row);
    }
    if (statement == NULL) {
        return 0;
    }
    if (gathers) {
        apply_gather_note(sender, relation, (int64_t)statement->row_count);
    }
    return apply_statement_run(relation, statement, &sender->space, sender->pipeline, err);
}

/* False: nothing is to be set. */
static bool shape_of(const struct apply_relation *relation, const struct apply_row *row, bool *set)
{
    bool any = false;
    for (size_t i = 0; i < relation->column_count; i++) {
        set[i] = row->fresh[i].kind != PGOUTPUT_UNCHANGED;
    }
    for (size_t i = 0; i < relation->key_count && !row->moves; i++) {
        set[relation->keys[i]] = false;
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        any = any || set[i];
    }
    return any;
}

static int take_update(struct apply_sender *sender, struct apply_relation *relation, struct apply_row *row,
                       bool *set, struct err *err)
{
    struct apply_statement *statement = NULL;
    if (!shape_of(relation, row, set)) {
        return 0;
    }
    enum apply_statement_kind kind = relation->identity == APPLY_BY_ROW  ? APPLY_UPDATE_ROW
                                     : relation->rewrites && !row->moves ? APPLY_REWRITE
                                                                         : APPLY_UPDATE;
    if (apply_statement_find(relation, kind, kind == APPLY_UPDATE ? set : NULL, &sender->serial,
                             sender->pipeline, err, &statement) != 0) {
        return -1;
    }
    apply_statement_take(statement, row);
    return 0;
}

static bool is_update(enum apply_statement_kind kind)
{
    return kind == APPLY_UPDATE || kind == APPLY_UPDATE_ROW || kind == APPLY_REWRITE;
}

static int send_updates(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    auto_free bool *set = calloc(relation->column_count + 1, sizeof(*set));
    if (set == NULL) {
        return err_no_memory(err);
    }
    for (struct apply_row *row = relation->first_row; row != NULL; row = row->next) {
        if (row->write == APPLY_WRITES_UPDATE && take_update(sender, relation, row, set, err) != 0) {
            return -1;
        }
    }
    for (struct apply_statement *statement = relation->statements; statement != NULL;
         statement = statement->next) {
        if (is_update(statement->kind) &&
            apply_statement_run(relation, statement, &sender->space, sender->pipeline, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int send_inserts(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    struct apply_statement *statement = NULL;
    for (struct apply_row *row = relation->first_row; row != NULL; row = row->next) {
        if (row->write != APPLY_WRITES_INSERT) {
            continue;
        }
        if (statement == NULL && apply_statement_find(relation, APPLY_INSERT, NULL, &sender->serial,
                                                      sender->pipeline, err, &statement) != 0) {
            return -1;
        }
        apply_statement_take(statement, row);
    }
    return statement == NULL
               ? 0
               : apply_statement_run(relation, statement, &sender->space, sender->pipeline, err);
}

int apply_send_relation(struct apply_sender *sender, struct apply_relation *relation, bool more,
                        struct err *err)
{
    if (send_deletes(sender, relation, more, err) != 0 || send_updates(sender, relation, err) != 0 ||
        send_inserts(sender, relation, err) != 0) {
        return -1;
    }
    apply_batch_clear(relation);
    return 0;
}
