/* SPDX-License-Identifier: MIT */
/*
 * Caches responses to GETs that depend only on the URL and the store, until the store changes: a polling
 * client is served from memory, on the event loop. The caller passes the store's generation, which grows
 * with every commit.
 *
 * Bounded: 512 responses of at most 64 KiB each, 4 MiB together. Any thread.
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

/* Gives the request a copy of the response that was cached for its URL at this generation. False: none. */
bool answer_cache_reply(struct answer_cache *cache, struct request *request, uint64_t generation);

/* Caches the request's response, unless it is an error, conditional or too long. generation: its value
 * before the handler read the store. */
void answer_cache_keep(struct answer_cache *cache, const struct request *request, uint64_t generation);

#endif
