/* SPDX-License-Identifier: MIT */
/* Turns the "resources" of a template into the list of resources to create: unrolls copy loops, moves
 * children out of their parents, evaluates names, conditions and dependencies. */
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/memory.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/deployments/template/template.h"

enum { RESOURCES_MAX = 800, ID_MAX_BYTES = 4096 };

/* The resource whose "resources" contain a child; NULL at the top. */
struct parent {
    const char *type;
    const char *name;
};

static int read_list(struct evaluation *evaluation, json_t *resources, const struct parent *parent);

/* A string of the definition, evaluated; new memory. NULL with err set. */
static char *read_text(struct evaluation *evaluation, json_t *definition, const char *member)
{
    json_t *value = field_get(definition, member);
    json_auto_t *fresh = value == NULL ? NULL : template_evaluate(evaluation, value);
    char *text = json_is_string(fresh) ? str_dup(json_string_value(fresh)) : NULL;
    if (text == NULL && (value == NULL || fresh != NULL)) {
        template_fail(evaluation, "a resource has no '%s', or it is not a string", member);
    }
    return text;
}

static char *make_id(struct evaluation *evaluation, const struct template_resource *resource)
{
    auto_buf struct buf id = BUF_MAX(ID_MAX_BYTES);
    const char *group = json_string_value(
        json_object_get(json_object_get(evaluation->template->scope, "resourceGroup"), "id"));
    auto_free char *type = str_dup(resource->type);
    auto_free char *name = str_dup(resource->name);
    char *types = type;
    char *names = name;
    if (type == NULL || name == NULL) {
        return NULL;
    }
    buf_addf(&id, "%s/providers/%s", group, strsep(&types, "/"));
    while (types != NULL && names != NULL) {
        const char *segment = strsep(&types, "/");
        buf_addf(&id, "/%s/%s", segment, strsep(&names, "/"));
    }
    if (types != NULL || names != NULL) {
        template_fail(evaluation,
                      "the template resource '%s' for type '%s' has incorrect segment lengths: a nested "
                      "resource type must have the same number of segments as its resource name",
                      resource->name, resource->type);
        return NULL;
    }
    if (buf_failed(&id)) {
        template_fail(evaluation, "the id of the resource '%.80s...' is longer than %d bytes", resource->name,
                      ID_MAX_BYTES);
        return NULL;
    }
    return buf_take(&id);
}

static int read_dependencies(struct evaluation *evaluation, struct template_resource *resource)
{
    json_t *given = field_get(resource->definition, "dependsOn");
    resource->depends_on = given == NULL ? json_array() : template_evaluate(evaluation, given);
    if (resource->depends_on == NULL) {
        return -1;
    }
    if (!json_is_array(resource->depends_on)) {
        template_fail(evaluation, "'dependsOn' of the resource '%.200s' is not an array", resource->name);
        return -1;
    }
    return 0;
}

static int read_identity(struct evaluation *evaluation, const struct parent *parent,
                         struct template_resource *resource)
{
    json_t *definition = resource->definition;
    json_object_clear(evaluation->reads);
    auto_free char *type = read_text(evaluation, definition, "type");
    auto_free char *name = type == NULL ? NULL : read_text(evaluation, definition, "name");
    if (name == NULL) {
        return -1;
    }
    if (template_reads_secret(evaluation)) {
        evaluation->tainted = false;
        template_fail(evaluation, "the type or the name of a resource is derived from a secure parameter");
        return -1;
    }
    bool below = parent != NULL && !str_istarts(type, parent->type);
    resource->type = below ? str_format("%s/%s", parent->type, type) : TAKE(type);
    resource->name =
        parent != NULL && strchr(name, '/') == NULL ? str_format("%s/%s", parent->name, name) : TAKE(name);
    resource->api_version = read_text(evaluation, definition, "apiVersion");
    if (field_get(definition, "scope") != NULL) {
        template_fail(evaluation, "the resource '%s' has a scope, which Malachite does not support",
                      resource->name);
        return -1;
    }
    if (resource->type == NULL || resource->name == NULL || resource->api_version == NULL) {
        return -1;
    }
    resource->id = make_id(evaluation, resource);
    return resource->id == NULL ? -1 : 0;
}

static int read_condition(struct evaluation *evaluation, struct template_resource *resource)
{
    json_t *condition = field_get(resource->definition, "condition");
    json_auto_t *value = condition == NULL ? json_true() : template_evaluate(evaluation, condition);
    if (!json_is_boolean(value)) {
        if (value != NULL) {
            template_fail(evaluation, "the condition of the resource '%s' is not a boolean", resource->name);
        }
        return -1;
    }
    resource->skipped = !json_is_true(value);
    resource->existing = json_is_true(field_get(resource->definition, "existing"));
    return 0;
}

/* One resource, or one iteration of its loop, with its nested resources. */
static int add_resource(struct evaluation *evaluation, const char *symbol, json_t *definition,
                        const struct parent *parent)
{
    struct template *template = evaluation->template;
    struct template_resource *rows =
        template->count >= RESOURCES_MAX
            ? NULL
            : memory_checked((memory_checked(
                  realloc(template->resources, (template->count + 1) * sizeof(*template->resources)))));
    if (rows == NULL) {
        template_fail(evaluation, "the template has more than %d resources", RESOURCES_MAX);
        return -1;
    }
    template->resources = rows;
    size_t index = template->count++;
    struct template_resource *resource = &rows[index];
    *resource = (struct template_resource){.definition = json_incref(definition), .symbol = str_dup(symbol)};
    if (evaluation->loop != NULL) {
        resource->copy_name = str_dup(evaluation->loop->name);
        resource->copy_index = evaluation->loop->index;
    }
    if (read_identity(evaluation, parent, resource) < 0 || read_condition(evaluation, resource) < 0 ||
        read_dependencies(evaluation, resource) < 0) {
        return -1;
    }
    json_t *children = field_get(definition, "resources");
    const struct parent around = {resource->type, resource->name};
    return children == NULL || str_iequals(resource->type, "Microsoft.Resources/deployments")
               ? 0
               : read_list(evaluation, children, &around);
}

/* "copy": {"name", "count"} of a resource. */
static int add_copies(struct evaluation *evaluation, const char *symbol, json_t *definition,
                      const struct parent *parent)
{
    json_t *copy = field_get(definition, "copy");
    if (copy == NULL) {
        return add_resource(evaluation, symbol, definition, parent);
    }
    const char *name = json_string_value(field_get(copy, "name"));
    json_t *wanted = field_get(copy, "count");
    json_auto_t *count = wanted == NULL ? NULL : template_evaluate(evaluation, wanted);
    if (name == NULL || !json_is_integer(count) || json_integer_value(count) < 0) {
        template_fail(evaluation, "a copy loop of a resource needs name and count");
        return -1;
    }
    for (json_int_t i = 0; i < json_integer_value(count); i++) {
        const struct template_loop loop = {name, i, NULL};
        struct evaluation inner = *evaluation;
        inner.loop = &loop;
        if (add_resource(&inner, symbol, definition, parent) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_list(struct evaluation *evaluation, json_t *resources, const struct parent *parent)
{
    const char *symbol;
    json_t *definition;
    size_t index;
    json_object_foreach (resources, symbol, definition) {
        if (add_copies(evaluation, symbol, definition, parent) < 0) {
            return -1;
        }
    }
    json_array_foreach (resources, index, definition) {
        if (!json_is_object(definition)) {
            template_fail(evaluation, "an element of 'resources' is not an object");
            return -1;
        }
        if (add_copies(evaluation, NULL, definition, parent) < 0) {
            return -1;
        }
    }
    return 0;
}

bool template_is(const struct template_resource *resource, const char *dependency)
{
    return str_equals(resource->symbol, dependency) || str_iequals(resource->id, dependency) ||
           str_iequals(resource->name, dependency) ||
           (resource->copy_name != NULL && str_iequals(resource->copy_name, dependency));
}

static int check_dependencies(struct evaluation *evaluation)
{
    const struct template *template = evaluation->template;
    for (size_t i = 0; i < template->count; i++) {
        size_t index;
        json_t *dependency;
        json_array_foreach (template->resources[i].depends_on, index, dependency) {
            const char *text = json_string_value(dependency);
            bool found = false;
            if (!template_spend(evaluation, (int64_t) template->count, 0)) {
                return -1;
            }
            for (size_t k = 0; text != NULL && k < template->count; k++) {
                found = found || template_is(&template->resources[k], text);
            }
            /* The id of an existing resource: no need to wait. Classic templates do this. */
            if (!found && (text == NULL || text[0] != '/')) {
                template_fail(evaluation,
                              "the resource '%s' depends on '%.200s', which is not in the template",
                              template->resources[i].name, text == NULL ? "" : text);
                return -1;
            }
        }
    }
    return 0;
}

static int check_unique(struct evaluation *evaluation)
{
    const struct template *template = evaluation->template;
    for (size_t i = 0; i < template->count; i++) {
        for (size_t k = 0; k < i; k++) {
            bool twice = !template->resources[i].existing && !template->resources[k].existing &&
                         !template->resources[i].skipped && !template->resources[k].skipped &&
                         str_iequals(template->resources[i].id, template->resources[k].id);
            if (twice) {
                template_fail(evaluation, "the resource '%s' is defined multiple times in a template",
                              template->resources[i].id);
                return -1;
            }
        }
    }
    return 0;
}

int template_read_resources(struct evaluation *evaluation)
{
    json_t *resources = field_get(evaluation->template->source, "resources");
    return read_list(evaluation, resources, NULL) < 0 || check_dependencies(evaluation) < 0 ||
                   check_unique(evaluation) < 0
               ? -1
               : 0;
}

/* ---- bodies ----------------------------------------------------------------------------------------------
 */

/* A nested template with inner scope keeps its expressions: its own deployment evaluates them. */
static json_t *nested_body(struct evaluation *evaluation, json_t *definition)
{
    json_t *properties = field_get(definition, "properties");
    json_t *options = properties == NULL ? NULL : field_get(properties, "expressionEvaluationOptions");
    const char *scope = options == NULL ? NULL : json_string_value(field_get(options, "scope"));
    json_t *source = properties == NULL ? NULL : field_get(properties, "template");
    if (source == NULL || !str_iequals(scope, "inner")) {
        return NULL;
    }
    json_auto_t *rest = json_copy(properties);
    json_object_del(rest, "template");
    json_auto_t *fresh = template_evaluate(evaluation, rest);
    return fresh == NULL
               ? NULL
               : json_pack("{s:O}", "properties", (json_object_set(fresh, "template", source), fresh));
}

static json_t *evaluate_body(struct evaluation *evaluation, const struct template_resource *resource)
{
    static const char *const ours[] = {"type",      "apiVersion", "name",     "dependsOn",
                                       "condition", "copy",       "comments", "resources",
                                       "existing",  "metadata",   "import",   "scope"};
    if (str_iequals(resource->type, "Microsoft.Resources/deployments")) {
        json_t *body = nested_body(evaluation, resource->definition);
        if (body != NULL || evaluation->err->message[0] != '\0') {
            return body;
        }
    }
    json_auto_t *definition = json_copy(resource->definition);
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        json_object_del(definition, ours[i]);
    }
    return template_evaluate(evaluation, definition);
}

json_t *template_body(struct template *template, const struct template_resource *resource, struct err *err)
{
    const struct template_loop loop = {resource->copy_name, resource->copy_index, NULL};
    struct template_budget budget = template_budget_begin(template->steps_left);
    struct evaluation evaluation = {.template = template,
                                    .loop = resource->copy_name == NULL ? NULL : &loop,
                                    .budget = &budget,
                                    .err = err};
    *err = (struct err){0};
    json_t *body = template_pay_result(&evaluation, evaluate_body(&evaluation, resource));
    template->steps_left -= template_budget_used(&budget);
    if (body == NULL && err->message[0] == '\0') {
        err_no_memory(err);
    }
    return body;
}
