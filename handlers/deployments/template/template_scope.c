/* SPDX-License-Identifier: MIT */
/* The functions of template expressions that read the template and its scope. */
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/deployments/template/template.h"

enum { ID_MAX_BYTES = 4096 };

/* The member of this name in any case, or NULL; ret_key (may be NULL) is its own spelling. */
static json_t *find_spelled(json_t *object, const char *name, const char **ret_key)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        if (str_iequals(key, name)) {
            *ret_key = key;
            return value;
        }
    }
    return NULL;
}

static json_t *find_member(json_t *object, const char *name)
{
    const char *ignored = NULL;
    return find_spelled(object, name, &ignored);
}

static json_t *parameter(struct evaluation *evaluation, const char *name)
{
    const char *spelled = name;
    json_t *value = find_spelled(evaluation->template->parameters, name, &spelled);
    template_note_read(evaluation, spelled);
    return value != NULL ? json_incref(value)
                         : template_fail(evaluation, "the template parameter '%.80s' is not found", name);
}

/* Variables may use each other: each is evaluated when it is first needed, and cached. */
static json_t *variable(struct evaluation *evaluation, const char *name)
{
    struct template *template = evaluation->template;
    json_t *value = find_member(template->variables, name);
    json_t *definitions = field_get(template->source, "variables");
    json_t *definition = definitions == NULL ? NULL : find_member(definitions, name);
    if (value != NULL) {
        template_note_reads(evaluation, find_member(template->uses, name));
        return json_incref(value);
    }
    if (definition == NULL) {
        return template_fail(evaluation, "the template variable '%.80s' is not found", name);
    }
    json_auto_t *reads = json_object();
    struct evaluation inner = {.template = template,
                               .budget = evaluation->budget,
                               .err = evaluation->err,
                               .depth = evaluation->depth,
                               .reads = reads};
    json_t *fresh = template_pay_to_keep(evaluation, template_evaluate(&inner, definition));
    if (fresh != NULL) {
        json_object_set(template->variables, name, fresh);
        json_object_set(template->uses, name, reads);
        template_note_reads(evaluation, reads);
    }
    return fresh;
}

static json_t *copy_index(struct evaluation *evaluation, json_t **arguments, size_t count)
{
    const char *name = count > 0 ? json_string_value(arguments[0]) : NULL;
    json_int_t offset = count > 0 ? json_integer_value(arguments[count - 1]) : 0;
    for (const struct template_loop *loop = evaluation->loop; loop != NULL; loop = loop->outer) {
        if (name == NULL || str_iequals(loop->name, name)) {
            return json_integer(loop->index + offset);
        }
    }
    return template_fail(evaluation, "the function 'copyIndex' is used outside of a copy loop");
}

/* ---- resource ids ----------------------------------------------------------------------------------------
 */

/* Appends /providers/{type}/{names...}: each segment of the type after the namespace takes a name. */
static bool add_type_and_names(struct buf *id, const char *type, json_t **names, size_t count)
{
    auto_free char *copy = str_dup(type);
    char *rest = copy;
    const char *namespace_name = copy == NULL ? NULL : strsep(&rest, "/");
    buf_addf(id, "/providers/%s", namespace_name == NULL ? "" : namespace_name);
    size_t used = 0;
    while (rest != NULL) {
        const char *segment = strsep(&rest, "/");
        const char *name = used < count ? json_string_value(names[used]) : NULL;
        used++;
        if (name == NULL) {
            return false;
        }
        buf_addf(id, "/%s/%s", segment, name);
    }
    return used == count && used > 0;
}

static const char *scope_text(const struct evaluation *evaluation, const char *what, const char *member)
{
    return json_string_value(json_object_get(json_object_get(evaluation->template->scope, what), member));
}

/* resourceId([subscriptionId], [resourceGroup], type, name...) and similar functions: the arguments before
 * the type give the scope. */
static json_t *resource_id(struct evaluation *evaluation, const char *function, json_t **arguments,
                           size_t count)
{
    auto_buf struct buf id = BUF_MAX(ID_MAX_BYTES);
    size_t at = 0;
    while (at < count && json_is_string(arguments[at]) &&
           (strchr(json_string_value(arguments[at]), '/') == NULL || arguments[at] == NULL ||
            json_string_value(arguments[at])[0] == '/')) {
        at++;
    }
    const char *type = at < count ? json_string_value(arguments[at]) : NULL;
    bool in_subscription = str_iequals(function, "subscriptionResourceId");
    bool in_group = str_iequals(function, "resourceId");
    bool extension = str_iequals(function, "extensionResourceId");
    size_t most = in_group ? 2 : in_subscription || extension ? 1 : 0;
    if (type == NULL || at > most || (extension && at != 1)) {
        return template_fail(
            evaluation, "the function '%s' needs a resource type and a name for each part of it", function);
    }
    if (extension) {
        buf_adds(&id, json_string_value(arguments[0]));
    } else if (in_group || in_subscription) {
        const char *subscription = at == most ? json_string_value(arguments[0])
                                              : scope_text(evaluation, "subscription", "subscriptionId");
        buf_addf(&id, "/subscriptions/%s", subscription == NULL ? "" : subscription);
    }
    if (in_group) {
        const char *group =
            at > 0 ? json_string_value(arguments[at - 1]) : scope_text(evaluation, "resourceGroup", "name");
        buf_addf(&id, "/resourceGroups/%s", group == NULL ? "" : group);
    }
    if (!add_type_and_names(&id, type, arguments + at + 1, count - at - 1) || buf_failed(&id)) {
        return template_fail(evaluation, "the function '%s' needs a name for each part of the type '%s'",
                             function, type);
    }
    return json_string(buf_text(&id));
}

/* ---- reference -------------------------------------------------------------------------------------------
 */

/* reference(name or id, [api-version], ['Full']) */
static json_t *reference(struct evaluation *evaluation, json_t **arguments, size_t count)
{
    struct template *template = evaluation->template;
    const char *what = count > 0 ? json_string_value(arguments[0]) : NULL;
    const char *version = count > 1 ? json_string_value(arguments[1]) : NULL;
    bool full = count > 2 && str_iequals(json_string_value(arguments[2]), "Full");
    if (what == NULL || template->reference == NULL) {
        return template_fail(evaluation, "the function 'reference' is not expected at this location");
    }
    json_auto_t *resource = template->reference(template->reference_arg, what, version, evaluation->err);
    if (resource == NULL || full) {
        return json_incref(resource);
    }
    json_t *properties = json_object_get(resource, "properties");
    return properties == NULL ? json_object() : json_incref(properties);
}

static json_t *resource_info(struct evaluation *evaluation, json_t **arguments, size_t count)
{
    const char *symbol = count == 1 ? json_string_value(arguments[0]) : NULL;
    for (size_t i = 0; symbol != NULL && i < evaluation->template->count; i++) {
        const struct template_resource *resource = &evaluation->template->resources[i];
        if (str_equals(resource->symbol, symbol)) {
            return json_pack("{s:s, s:s, s:s, s:s}", "id", resource->id, "name", resource->name, "type",
                             resource->type, "apiVersion", resource->api_version);
        }
    }
    return template_fail(evaluation, "the function 'resourceInfo' needs the symbol of a resource");
}

json_t *template_call_scope(struct evaluation *evaluation, const char *name, json_t **arguments, size_t count,
                            bool *ret_found)
{
    static const char *const scopes[] = {"resourceGroup", "subscription", "deployment", "tenant",
                                         "environment"};
    const char *text = count == 1 ? json_string_value(arguments[0]) : NULL;
    *ret_found = true;
    if (str_iequals(name, "parameters") && text != NULL) {
        return parameter(evaluation, text);
    }
    if (str_iequals(name, "variables") && text != NULL) {
        return variable(evaluation, text);
    }
    if (str_iequals(name, "copyIndex") && count <= 2) {
        return copy_index(evaluation, arguments, count);
    }
    if (str_iequals(name, "reference")) {
        return reference(evaluation, arguments, count);
    }
    if (str_iequals(name, "resourceInfo")) {
        return resource_info(evaluation, arguments, count);
    }
    if (str_iequals(name, "resourceId") || str_iequals(name, "subscriptionResourceId") ||
        str_iequals(name, "tenantResourceId") || str_iequals(name, "extensionResourceId")) {
        return resource_id(evaluation, name, arguments, count);
    }
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        if (str_iequals(name, scopes[i]) && count == 0) {
            return json_incref(json_object_get(evaluation->template->scope, scopes[i]));
        }
    }
    *ret_found = false;
    return NULL;
}
