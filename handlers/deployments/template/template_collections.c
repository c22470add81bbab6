/* SPDX-License-Identifier: MIT */
/* Functions on arrays and objects in template expressions, and those that accept both strings and arrays. */
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/parse/json_memory.h"
#include "core/str.h"
#include "handlers/deployments/template/template_functions_private.h"

enum { RANGE_MAX = 10000 };

static json_t *array(const struct template_function_call *call)
{
    json_t *value = call->arguments[0];
    return json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
}

static json_t *create_array(const struct template_function_call *call)
{
    json_t *result = json_array();
    for (size_t i = 0; i < call->count; i++) {
        json_array_append(result, call->arguments[i]);
    }
    return result;
}

static json_t *create_object(const struct template_function_call *call)
{
    json_auto_t *result = json_object();
    for (size_t i = 0; i + 1 < call->count; i += 2) {
        const char *key = template_argument(call, i);
        if (key == NULL || json_object_set(result, key, call->arguments[i + 1]) < 0) {
            return template_wrong_types(call);
        }
    }
    return call->count % 2 == 0 ? json_incref(result) : template_wrong_types(call);
}

static bool has_item(const json_t *items, const json_t *item)
{
    size_t index;
    json_t *other;
    json_array_foreach (items, index, other) {
        if (json_equal(other, item)) {
            return true;
        }
    }
    return false;
}

/* Merges nested objects, too. */
static int merge(json_t *to, json_t *from)
{
    const char *key;
    json_t *value;
    json_object_foreach (from, key, value) {
        json_t *there = json_object_get(to, key);
        int failed = json_is_object(there) && json_is_object(value)
                         ? merge(there, value)
                         : json_object_set_new(to, key, json_deep_copy(value));
        if (failed != 0) {
            return -1;
        }
    }
    return 0;
}

static json_t *unite(const struct template_function_call *call)
{
    bool objects = json_is_object(call->arguments[0]);
    json_auto_t *result = objects ? json_object() : json_array();
    for (size_t i = 0; i < call->count; i++) {
        json_t *argument = call->arguments[i];
        size_t index;
        json_t *item;
        if (objects ? !json_is_object(argument) || merge(result, argument) < 0 : !json_is_array(argument)) {
            return template_wrong_types(call);
        }
        json_array_foreach (argument, index, item) {
            if (!template_spend(call->evaluation, (int64_t)json_array_size(result), 0)) {
                return NULL;
            }
            if (!has_item(result, item)) {
                json_array_append(result, item);
            }
        }
    }
    return json_incref(result);
}

static json_t *contains(const struct template_function_call *call)
{
    const json_t *where = call->arguments[0];
    auto_free char *text = template_text(call->arguments[1]);
    const char *key;
    json_t *value;
    if (json_is_array(where)) {
        return json_boolean(has_item(where, call->arguments[1]));
    }
    if (text == NULL || (!json_is_string(where) && !json_is_object(where))) {
        return template_wrong_types(call);
    }
    if (json_is_string(where)) {
        return json_boolean(strstr(json_string_value(where), text) != NULL);
    }
    json_object_foreach (call->arguments[0], key, value) {
        if (str_iequals(key, text)) {
            return json_true();
        }
    }
    return json_false();
}

/* The size of a string is its number of characters, as in Resource Manager. */
static size_t size_of(const json_t *value)
{
    return json_is_string(value)  ? str_utf8_length(json_string_value(value))
           : json_is_array(value) ? json_array_size(value)
                                  : json_object_size(value);
}

static json_t *length(const struct template_function_call *call)
{
    return json_integer((json_int_t)size_of(call->arguments[0]));
}

static json_t *empty(const struct template_function_call *call)
{
    return json_boolean(size_of(call->arguments[0]) == 0);
}

/* At most "wanted" items of a string or an array, from start on. */
static json_t *slice(const struct template_function_call *call, size_t start, size_t wanted)
{
    const json_t *value = call->arguments[0];
    size_t size = size_of(value);
    start = start < size ? start : size;
    wanted = wanted < size - start ? wanted : size - start;
    if (json_is_string(value)) {
        const char *from = str_utf8_at(json_string_value(value), start);
        return json_stringn(from, (size_t)(str_utf8_at(from, wanted) - from));
    }
    if (!json_is_array(value)) {
        return template_wrong_types(call);
    }
    json_t *result = json_array();
    for (size_t i = 0; i < wanted; i++) {
        json_array_append(result, json_array_get(value, start + i));
    }
    return result;
}

static json_t *first(const struct template_function_call *call)
{
    json_t *item = json_array_get(call->arguments[0], 0);
    return item != NULL ? json_incref(item) : slice(call, 0, 1);
}

static json_t *last(const struct template_function_call *call)
{
    size_t size = size_of(call->arguments[0]);
    json_t *item = size == 0 ? NULL : json_array_get(call->arguments[0], size - 1);
    return item != NULL ? json_incref(item) : slice(call, size == 0 ? 0 : size - 1, 1);
}

static json_t *skip(const struct template_function_call *call)
{
    json_int_t count = json_integer_value(call->arguments[1]);
    return slice(call, count < 0 ? 0 : (size_t)count, SIZE_MAX);
}

static json_t *take(const struct template_function_call *call)
{
    json_int_t count = json_integer_value(call->arguments[1]);
    return slice(call, 0, count < 0 ? 0 : (size_t)count);
}

static json_t *range(const struct template_function_call *call)
{
    json_int_t start = json_integer_value(call->arguments[0]);
    json_int_t count = json_integer_value(call->arguments[1]);
    if (count < 0 || count > RANGE_MAX || start > INT32_MAX || start < INT32_MIN) {
        return template_wrong_types(call);
    }
    json_t *result = json_array();
    for (json_int_t i = 0; i < count; i++) {
        json_array_append_new(result, json_integer(start + i));
    }
    return result;
}

/* The minimum or maximum of several numbers, or of one array of them. */
static json_t *extreme(const struct template_function_call *call)
{
    bool least = str_iequals(call->name, "min");
    json_t *items = call->arguments[0];
    bool is_array = json_is_array(items);
    size_t count = is_array ? json_array_size(items) : call->count;
    json_int_t best = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = is_array ? json_array_get(items, i) : call->arguments[i];
        json_int_t value = json_integer_value(item);
        if (!json_is_integer(item)) {
            return template_wrong_types(call);
        }
        best = i == 0 || (least ? value < best : value > best) ? value : best;
    }
    return count == 0 ? template_wrong_types(call) : json_integer(best);
}

static json_t *parse_json(const struct template_function_call *call)
{
    const char *text = template_argument(call, 0);
    if (text != NULL &&
        !template_spend(call->evaluation, 0, (int64_t)json_memory_of_text(text, strlen(text)))) {
        return NULL;
    }
    json_t *value = memory_parse_text(text, JSON_DECODE_ANY);
    return value != NULL
               ? value
               : template_fail(call->evaluation, "the argument of the function 'json' is not valid JSON");
}

static json_t *to_string(const struct template_function_call *call)
{
    auto_free char *plain = template_text(call->arguments[0]);
    auto_free char *dumped =
        plain == NULL ? json_dumps(call->arguments[0], JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    return json_string(plain != NULL ? plain : dumped);
}

static json_t *items(const struct template_function_call *call)
{
    const char *key;
    json_t *value;
    if (!json_is_object(call->arguments[0])) {
        return template_wrong_types(call);
    }
    json_t *result = json_array();
    json_object_foreach (call->arguments[0], key, value) {
        json_array_append_new(result, json_pack("{s:s, s:O}", "key", key, "value", value));
    }
    return result;
}

/* Bicep's ?. operator: null if a member is missing. */
static json_t *try_get(const struct template_function_call *call)
{
    json_t *value = call->arguments[0];
    for (size_t i = 1; value != NULL && i < call->count; i++) {
        const char *key = template_argument(call, i);
        value = key != NULL ? json_object_get(value, key)
                            : json_array_get(value, (size_t)json_integer_value(call->arguments[i]));
    }
    return value == NULL ? json_null() : json_incref(value);
}

/* clang-format off */
const struct template_function template_collection_functions[] = {
    {"array", 1, 1, array}, {"createArray", 0, TEMPLATE_ARGUMENTS_MAX, create_array},
    {"createObject", 0, TEMPLATE_ARGUMENTS_MAX, create_object}, {"union", 1, TEMPLATE_ARGUMENTS_MAX, unite},
    {"contains", 2, 2, contains}, {"length", 1, 1, length}, {"empty", 1, 1, empty}, {"first", 1, 1, first},
    {"last", 1, 1, last}, {"skip", 2, 2, skip}, {"take", 2, 2, take}, {"range", 2, 2, range},
    {"min", 1, TEMPLATE_ARGUMENTS_MAX, extreme}, {"max", 1, TEMPLATE_ARGUMENTS_MAX, extreme},
    {"json", 1, 1, parse_json}, {"string", 1, 1, to_string}, {"items", 1, 1, items},
    {"tryGet", 2, TEMPLATE_ARGUMENTS_MAX, try_get}, {NULL, 0, 0, NULL},
};
/* clang-format on */
