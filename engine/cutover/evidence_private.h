/* SPDX-License-Identifier: MIT */
/* Counting rows, and what the counts say; for engine/cutover/evidence*.c only. */
#ifndef ENGINE_CUTOVER_EVIDENCE_PRIVATE_H
#define ENGINE_CUTOVER_EVIDENCE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/cutover/cutover_private.h"

enum side { SOURCE, TARGET };

/* A table that both sides have. Strings of "relation" and "told" are borrowed. */
struct counted {
    const struct cutover_relation *relation;
    struct evidence_table *told;
    char *refusal; /* PostgreSQL's words, or NULL */
};

bool evidence_is_readable(const struct counted *table, enum side side);
/* Adds losses, warnings and notes to the evidence; sets evidence.quiet. Asks the source. "tables" are by
 * size, smallest first. */
void evidence_conclude(struct cutover_state *state, const struct counted *tables, size_t count);

#endif
