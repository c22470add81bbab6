/* SPDX-License-Identifier: MIT */
/* Logic and numbers in template expressions. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "handlers/deployments/template/template_functions_private.h"

static json_t *boolean(const struct template_function_call *call)
{
    (void)call;
    return json_boolean(str_iequals(call->name, "true"));
}

static json_t *null_value(const struct template_function_call *call)
{
    (void)call;
    return json_null();
}

static json_t *and_or(const struct template_function_call *call)
{
    bool and = str_iequals(call->name, "and");
    bool result = and;
    for (size_t i = 0; i < call->count; i++) {
        if (!json_is_boolean(call->arguments[i])) {
            return template_wrong_types(call);
        }
        bool value = json_is_true(call->arguments[i]);
        result = and? result && value : result || value;
    }
    return json_boolean(result);
}

static json_t *not_value(const struct template_function_call *call)
{
    return json_is_boolean(call->arguments[0]) ? json_boolean(!json_is_true(call->arguments[0]))
                                               : template_wrong_types(call);
}

static json_t *choose(const struct template_function_call *call)
{
    if (!json_is_boolean(call->arguments[0])) {
        return template_wrong_types(call);
    }
    return json_incref(call->arguments[json_is_true(call->arguments[0]) ? 1 : 2]);
}

static json_t *equals(const struct template_function_call *call)
{
    return json_boolean(json_equal(call->arguments[0], call->arguments[1]));
}

static json_t *compare(const struct template_function_call *call)
{
    const json_t *a = call->arguments[0];
    const json_t *b = call->arguments[1];
    int order;
    if (json_is_integer(a) && json_is_integer(b)) {
        order = json_integer_value(a) < json_integer_value(b) ? -1
                                                              : json_integer_value(a) > json_integer_value(b);
    } else if (json_is_string(a) && json_is_string(b)) {
        order = strcmp(json_string_value(a), json_string_value(b));
    } else {
        return template_wrong_types(call);
    }
    bool less = str_istarts(call->name, "less");
    bool or_equal = strcasestr(call->name, "OrEquals") != NULL;
    return json_boolean((or_equal && order == 0) || (less ? order < 0 : order > 0));
}

static json_t *coalesce(const struct template_function_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        if (!json_is_null(call->arguments[i])) {
            return json_incref(call->arguments[i]);
        }
    }
    return json_null();
}

static json_t *to_boolean(const struct template_function_call *call)
{
    auto_free char *text = template_text(call->arguments[0]);
    bool yes = str_iequals(text, "true") || str_equals(text, "1");
    bool no = str_iequals(text, "false") || str_equals(text, "0");
    return yes || no ? json_boolean(yes) : template_wrong_types(call);
}

static json_t *to_integer(const struct template_function_call *call)
{
    auto_free char *text = template_text(call->arguments[0]);
    int64_t value;
    return text != NULL && str_to_int(text, INT64_MIN, INT64_MAX, &value) ? json_integer((json_int_t)value)
                                                                          : template_wrong_types(call);
}

static json_t *calculate(const struct template_function_call *call)
{
    if (!json_is_integer(call->arguments[0]) || !json_is_integer(call->arguments[1])) {
        return template_wrong_types(call);
    }
    json_int_t a = json_integer_value(call->arguments[0]);
    json_int_t b = json_integer_value(call->arguments[1]);
    json_int_t result = 0;
    bool divides = str_iequals(call->name, "div") || str_iequals(call->name, "mod");
    if (divides && (b == 0 || b == -1)) {
        return b == 0 ? template_wrong_types(call)
                      : json_integer(call->name[0] == 'd' ? (json_int_t)(0 - (uint64_t)a) : 0);
    }
    bool overflow = str_iequals(call->name, "add")   ? __builtin_add_overflow(a, b, &result)
                    : str_iequals(call->name, "sub") ? __builtin_sub_overflow(a, b, &result)
                    : str_iequals(call->name, "mul") ? __builtin_mul_overflow(a, b, &result)
                                                     : false;
    if (divides) {
        result = str_iequals(call->name, "div") ? a / b : a % b;
    }
    return overflow ? template_wrong_types(call) : json_integer(result);
}

/* clang-format off */
const struct template_function template_logic_functions[] = {
    {"true", 0, 0, boolean}, {"false", 0, 0, boolean}, {"null", 0, 0, null_value},
    {"and", 2, TEMPLATE_ARGUMENTS_MAX, and_or}, {"or", 2, TEMPLATE_ARGUMENTS_MAX, and_or}, {"not", 1, 1, not_value},
    {"if", 3, 3, choose}, {"equals", 2, 2, equals}, {"less", 2, 2, compare}, {"lessOrEquals", 2, 2, compare},
    {"greater", 2, 2, compare}, {"greaterOrEquals", 2, 2, compare}, {"coalesce", 1, TEMPLATE_ARGUMENTS_MAX, coalesce},
    {"bool", 1, 1, to_boolean}, {"int", 1, 1, to_integer}, {"add", 2, 2, calculate}, {"sub", 2, 2, calculate},
    {"mul", 2, 2, calculate}, {"div", 2, 2, calculate}, {"mod", 2, 2, calculate}, {NULL, 0, 0, NULL},
};
/* clang-format on */
