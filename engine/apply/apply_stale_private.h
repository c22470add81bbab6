/* SPDX-License-Identifier: MIT */
/* How the applier finds out about tables whose changes it cannot apply; for engine/apply/apply.c only. */
#ifndef ENGINE_APPLY_APPLY_STALE_PRIVATE_H
#define ENGINE_APPLY_APPLY_STALE_PRIVATE_H

#include <stdint.h>

#include "core/err.h"
#include "engine/apply/apply_relations_private.h"
#include "engine/apply/apply_target_private.h"
#include "engine/replication/pgoutput.h"

/* The stream describes a table, which it does behind everything that is done to the table: looks whether rows
 * were written anew, or removed, without a word. Of tables with a key that matters only at the cutover,
 * unless it was TRUNCATE. */
int apply_stale_look(struct apply_target *target, struct relations *relations,
                     const struct pgoutput_message *message, struct err *err);
/* A TRUNCATE message: takes the tables out of it whose copy was read after the transaction had ended. */
void apply_stale_skip_copied(const struct joined *joined, uint32_t transaction, uint64_t commit_position,
                             struct pgoutput_message *message);
/* A TRUNCATE message, whose relations are loaded: from here on both sides have the same rows again, whatever
 * had happened. That is how a TRUNCATE in the moment between snapshot and lock of the base copy shows. */
int apply_stale_end(struct apply_target *target, const struct relations *relations,
                    const struct pgoutput_message *message, struct err *err);
/* A TRUNCATE message, whose relations are loaded: which of the target's rows belong to a partition that is
 * emptied alone may not be known. */
int apply_stale_leave_out(struct apply_target *target, struct relations *relations,
                          const struct pgoutput_message *message, struct err *err);

#endif
