/* SPDX-License-Identifier: MIT */
/*
 * The changes of one table that have not been sent yet, as their net effect: of each row only what has to
 * become of it. A row is told from others by the text of its key, which is that of the stored value, or by
 * the text of all its columns. For engine/apply*.c only.
 *
 * Whatever the order in which the changes came, the net effect may be had by all deletes, then all updates,
 * then all inserts, as long as no other unique index is there: engine/apply/apply.c sees to that.
 */
#ifndef ENGINE_APPLY_APPLY_BATCH_PRIVATE_H
#define ENGINE_APPLY_APPLY_BATCH_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "engine/apply/apply_relation_private.h"
#include "engine/replication/pgoutput.h"

enum apply_write { APPLY_WRITES_NOTHING, APPLY_WRITES_INSERT, APPLY_WRITES_UPDATE };

struct apply_row {
    struct apply_row *next; /* in the order of the first change */
    struct apply_row *next_of_bucket;
    struct apply_row *next_of_statement;
    uint64_t hash;
    struct pgoutput_value *key;    /* of the key columns; BY_ROW: of all columns */
    struct pgoutput_value *fresh;  /* of all columns, when something is written */
    struct pgoutput_value *before; /* BY_ROW, UPDATE: of all columns, as they were; "key" is as "fresh" */
    bool remove;                   /* the row with that key goes first */
    bool moves;                    /* UPDATE: the key changes too */
    enum apply_write write;
    int64_t copies; /* BY_ROW: so many more (or, negative, fewer) */
};

/* Adds an INSERT, UPDATE or DELETE, which is copied into the arena. 1: done. 0: it does not fit what is
 * pending: send that first, and come again. -1: error. */
int apply_batch_add(struct apply_relation *relation, struct arena *arena,
                    const struct pgoutput_message *message, struct err *err);
/* Forgets all of it; before the arena is reset. */
void apply_batch_clear(struct apply_relation *relation);

#endif
