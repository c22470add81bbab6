/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/template/template_budget_private.h"

#include <string.h>

#include "core/clock.h"
#include "handlers/deployments/template/template.h"

struct size {
    int64_t members;
    int64_t bytes;
    int64_t fresh; /* memory of what nobody else refers to */
};

struct template_budget template_budget_begin(const struct template *template)
{
    int64_t steps = template->steps_left < TEMPLATE_STEPS_MAX ? template->steps_left : TEMPLATE_STEPS_MAX;
    return (struct template_budget){.given = steps,
                                    .steps = steps,
                                    .bytes = TEMPLATE_CREATED_BYTES,
                                    .deadline_ms = clock_monotonic_ms() + TEMPLATE_TIME_MS};
}

void template_budget_end(const struct template_budget *budget, struct template *template)
{
    template->steps_left -= budget->given - budget->steps;
}

bool template_spend(struct evaluation *evaluation, int64_t steps, int64_t bytes)
{
    struct template_budget *budget = evaluation->budget;
    budget->steps -= steps;
    budget->bytes -= bytes;
    if (budget->steps >= 0 && budget->bytes >= 0 && clock_ms_left(budget->deadline_ms) > 0) {
        return true;
    }
    template_fail(evaluation, "evaluating the template takes more than the %d steps, %d MB or %d ms allowed",
                  TEMPLATE_STEPS_MAX, TEMPLATE_CREATED_BYTES / 1024 / 1024, TEMPLATE_TIME_MS);
    return false;
}

static bool too_large(const struct size *size)
{
    return size->members > TEMPLATE_MEMBERS_MAX || size->bytes > TEMPLATE_VALUE_BYTES;
}

/* Stops as soon as the value is too large. Depth is bounded: values are made by TEMPLATE_DEPTH_MAX calls, or
 * parsed by jansson, which has a limit of its own. */
static void measure(json_t *value, struct size *size)
{
    size_t index;
    const char *key;
    json_t *member;
    int64_t text = json_is_string(value) ? (int64_t)json_string_length(value) : 0;
    size->members++;
    size->bytes += text;
    size->fresh += value->refcount == 1 ? TEMPLATE_MEMBER_BYTES + text : 0;
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
        measure(member, size);
    }
}

static bool measure_all(struct evaluation *evaluation, json_t *const *values, size_t count,
                        struct size *ret_size)
{
    for (size_t i = 0; i < count && !too_large(ret_size); i++) {
        measure(values[i], ret_size);
    }
    if (too_large(ret_size)) {
        template_fail(evaluation, "a value has more than the %d members or %d MB allowed",
                      TEMPLATE_MEMBERS_MAX, TEMPLATE_VALUE_BYTES / 1024 / 1024);
    }
    return !too_large(ret_size);
}

bool template_pay_for(struct evaluation *evaluation, json_t *const *values, size_t count)
{
    struct size size = {0};
    return measure_all(evaluation, values, count, &size) && template_spend(evaluation, size.members, 0);
}

json_t *template_pay_result(struct evaluation *evaluation, json_t *value)
{
    struct size size = {0};
    if (value == NULL || !measure_all(evaluation, &value, 1, &size) ||
        !template_spend(evaluation, size.members, size.fresh)) {
        json_decref(value);
        return NULL;
    }
    return value;
}
