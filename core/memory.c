/* SPDX-License-Identifier: MIT */
#include "core/memory.h"

#include <jansson.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/wipe.h"

static _Thread_local int watches;
static _Thread_local bool failed;
static _Thread_local bool parses;

void memory_watch_begin(void)
{
    if (watches++ == 0) {
        failed = false;
    }
}

bool memory_watch_end(void)
{
    watches--;
    return failed;
}

bool memory_watch_failed(void)
{
    return watches > 0 && failed;
}

void *memory_checked(void *block)
{
    failed = failed || block == NULL;
    return block;
}

/*
 * jansson's lexer does not check whether its buffer could grow, and reads beyond it afterwards. The buffer
 * doubles from 16 bytes on; these sizes have a reserve, address space that costs nothing until it is
 * touched. The parsed result is discarded, because the failure has been recorded.
 */
enum { RESERVE_BYTES = 32 * 1024 * 1024, LEAST_GROWTH = 32 };

static _Alignas(16) char reserve[RESERVE_BYTES];
static pthread_mutex_t reserve_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t reserve_used;
static size_t reserve_blocks;

static void *take_reserve(size_t size)
{
    void *block = NULL;
    pthread_mutex_lock(&reserve_lock);
    if (size <= RESERVE_BYTES - reserve_used) {
        block = reserve + reserve_used;
        reserve_used += size;
        reserve_blocks++;
    }
    pthread_mutex_unlock(&reserve_lock);
    return block;
}

static void *allocate(size_t size)
{
    void *block = memory_checked(malloc(size));
    bool may_be_growth = parses && size >= LEAST_GROWTH && (size & (size - 1)) == 0;
    return block == NULL && may_be_growth ? take_reserve(size) : block;
}

static void release(void *block)
{
    if ((uintptr_t)block - (uintptr_t)reserve >= RESERVE_BYTES) {
        wipe_free(block); /* bodies hold passwords */
        return;
    }
    pthread_mutex_lock(&reserve_lock);
    if (--reserve_blocks == 0) {
        reserve_used = 0;
    }
    pthread_mutex_unlock(&reserve_lock);
}

/* Before main(): jansson must not free memory with another allocator than the one that allocated it. */
__attribute__((constructor)) static void set_allocator(void)
{
    json_set_alloc_funcs(allocate, release);
}

json_t *memory_parse_json(const char *text, size_t len, size_t flags, json_error_t *error)
{
    parses = true;
    json_t *value = json_loadb(text, len, flags, error);
    parses = false;
    return value;
}

json_t *memory_parse_text(const char *text, size_t flags)
{
    return text == NULL ? NULL : memory_parse_json(text, strlen(text), flags, NULL);
}
