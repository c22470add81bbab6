/* SPDX-License-Identifier: MIT */
/*
 * The changes of one table that have not been sent yet, as their net effect: of each row only what has to
 * become of it. A row is told from others by the text of its key, which is that of the stored value, or by
 * the text of all its columns. For this room only.
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
#include "engine/apply/relation/apply_relation.h"
#include "engine/replication/pgoutput.h"

/* Adds an INSERT, UPDATE or DELETE, which is copied into the arena. 1: done. 0: it does not fit what is
 * pending: send that first, and come again. -1: error. */
int apply_batch_add(struct apply_relation *relation, struct arena *arena,
                    const struct pgoutput_message *message, struct err *err);
/* The change is to be sent alone and at once: its large values are not copied. */
bool apply_batch_is_large(const struct pgoutput_message *message);
/* Forgets all of it; before the arena is reset. */
void apply_batch_clear(struct apply_relation *relation);

#endif
