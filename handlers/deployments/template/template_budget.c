/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/template/template_budget_private.h"

#include <string.h>

#include "core/clock.h"
#include "core/parse/json_memory.h"

struct template_budget template_budget_begin(int64_t steps_left)
{
    int64_t steps = steps_left < TEMPLATE_STEPS_MAX ? steps_left : TEMPLATE_STEPS_MAX;
    return (struct template_budget){.given = steps,
                                    .steps = steps,
                                    .bytes = TEMPLATE_CREATED_BYTES,
                                    .deadline_ms = clock_monotonic_ms() + TEMPLATE_TIME_MS};
}

int64_t template_budget_used(const struct template_budget *budget)
{
    return budget->given - budget->steps;
}

bool template_budget_spend(struct template_budget *budget, int64_t steps, int64_t bytes)
{
    budget->steps -= steps;
    budget->bytes -= bytes;
    return budget->steps >= 0 && budget->bytes >= 0 && clock_ms_left(budget->deadline_ms) > 0;
}

static bool too_large(const struct template_size *size)
{
    return size->members > TEMPLATE_MEMBERS_MAX || size->bytes > TEMPLATE_VALUE_BYTES;
}

static int64_t bytes_of(const json_t *value)
{
    return json_is_object(value)  ? JSON_OBJECT_BYTES
           : json_is_array(value) ? JSON_ARRAY_BYTES
                                  : JSON_SCALAR_BYTES;
}

/* Stops as soon as the value is too large. The depth is limited: values are created by at most
 * TEMPLATE_DEPTH_MAX nested calls, or parsed by jansson, which has its own limit. */
static void measure(json_t *value, struct template_size *size)
{
    size_t index;
    const char *key;
    json_t *member;
    if (value == NULL) { /* memory was out: see core/memory.h */
        return;
    }
    int64_t text = json_is_string(value) ? (int64_t)json_string_length(value) : 0;
    size->members++;
    size->bytes += text;
    size->fresh += value->refcount == 1 ? bytes_of(value) + text : 0;
    json_array_foreach (value, index, member) {
        if (too_large(size)) {
            return;
        }
        measure(member, size);
    }
    json_object_foreach (value, key, member) {
        if (too_large(size)) {
            return;
        }
        size->bytes += (int64_t)strlen(key);
        size->fresh += value->refcount == 1 ? JSON_NAME_BYTES + (int64_t)strlen(key) : 0;
        measure(member, size);
    }
}

bool template_budget_measure(json_t *const *values, size_t count, struct template_size *size)
{
    for (size_t i = 0; i < count && !too_large(size); i++) {
        measure(values[i], size);
    }
    return !too_large(size);
}
