/* SPDX-License-Identifier: MIT */
/*
 * Mutates the input as JSON: flipping single bytes nearly always makes it malformed, so the code behind
 * the parser would only see the seeds. The text before the first '{' is unchanged. Targets that include
 * this file use it.
 */
#ifndef TESTS_FUZZ_JSON_MUTATOR_H
#define TESTS_FUZZ_JSON_MUTATOR_H

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { JSON_NODES_MAX = 256, JSON_STRING_MAX = 512 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* All values inside objects or arrays of a document, with their places. */
struct json_places {
    struct json_place {
        json_t *parent;
        const char *key; /* in an object */
        size_t index;    /* in an array */
        json_t *value;
    } rows[JSON_NODES_MAX];
    size_t count;
};

static void collect(struct json_places *places, json_t *parent)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t index = 0;
    json_object_foreach (parent, key, value) {
        if (places->count < JSON_NODES_MAX) {
            places->rows[places->count++] = (struct json_place){.parent = parent, .key = key, .value = value};
            collect(places, value);
        }
    }
    json_array_foreach (parent, index, value) {
        if (places->count < JSON_NODES_MAX) {
            places->rows[places->count++] =
                (struct json_place){.parent = parent, .index = index, .value = value};
            collect(places, value);
        }
    }
}

static json_t *changed_string(const char *text)
{
    uint8_t bytes[JSON_STRING_MAX];
    size_t len = strlen(text) < sizeof(bytes) / 2 ? strlen(text) : sizeof(bytes) / 2;
    memcpy(bytes, text, len);
    len = LLVMFuzzerMutate(bytes, len, sizeof(bytes));
    json_t *value = json_stringn((const char *)bytes, len);
    return value == NULL ? json_string("\xC3\xBC") : value;
}

static json_t *plain_value(int choice)
{
    static const json_int_t numbers[] = {0, 1, -1, 800, 801, 65536, INT32_MAX, INT64_MAX, INT64_MIN};
    switch (choice % 8) {
    case 0:
        return json_null();
    case 1:
        return json_true();
    case 2:
        return json_string("");
    case 3:
        return json_object();
    case 4:
        return json_array();
    case 5:
        return json_real(1e308);
    case 6:
        return json_string("True");
    default:
        return json_integer(numbers[(size_t)rand() % ARRAY_LEN(numbers)]);
    }
}

/* A new reference to the replacement for a value. */
static json_t *other_value(const struct json_places *places, const struct json_place *place)
{
    int choice = rand();
    switch (choice % 4) {
    case 0:
        return json_deep_copy(places->rows[(size_t)rand() % places->count].value);
    case 1:
        return plain_value(rand());
    default:
        return json_is_string(place->value) ? changed_string(json_string_value(place->value))
                                            : plain_value(rand());
    }
}

static void change(const struct json_places *places)
{
    const struct json_place *place = &places->rows[(size_t)rand() % places->count];
    bool removes = rand() % 6 == 0;
    if (place->key == NULL && removes) {
        json_array_remove(place->parent, place->index);
    } else if (place->key == NULL && rand() % 3 == 0) {
        json_array_insert_new(place->parent, place->index, other_value(places, place));
    } else if (place->key == NULL) {
        json_array_set_new(place->parent, place->index, other_value(places, place));
    } else if (removes) {
        json_object_del(place->parent, place->key);
    } else {
        /* Sometimes under the name of another member. */
        const char *other = places->rows[(size_t)rand() % places->count].key;
        json_object_set_new(place->parent, other == NULL || rand() % 4 > 0 ? place->key : other,
                            other_value(places, place));
    }
}

/* Returns the new size, or 0 if nothing could be changed. */
static size_t mutate_json(uint8_t *data, size_t size, size_t max_size)
{
    const uint8_t *start = memchr(data, '{', size);
    if (start == NULL) {
        return 0;
    }
    size_t head = (size_t)(start - data);
    json_auto_t *document = json_loadb((const char *)start, size - head, 0, NULL);
    struct json_places places = {.count = 0};
    if (document != NULL) {
        collect(&places, document);
    }
    if (places.count == 0) {
        return 0;
    }
    change(&places);
    auto_free char *text = json_dumps(document, JSON_COMPACT);
    size_t len = text == NULL ? 0 : strlen(text);
    if (len == 0 || head + len > max_size) {
        return 0;
    }
    memcpy(data + head, text, len);
    return head + len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    srand(seed);
    size_t changed = rand() % 8 == 0 ? 0 : mutate_json(data, size, max_size);
    return changed > 0 ? changed : LLVMFuzzerMutate(data, size, max_size);
}

#endif
