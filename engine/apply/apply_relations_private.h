/* SPDX-License-Identifier: MIT */
/* The tables that a stream has described so far, by their OID on the source; for engine/apply*.c only. */
#ifndef ENGINE_APPLY_APPLY_RELATIONS_PRIVATE_H
#define ENGINE_APPLY_APPLY_RELATIONS_PRIVATE_H

#include <stdint.h>

#include "engine/apply/apply_relation_private.h"

enum { RELATION_BUCKETS = 256 };

/* All-zero is empty. */
struct relations {
    struct apply_relation *buckets[RELATION_BUCKETS];
};

/* Those that have pending changes, in the order of their first ones. All-zero is empty. */
struct pending {
    struct apply_relation *first;
    struct apply_relation *last;
};
/* One that is in it already stays where it is. */
void relations_add_pending(struct pending *pending, struct apply_relation *relation);
/* The first, which is no longer in it; NULL: there is none. */
struct apply_relation *relations_take_pending(struct pending *pending);

/* NULL: not described. */
struct apply_relation *relations_find(const struct relations *relations, uint32_t id);
/* Takes the relation over; one with the same OID is freed. */
void relations_put(struct relations *relations, struct apply_relation *relation);
/* They are not prepared any more. */
void relations_forget_statements(struct relations *relations);
/* What is known of the target's tables is read again. */
void relations_unload(struct relations *relations);
void relations_done(struct relations *relations);

/*
 * A TRUNCATE message, whose relations are loaded. Where the rows of a partition may be in any of the
 * target's, only all of them can be emptied: relations_truncates_part() tells that the message does not do
 * that.
 */
bool relations_truncates_part(const struct relations *relations, const struct apply_relation *relation,
                              const struct pgoutput_message *message);
/* All that go to that table of the target are stale. */
void relations_make_stale(struct relations *relations, const char *table);

#endif
