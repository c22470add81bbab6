/* SPDX-License-Identifier: MIT */
/*
 * Finds the secret parameters: those of a secure type, and those of any type that are used for a password
 * property. Their values, and values derived from them, are neither shown nor stored in clear.
 */
#include <string.h>

#include "core/buf.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/deployments/template/template.h"

enum { CALL_MAX_BYTES = 300 };

void template_note_read(struct evaluation *evaluation, const char *name)
{
    evaluation->tainted = evaluation->tainted || json_object_get(evaluation->template->secure, name) != NULL;
    if (evaluation->reads != NULL) {
        json_object_set_new(evaluation->reads, name, json_true());
    }
}

void template_note_reads(struct evaluation *evaluation, json_t *names)
{
    const char *name;
    json_t *ignored;
    json_object_foreach (names, name, ignored) {
        template_note_read(evaluation, name);
    }
}

bool template_reads_secret(const struct evaluation *evaluation)
{
    const char *name;
    json_t *ignored;
    json_object_foreach (evaluation->reads, name, ignored) {
        if (json_object_get(evaluation->template->secure, name) != NULL) {
            return true;
        }
    }
    return false;
}

/* "administratorLoginPassword", "azureActiveDirectoryAppSecret", "secretParameters". */
static bool is_secret_property(const char *key)
{
    return strcasestr(key, "password") != NULL || strcasestr(key, "secret") != NULL;
}

/* Whether a text contains the words: any text (secret), or one below a property for secrets. */
static bool is_mentioned(json_t *value, const char *words, bool secret)
{
    const char *key;
    json_t *member;
    size_t index;
    bool found = secret && json_is_string(value) && strcasestr(json_string_value(value), words) != NULL;
    json_object_foreach (value, key, member) {
        found = found || is_mentioned(member, words, secret || is_secret_property(key));
    }
    json_array_foreach (value, index, member) {
        found = found || is_mentioned(member, words, secret);
    }
    return found;
}

/* A value that cannot be evaluated yet (it refers to resources) is searched as text, together with the
 * texts of all variables. */
static void mark_mentioned_in(struct evaluation *evaluation, json_t *value)
{
    struct template *template = evaluation->template;
    json_t *variables = field_get(template->source, "variables");
    bool uses_variables = is_mentioned(value, "variables(", true);
    const char *name;
    json_t *ignored;
    json_object_foreach (template->parameters, name, ignored) {
        auto_buf struct buf call = BUF_MAX(CALL_MAX_BYTES);
        buf_addf(&call, "'%s'", name);
        if (buf_failed(&call) || is_mentioned(value, buf_text(&call), true) ||
            (uses_variables && is_mentioned(variables, buf_text(&call), true))) {
            json_object_set_new(template->secure, name, json_true());
        }
    }
}

static void mark_reads_of(struct evaluation *evaluation, json_t *value)
{
    struct err ignored = {0};
    json_auto_t *reads = json_object();
    struct evaluation inner = *evaluation;
    inner.err = &ignored; /* evaluation errors are reported when the value is needed */
    inner.reads = reads;
    json_t *evaluated = template_evaluate(&inner, value);
    const char *name;
    json_t *noted;
    if (evaluated == NULL) {
        mark_mentioned_in(evaluation, value);
    }
    json_decref(evaluated);
    json_object_foreach (reads, name, noted) {
        json_object_set(evaluation->template->secure, name, noted);
    }
}

/* The values passed to a nested deployment's secret parameters. */
static void find_in_nested(struct evaluation *evaluation, json_t *definition)
{
    json_t *properties = field_get(definition, "properties");
    json_t *source = properties == NULL ? NULL : field_get(properties, "template");
    json_t *given = properties == NULL ? NULL : field_get(properties, "parameters");
    json_t *declared = source == NULL ? NULL : field_get(source, "parameters");
    const char *name;
    json_t *value;
    json_object_foreach (given, name, value) {
        auto_buf struct buf call = BUF_MAX(CALL_MAX_BYTES);
        json_t *declaration = declared == NULL ? NULL : field_get(declared, name);
        const char *type = declaration == NULL ? NULL : json_string_value(field_get(declaration, "type"));
        buf_addf(&call, "parameters('%s')", name);
        if (str_istarts(type == NULL ? "" : type, "secure") || buf_failed(&call) ||
            is_mentioned(source, buf_text(&call), false)) {
            mark_reads_of(evaluation, value);
        }
    }
}

static void find_in(struct evaluation *evaluation, json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    json_object_foreach (value, key, member) {
        if (is_secret_property(key)) {
            mark_reads_of(evaluation, member);
        } else {
            find_in(evaluation, member);
        }
    }
    json_array_foreach (value, index, member) {
        find_in(evaluation, member);
    }
}

void template_find_secrets(struct evaluation *evaluation)
{
    struct template *template = evaluation->template;
    for (size_t i = 0; i < template->count; i++) {
        const struct template_resource *resource = &template->resources[i];
        const struct template_loop loop = {resource->copy_name, resource->copy_index, NULL};
        struct evaluation inner = *evaluation;
        inner.loop = resource->copy_name == NULL ? NULL : &loop;
        find_in(&inner, resource->definition);
        if (str_iequals(resource->type, "Microsoft.Resources/deployments")) {
            find_in_nested(&inner, resource->definition);
        }
    }
}
