/* SPDX-License-Identifier: MIT */
#include "server/answer_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"
#include "server/reply.h"

enum {
    SLOTS = 512,
    LOCKS = 16, /* of every sixteenth slot each: event loops rarely meet */
    BODY_MAX = 64 * 1024,
    TOTAL_MAX = 4 * 1024 * 1024,
    STATUS_OK = 200,
};

struct kept {
    uint64_t generation;
    char *url; /* as the client reaches Malachite: links in the body begin with it. NULL: the slot is empty */
    char *body;
    size_t body_len;
    const char *content_type; /* static text */
    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
};

struct answer_cache {
    pthread_mutex_t locks[LOCKS];
    _Atomic size_t total; /* bytes of all bodies */
    struct kept slots[SLOTS];
};

static void forget(struct answer_cache *cache, struct kept *kept)
{
    atomic_fetch_sub(&cache->total, kept->body_len);
    free(kept->url);
    free(kept->body);
    for (size_t i = 0; i < kept->header_count; i++) {
        free(kept->headers[i].name);
        free(kept->headers[i].value);
    }
    *kept = (struct kept){0};
}

struct answer_cache *answer_cache_new(void)
{
    struct answer_cache *cache = memory_checked(calloc(1, sizeof(*cache)));
    for (size_t i = 0; cache != NULL && i < LOCKS; i++) {
        pthread_mutex_init(&cache->locks[i], NULL);
    }
    return cache;
}

void answer_cache_free(struct answer_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        forget(cache, &cache->slots[i]);
    }
    for (size_t i = 0; i < LOCKS; i++) {
        pthread_mutex_destroy(&cache->locks[i]);
    }
    free(cache);
}

static size_t slot_of(const char *url)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *at = url; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    }
    return (size_t)(hash % SLOTS);
}

static bool is_cacheable(const struct request *request)
{
    return request->method == METHOD_GET && request->if_none_match == NULL && request->raw_uri != NULL;
}

static bool reply_with(const struct kept *kept, struct request *request)
{
    for (size_t i = 0; i < kept->header_count; i++) {
        reply_header(request, kept->headers[i].name, kept->headers[i].value);
    }
    reply_text(request, STATUS_OK, kept->content_type, kept->body, kept->body_len);
    return true;
}

bool answer_cache_reply(struct answer_cache *cache, struct request *request, uint64_t generation)
{
    auto_free char *url = is_cacheable(request) ? reply_absolute_url(request, request->raw_uri) : NULL;
    if (url == NULL) {
        return false;
    }
    size_t slot = slot_of(url);
    const struct kept *kept = &cache->slots[slot];
    pthread_mutex_lock(&cache->locks[slot % LOCKS]);
    bool found = kept->url != NULL && kept->generation == generation && str_equals(kept->url, url) &&
                 reply_with(kept, request);
    pthread_mutex_unlock(&cache->locks[slot % LOCKS]);
    return found;
}

/* False when memory is out: nothing is kept then. */
static bool copy_reply(const struct reply *reply, struct kept *kept)
{
    kept->body = malloc(reply->body_len + 1);
    if (kept->body == NULL) {
        return false;
    }
    memcpy(kept->body, reply->body, reply->body_len);
    kept->body[reply->body_len] = '\0';
    kept->content_type = reply->content_type;
    for (size_t i = 0; i < reply->header_count; i++) {
        struct reply_header *header = &kept->headers[kept->header_count++];
        *header = (struct reply_header){str_dup(reply->headers[i].name), str_dup(reply->headers[i].value)};
        if (header->name == NULL || header->value == NULL) {
            return false;
        }
    }
    return true;
}

/* Responses from before the last commit are outdated. */
static void forget_old(struct answer_cache *cache, uint64_t generation)
{
    for (size_t i = 0; i < SLOTS; i++) {
        pthread_mutex_lock(&cache->locks[i % LOCKS]);
        if (cache->slots[i].generation < generation) {
            forget(cache, &cache->slots[i]);
        }
        pthread_mutex_unlock(&cache->locks[i % LOCKS]);
    }
}

void answer_cache_keep(struct answer_cache *cache, const struct request *request, uint64_t generation)
{
    const struct reply *reply = &request->reply;
    if (!is_cacheable(request) || reply->status != STATUS_OK || reply->body == NULL || reply->out_of_memory ||
        reply->body_len > BODY_MAX) {
        return;
    }
    if (atomic_load(&cache->total) + reply->body_len > TOTAL_MAX) {
        forget_old(cache, generation);
    }
    struct kept kept = {.generation = generation, .url = reply_absolute_url(request, request->raw_uri)};
    if (kept.url == NULL || atomic_load(&cache->total) + reply->body_len > TOTAL_MAX ||
        !copy_reply(reply, &kept)) {
        forget(cache, &kept);
        return;
    }
    kept.body_len = reply->body_len;
    atomic_fetch_add(&cache->total, kept.body_len);
    size_t slot = slot_of(kept.url);
    pthread_mutex_lock(&cache->locks[slot % LOCKS]);
    forget(cache, &cache->slots[slot]);
    cache->slots[slot] = kept;
    pthread_mutex_unlock(&cache->locks[slot % LOCKS]);
}
