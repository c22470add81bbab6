/* SPDX-License-Identifier: MIT */
/* Charges an evaluation's work to its budget. */
#include "handlers/deployments/template/template.h"

bool template_spend(struct evaluation *evaluation, int64_t steps, int64_t bytes)
{
    if (template_budget_spend(evaluation->budget, steps, bytes)) {
        return true;
    }
    template_fail(evaluation, "evaluating the template takes more than the %d steps, %d MB or %d ms allowed",
                  TEMPLATE_STEPS_MAX, TEMPLATE_CREATED_BYTES / 1024 / 1024, TEMPLATE_TIME_MS);
    return false;
}

static bool measure(struct evaluation *evaluation, json_t *const *values, size_t count,
                    struct template_size *ret_size)
{
    if (template_budget_measure(values, count, ret_size)) {
        return true;
    }
    template_fail(evaluation, "a value has more than the %d members or %d MB allowed", TEMPLATE_MEMBERS_MAX,
                  TEMPLATE_VALUE_BYTES / 1024 / 1024);
    return false;
}

bool template_pay_for(struct evaluation *evaluation, json_t *const *values, size_t count)
{
    struct template_size size = {0};
    return measure(evaluation, values, count, &size) && template_spend(evaluation, size.members, 0);
}

json_t *template_pay_to_keep(struct evaluation *evaluation, json_t *value)
{
    struct template *template = evaluation->template;
    struct template_size size = {0};
    if (value == NULL || !measure(evaluation, &value, 1, &size)) {
        json_decref(value);
        return NULL;
    }
    template->kept_bytes += size.fresh;
    if (template->kept_bytes > TEMPLATE_KEPT_BYTES) {
        json_decref(value);
        return template_fail(evaluation, "the variables take more than the %d MB allowed",
                             TEMPLATE_KEPT_BYTES / 1024 / 1024);
    }
    return template_pay_result(evaluation, value);
}

json_t *template_pay_result(struct evaluation *evaluation, json_t *value)
{
    struct template_size size = {0};
    if (value == NULL || !measure(evaluation, &value, 1, &size) ||
        !template_spend(evaluation, size.members, size.fresh)) {
        json_decref(value);
        return NULL;
    }
    return value;
}
