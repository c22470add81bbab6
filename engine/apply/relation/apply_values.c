/* SPDX-License-Identifier: MIT */
#include "engine/apply/relation/apply_values.h"

#include <string.h>

bool value_has_bytes(const struct pgoutput_value *value)
{
    return value->kind == PGOUTPUT_TEXT || value->kind == PGOUTPUT_BINARY;
}

static bool is_same(const struct pgoutput_value *a, const struct pgoutput_value *b)
{
    return a->kind == b->kind &&
           (!value_has_bytes(a) || (a->len == b->len && memcmp(a->text, b->text, a->len) == 0));
}

bool values_are_same(const struct pgoutput_value *a, const struct pgoutput_value *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_same(&a[i], &b[i])) {
            return false;
        }
    }
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static uint64_t hash_value(uint64_t hash, const struct pgoutput_value *value)
{
    if (!value_has_bytes(value)) {
        return mix(hash, UINT64_MAX);
    }
    const char *at = value->text;
    size_t left = value->len;
    for (; left >= sizeof(uint64_t); at += sizeof(uint64_t), left -= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        hash = mix(hash, word);
    }
    uint64_t rest = value->len; /* values that end differently hash differently */
    memcpy(&rest, at, left < 4 ? left : 4);
    hash = mix(hash, rest);
    if (left > 4) {
        rest = 0;
        memcpy(&rest, at + 4, left - 4);
        hash = mix(hash, rest);
    }
    return hash;
}

uint64_t values_hash(const struct pgoutput_value *values, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        hash = hash_value(hash, &values[i]);
    }
    return hash;
}

/* Whether its bytes are copied. */
static bool is_copied(const struct pgoutput_value *value)
{
    return value_has_bytes(value) && value->len < VALUES_LARGE_BYTES;
}

struct pgoutput_value *values_keep(struct arena *arena, const struct pgoutput_value *values, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += is_copied(&values[i]) ? values[i].len : 0;
    }
    struct pgoutput_value *kept = arena_alloc(arena, count * sizeof(*kept) + bytes);
    if (kept == NULL) {
        return NULL;
    }
    char *at = (char *)(kept + count);
    for (size_t i = 0; i < count; i++) {
        kept[i] = values[i];
        if (is_copied(&values[i])) {
            memcpy(at, values[i].text, values[i].len);
            kept[i].text = at;
            at += values[i].len;
        }
    }
    return kept;
}

bool values_are_large(const struct pgoutput_value *values, size_t count)
{
    for (size_t i = 0; values != NULL && i < count; i++) {
        if (value_has_bytes(&values[i]) && !is_copied(&values[i])) {
            return true;
        }
    }
    return false;
}

void values_merge(struct pgoutput_value *kept, const struct pgoutput_value *before, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (kept[i].kind == PGOUTPUT_UNCHANGED) {
            kept[i] = before[i];
        }
    }
}

bool values_are_complete(const struct pgoutput_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind == PGOUTPUT_UNCHANGED) {
            return false;
        }
    }
    return true;
}
