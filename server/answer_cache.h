/* SPDX-License-Identifier: MIT */
/*
 * Answers of GETs that depend on nothing but the URL and the store, kept until the store changes: a client
 * that polls is answered from memory, on the event loop. The caller says how the store stands with a
 * generation that grows with every commit.
 *
 * Bounded: 512 answers of at most 64 KiB each, 4 MiB together. Any thread.
 */
#ifndef SERVER_ANSWER_CACHE_H
#define SERVER_ANSWER_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/request.h"

struct answer_cache;

/* NULL when memory is out. */
struct answer_cache *answer_cache_new(void);
void answer_cache_free(struct answer_cache *cache);

/* Gives the request a copy of the answer that was kept for its URL at this generation. False: there is none.
 */
bool answer_cache_reply(struct answer_cache *cache, struct request *request, uint64_t generation);

/* Keeps the answer that the request has been given, unless it is an error, conditional or too long.
 * generation: as it was before the handler read the store. */
void answer_cache_keep(struct answer_cache *cache, const struct request *request, uint64_t generation);

#endif
