/* SPDX-License-Identifier: MIT */
/*
 * Memory that is allocated in pieces and released all at once. An all-zero arena is empty and valid. Its
 * user must limit its size: arena_used() returns the number of bytes.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the current one comes first */
    size_t used;
};

/* Memory for "size" bytes, aligned for any type, not zeroed; NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* Bytes allocated since the last reset. */
size_t arena_used(const struct arena *arena);
/* Releases everything, but keeps one chunk of ordinary size for the next round. */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

#endif
