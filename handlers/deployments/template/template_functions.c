/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/template/template_functions_private.h"

#include "core/attr.h"
#include "core/str.h"

json_t *template_wrong_types(const struct template_function_call *call)
{
    return template_fail(call->evaluation, "the function '%s' does not take arguments of these types",
                         call->name);
}

const char *template_argument(const struct template_function_call *call, size_t index)
{
    return index < call->count ? json_string_value(call->arguments[index]) : NULL;
}

char *template_text(const json_t *value)
{
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_STRING:
        return str_dup(json_string_value(value));
    case JSON_INTEGER:
        return str_format("%lld", (long long)json_integer_value(value));
    case JSON_TRUE:
        return str_dup("True");
    case JSON_FALSE:
        return str_dup("False");
    case JSON_REAL:
        return str_format("%.17g", json_real_value(value));
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return NULL;
}

static const struct template_function *find(const char *name)
{
    static const struct template_function *const tables[] = {
        template_string_functions, template_logic_functions, template_collection_functions};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (const struct template_function *row = tables[i]; row->name != NULL; row++) {
            if (str_iequals(row->name, name)) {
                return row;
            }
        }
    }
    return NULL;
}

json_t *template_call(struct evaluation *evaluation, const char *name, json_t **arguments, size_t count)
{
    bool found = false;
    json_t *value = template_call_scope(evaluation, name, arguments, count, &found);
    if (found) {
        return value;
    }
    const struct template_function *function = find(name);
    if (function == NULL) {
        return template_fail(
            evaluation, "the template function '%.60s' is not valid, or Malachite does not support it", name);
    }
    if (count < function->least || count > function->most) {
        return template_fail(evaluation, "the function '%s' does not take %zu arguments", name, count);
    }
    if (!template_pay_for(evaluation, arguments, count)) {
        return NULL;
    }
    const struct template_function_call call = {evaluation, function->name, arguments, count};
    json_t *result = function->run(&call);
    if (result == NULL && evaluation->err->message[0] == '\0') {
        return template_fail(evaluation,
                             "the result of the function '%s' is longer than %d bytes, or not text",
                             function->name, TEMPLATE_TEXT_MAX);
    }
    return template_pay_result(evaluation, result);
}
