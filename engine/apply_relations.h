/* SPDX-License-Identifier: MIT */
/* The tables that a stream has described so far, by their OID on the source; for engine/apply*.c only. */
#ifndef ENGINE_APPLY_RELATIONS_H
#define ENGINE_APPLY_RELATIONS_H

#include <stdint.h>

#include "engine/apply_relation.h"

enum { RELATION_BUCKETS = 256 };

/* All-zero is empty. */
struct relations {
    struct apply_relation *buckets[RELATION_BUCKETS];
};

/* NULL: not described. */
struct apply_relation *relations_find(const struct relations *relations, uint32_t id);
/* Takes the relation over; one with the same OID is freed. */
void relations_put(struct relations *relations, struct apply_relation *relation);
/* They are not prepared any more. */
void relations_forget_statements(struct relations *relations);
void relations_done(struct relations *relations);

/* The statement for a TRUNCATE message, whose relations are loaded. -1: it cannot be done on the target. */
int relations_add_truncate(const struct relations *relations, const struct pgoutput_message *message,
                           struct buf *sql, struct err *err);

#endif
