/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 256 * 1024, ALIGNMENT = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t used;
    size_t padding; /* keeps the memory after it aligned */
};

static struct arena_chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + room);
    if (chunk == NULL) {
        return NULL;
    }
    *chunk = (struct arena_chunk){.next = arena->chunks, .size = room};
    arena->chunks = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < rounded) {
        chunk = add_chunk(arena, rounded);
    }
    if (chunk == NULL) {
        return NULL;
    }
    void *memory = (char *)(chunk + 1) + chunk->used;
    chunk->used += rounded;
    arena->used += rounded;
    return memory;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *kept = NULL;
    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        if (kept == NULL && chunk->size == CHUNK_BYTES) {
            kept = chunk;
        } else {
            free(chunk);
        }
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
    arena->chunks = kept;
    arena->used = 0;
}

void arena_done(struct arena *arena)
{
    arena_reset(arena);
    free(arena->chunks);
    *arena = (struct arena){0};
}
