/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given out in pieces and taken back all at once. An all-zero arena is empty and valid. What
 * it holds is bounded by its user: arena_used() tells how much that is.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the one that is being filled comes first */
    size_t used;
};

/* Memory for "size" bytes, aligned for any type, not zeroed; NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* Bytes given out since the last reset. */
size_t arena_used(const struct arena *arena);
/* Takes everything back; keeps one chunk of ordinary size for the next round. */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

#endif
