/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/template/template.h"

#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/parse/json_fields.h"
#include "core/parse/json_memory.h"
#include "core/str.h"

/* ---- evaluating ------------------------------------------------------------------------------------------
 */

/* "[...]" is an expression, "[[..." a string that begins with a bracket. */
static json_t *evaluate_text(struct evaluation *evaluation, json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = strlen(text);
    if (text[0] != '[' || len < 2 || text[len - 1] != ']') {
        return json_incref(value);
    }
    if (text[1] == '[') {
        return json_string(text + 1);
    }
    auto_free char *expression = memory_checked(strndup(text + 1, len - 2));
    if (expression == NULL) {
        err_no_memory(evaluation->err);
        return NULL;
    }
    evaluation->tainted = false;
    return template_expression(evaluation, expression);
}

/* One property copy loop {"name", "count", "input"}: sets the array in the enclosing object. */
static int evaluate_loop(struct evaluation *evaluation, json_t *definition, json_t *to)
{
    enum { COPIES_MAX = 800 };
    json_auto_t *count = NULL;
    const char *name = json_string_value(field_get(definition, "name"));
    json_t *input = field_get(definition, "input");
    json_t *wanted = field_get(definition, "count");
    count = wanted == NULL ? NULL : template_evaluate(evaluation, wanted);
    if (name == NULL || input == NULL || !json_is_integer(count) || json_integer_value(count) < 0 ||
        json_integer_value(count) > COPIES_MAX) {
        template_fail(evaluation, "a copy loop needs name, count (0 to %d) and input", COPIES_MAX);
        return -1;
    }
    json_t *array = json_array();
    json_object_set_new(to, name, array);
    for (json_int_t i = 0; i < json_integer_value(count); i++) {
        const struct template_loop loop = {name, i, evaluation->loop};
        struct evaluation inner = *evaluation;
        inner.loop = &loop;
        json_t *item = template_evaluate(&inner, input);
        if (item == NULL || json_array_append_new(array, item) < 0) {
            return -1;
        }
    }
    return 0;
}

static json_t *evaluate_object(struct evaluation *evaluation, json_t *value)
{
    json_auto_t *result = json_object();
    const char *key;
    json_t *member;
    json_object_foreach (value, key, member) {
        bool loops = str_equals(key, "copy") && json_is_array(member);
        size_t index;
        json_t *loop;
        if (loops) {
            json_array_foreach (member, index, loop) {
                if (evaluate_loop(evaluation, loop, result) < 0) {
                    return NULL;
                }
            }
            continue;
        }
        json_auto_t *name = json_string(key);
        json_auto_t *shown = evaluate_text(evaluation, name);
        json_t *fresh = shown == NULL ? NULL : template_evaluate(evaluation, member);
        const char *text = json_string_value(shown);
        if (fresh == NULL || json_object_set_new(result, text == NULL ? key : text, fresh) < 0) {
            return NULL;
        }
    }
    return json_incref(result);
}

json_t *template_evaluate(struct evaluation *evaluation, json_t *value)
{
    if (++evaluation->depth > TEMPLATE_DEPTH_MAX) {
        return template_fail(evaluation,
                             "values are nested too deeply, or variables refer to each other in a cycle");
    }
    if (!template_spend(evaluation, 1, JSON_SCALAR_BYTES)) {
        return NULL;
    }
    json_t *result = NULL;
    if (json_is_string(value)) {
        result = evaluate_text(evaluation, value);
    } else if (json_is_object(value)) {
        result = evaluate_object(evaluation, value);
    } else if (json_is_array(value)) {
        result = json_array();
        size_t index;
        json_t *item;
        json_array_foreach (value, index, item) {
            json_t *fresh = template_evaluate(evaluation, item);
            if (fresh == NULL || json_array_append_new(result, fresh) < 0) {
                json_decref(result);
                return NULL;
            }
        }
    } else {
        result = json_incref(value);
    }
    evaluation->depth--;
    return result;
}

/* ---- parameters ------------------------------------------------------------------------------------------
 */

static bool is_secure(const char *type)
{
    return str_iequals(type, "securestring") || str_iequals(type, "secureObject");
}

static bool has_type(const json_t *value, const char *type)
{
    if (str_iequals(type, "string") || str_iequals(type, "securestring")) {
        return json_is_string(value);
    }
    if (str_iequals(type, "int")) {
        return json_is_integer(value);
    }
    if (str_iequals(type, "bool")) {
        return json_is_boolean(value);
    }
    return str_iequals(type, "array")                                         ? json_is_array(value)
           : str_iequals(type, "object") || str_iequals(type, "secureObject") ? json_is_object(value)
                                                                              : true;
}

static int check_parameter(struct evaluation *evaluation, const char *name, json_t *definition,
                           const json_t *value)
{
    const char *type = json_string_value(field_get(definition, "type"));
    json_t *allowed = field_get(definition, "allowedValues");
    json_t *ref = json_object_get(definition, "$ref");
    bool found = allowed == NULL;
    size_t index;
    json_t *item;
    if (type == NULL && ref == NULL) {
        template_fail(evaluation, "the template parameter '%.80s' has no type", name);
        return -1;
    }
    if (type != NULL && !has_type(value, type) && !json_is_null(value)) {
        template_fail(evaluation,
                      "the provided value for the template parameter '%.80s' is not of the type '%s'", name,
                      type);
        return -1;
    }
    json_array_foreach (allowed, index, item) {
        found = found || json_equal(item, value);
    }
    if (!found) {
        template_fail(
            evaluation,
            "the provided value for the template parameter '%.80s' is not part of the allowed value(s)",
            name);
        return -1;
    }
    return 0;
}

/* The given value, otherwise the default; a default may use the parameters before it. */
static int read_parameter(struct evaluation *evaluation, const char *name, json_t *definition, json_t *given)
{
    struct template *template = evaluation->template;
    const char *type = json_string_value(field_get(definition, "type"));
    json_t *entry = given == NULL ? NULL : field_get(given, name);
    json_t *standard = json_object_get(definition, "defaultValue");
    json_auto_t *value = NULL;
    json_object_clear(evaluation->reads);
    if (entry != NULL && json_object_get(entry, "reference") != NULL) {
        template_fail(evaluation,
                      "the parameter '%.80s' refers to a key vault, which Malachite does not support", name);
        return -1;
    }
    json_t *set = entry == NULL ? NULL : json_object_get(entry, "value");
    value = set != NULL        ? json_deep_copy(set)
            : standard != NULL ? template_evaluate(evaluation, standard)
                               : NULL;
    bool secret = is_secure(type) || template_reads_secret(evaluation);
    if (value == NULL && set == NULL && standard == NULL &&
        json_is_true(json_object_get(definition, "nullable"))) {
        value = json_null();
    }
    if (value == NULL) {
        return standard != NULL
                   ? -1
                   : (template_fail(evaluation,
                                    "The value for the template parameter '%.80s' is not provided", name),
                      -1);
    }
    if (secret) {
        json_object_set_new(template->secure, name, json_true());
    }
    json_object_set_new(template->types, name, json_string(type == NULL ? "object" : type));
    return check_parameter(evaluation, name, definition, value) < 0 ||
                   json_object_set(template->parameters, name, value) < 0
               ? -1
               : 0;
}

static int read_parameters(struct evaluation *evaluation, json_t *given)
{
    json_t *definitions = field_get(evaluation->template->source, "parameters");
    const char *name;
    json_t *value;
    json_object_foreach (given, name, value) {
        if (definitions == NULL || field_get(definitions, name) == NULL) {
            template_fail(evaluation, "the template parameter '%.80s' is not defined by the template", name);
            return -1;
        }
    }
    json_object_foreach (definitions, name, value) {
        if (read_parameter(evaluation, name, value, given) < 0) {
            return -1;
        }
    }
    return 0;
}

json_t *template_shown_parameters(const struct template *template)
{
    json_t *shown = json_object();
    const char *name;
    json_t *value;
    json_object_foreach (template->parameters, name, value) {
        bool secure = json_object_get(template->secure, name) != NULL;
        json_t *type = json_object_get(template->types, name);
        json_object_set_new(shown, name,
                            secure ? json_pack("{s:O}", "type", type)
                                   : json_pack("{s:O, s:O}", "type", type, "value", value));
    }
    return shown;
}

/* ---- outputs ---------------------------------------------------------------------------------------------
 */

/* The output in the format of a response; NULL with the error set. */
static json_t *evaluate_output(struct evaluation *evaluation, const char *name, json_t *definition)
{
    json_t *value = json_object_get(definition, "value");
    const char *type = json_string_value(field_get(definition, "type"));
    json_object_clear(evaluation->reads);
    json_auto_t *fresh = value == NULL ? template_fail(evaluation, "the output '%.80s' has no value", name)
                                       : template_evaluate(evaluation, value);
    if (fresh == NULL || !template_pay_for(evaluation, &fresh, 1)) {
        return NULL;
    }
    const char *shown_type = type == NULL ? "object" : type;
    bool secret = is_secure(type) || template_reads_secret(evaluation);
    return secret ? json_pack("{s:s}", "type", shown_type)
                  : json_pack("{s:s, s:O}", "type", shown_type, "value", fresh);
}

static json_t *evaluate_outputs(struct evaluation *evaluation)
{
    json_auto_t *outputs = json_object();
    json_t *definitions = field_get(evaluation->template->source, "outputs");
    const char *name;
    json_t *definition;
    json_object_foreach (definitions, name, definition) {
        json_t *condition = field_get(definition, "condition");
        json_auto_t *wanted = condition == NULL ? json_true() : template_evaluate(evaluation, condition);
        json_t *output = json_is_true(wanted) ? evaluate_output(evaluation, name, definition) : NULL;
        if (wanted == NULL || (output == NULL && json_is_true(wanted))) {
            return NULL;
        }
        if (output != NULL) {
            json_object_set_new(outputs, name, output);
        }
    }
    return json_incref(outputs);
}

json_t *template_outputs(struct template *template, struct err *err)
{
    struct template_budget budget = template_budget_begin(template->steps_left);
    json_auto_t *reads = json_object();
    struct evaluation evaluation = {.template = template, .budget = &budget, .reads = reads, .err = err};
    *err = (struct err){0};
    json_t *outputs = template_pay_result(&evaluation, evaluate_outputs(&evaluation));
    template->steps_left -= template_budget_used(&budget);
    if (outputs == NULL && err->message[0] == '\0') {
        err_no_memory(err);
    }
    return outputs;
}

/* ---- the whole -------------------------------------------------------------------------------------------
 */

int template_read(struct template *template, json_t *source, json_t *given, json_t *scope, struct err *err)
{
    *template = (struct template){.source = json_deep_copy(source),
                                  .scope = json_incref(scope),
                                  .parameters = json_object(),
                                  .secure = json_object(),
                                  .uses = json_object(),
                                  .types = json_object(),
                                  .variables = json_object(),
                                  .steps_left = TEMPLATE_TOTAL_STEPS};
    *err = (struct err){0};
    struct template_budget budget = template_budget_begin(template->steps_left);
    json_auto_t *reads = json_object();
    struct evaluation evaluation = {.template = template, .budget = &budget, .reads = reads, .err = err};
    json_t *resources = field_get(source, "resources");
    if (!json_is_array(resources) && !json_is_object(resources)) {
        template_fail(&evaluation, "the template has no 'resources'");
        return -1;
    }
    json_t *functions = field_get(source, "functions");
    if (json_is_array(functions) && json_array_size(functions) > 0) {
        template_fail(&evaluation, "Malachite does not support user-defined functions");
        return -1;
    }
    bool read = read_parameters(&evaluation, given) == 0 &&
                template_pay_for(&evaluation, &template->parameters, 1) &&
                template_read_resources(&evaluation) == 0;
    if (read) {
        template_find_secrets(&evaluation);
        read = template_spend(&evaluation, 0, 0); /* otherwise some may not have been found */
    }
    template->steps_left -= template_budget_used(&budget);
    int result = read ? 0 : err->message[0] == '\0' ? err_no_memory(err) : -1;
    return result;
}

void template_done(struct template *template)
{
    for (size_t i = 0; i < template->count; i++) {
        struct template_resource *resource = &template->resources[i];
        json_decref(resource->definition);
        json_decref(resource->depends_on);
        free(resource->symbol);
        free(resource->copy_name);
        free(resource->type);
        free(resource->name);
        free(resource->api_version);
        free(resource->id);
    }
    free(template->resources);
    json_decref(template->source);
    json_decref(template->parameters);
    json_decref(template->secure);
    json_decref(template->uses);
    json_decref(template->types);
    json_decref(template->variables);
    json_decref(template->scope);
    *template = (struct template){0};
}
