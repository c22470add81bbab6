/* SPDX-License-Identifier: MIT */
/* Counts of rows and their comparison; for engine/cutover/evidence*.c only. */
#ifndef ENGINE_CUTOVER_EVIDENCE_PRIVATE_H
#define ENGINE_CUTOVER_EVIDENCE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/cutover/cutover_private.h"

enum side { SOURCE, TARGET };

/* A table of both sides. The strings of "relation" and "reported" are borrowed. */
struct counted {
    const struct cutover_relation *relation;
    struct evidence_table *reported;
    char *refusal; /* PostgreSQL's words, or NULL */
};

bool evidence_is_readable(const struct counted *table, enum side side);
/* Adds losses, warnings and notes to the evidence; sets evidence.quiet. Queries the source. "tables" are
 * sorted by size, smallest first. */
void evidence_conclude(struct cutover_state *state, const struct counted *tables, size_t count);

#endif
