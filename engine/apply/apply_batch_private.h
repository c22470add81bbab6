/* SPDX-License-Identifier: MIT */
/*
 * The pending changes of one table as their net effect: only the final change to each row. The text of the
 * key identifies a row, or the text of all its columns. For this room only.
 *
 * All deletes, then all updates, then all inserts produce the net effect, unless the table has other unique
 * indexes: engine/apply/apply.c handles those.
 */
#ifndef ENGINE_APPLY_APPLY_BATCH_PRIVATE_H
#define ENGINE_APPLY_APPLY_BATCH_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/replication/pgoutput.h"

/* Adds an INSERT, UPDATE or DELETE, which it copies into the arena. 1: done. 0: it conflicts with pending
 * changes; send those first and retry. -1: error. */
int apply_batch_add(struct apply_relation *relation, struct arena *arena,
                    const struct pgoutput_message *message, struct err *err);
/* Whether the change must be sent alone and immediately, because its large values are not copied. */
bool apply_batch_is_large(const struct pgoutput_message *message);
/* Forgets all pending changes. Call it before the arena is reset. */
void apply_batch_clear(struct apply_relation *relation);

#endif
