/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/value_check.h"

#include <string.h>
#include <strings.h>

#include "core/parse/json_fields.h"
#include "core/str.h"

static const char *schema_of(const struct property *row)
{
    return row->schema != NULL ? row->schema : row->type == NULL ? "any" : row->type->schema;
}

static int refuse(const struct property *row, const json_t *value, const char *rule, struct err *err)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    err_set(err, ERR_BAD_PARAMETER, "The value %.200s of the property '%s' is invalid. It must be %s.",
            text == NULL ? "" : text, row->path, rule);
    return err_target(err, "%s", row->path);
}

static int check_integer(const struct property *row, json_t *value, struct err *err)
{
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value)) {
        return field_wrong_type(value, row->path, "an integer", err);
    }
    if ((row->least == 0 && row->most == 0) || (number >= row->least && number <= row->most)) {
        return 0;
    }
    auto_free char *rule =
        str_format("an integer from %lld to %lld", (long long)row->least, (long long)row->most);
    return rule == NULL ? err_no_memory(err) : refuse(row, value, rule, err);
}

/* "A|B|C": the word in the spelling of the row. */
static int check_word(const struct property *row, const char *words, json_t *value, struct err *err,
                      json_t **ret_word)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, row->path, "a string", err);
    }
    const char *text = json_string_value(value);
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, "|");
        if (strlen(text) == len && strncasecmp(at, text, len) == 0) {
            *ret_word = json_stringn(at, len);
            return *ret_word == NULL ? err_no_memory(err) : 0;
        }
        at += at[len] == '|' ? len + 1 : len;
    }
    auto_free char *rule = str_format("one of %s", words);
    if (rule == NULL) {
        return err_no_memory(err);
    }
    for (char *bar = rule; (bar = strchr(bar, '|')) != NULL;) {
        *bar = '/';
    }
    return refuse(row, value, rule, err);
}

static int check_text(const struct property *row, const char *schema, json_t *value, struct err *err)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, row->path, "a string", err);
    }
    const char *text = json_string_value(value);
    return str_equals(schema, "uuid") && text[0] != '\0' && !str_is_uuid(text)
               ? refuse(row, value, "a UUID", err)
               : 0;
}

static int check_plain(const struct property *row, const char *schema, json_t *value, struct err *err)
{
    if (str_equals(schema, "integer")) {
        return check_integer(row, value, err);
    }
    if (str_equals(schema, "boolean")) {
        return json_is_boolean(value) ? 0 : field_wrong_type(value, row->path, "a boolean", err);
    }
    if (str_equals(schema, "number")) {
        return json_is_number(value) ? 0 : field_wrong_type(value, row->path, "a number", err);
    }
    if (strncmp(schema, "[]", 2) == 0) {
        return json_is_array(value) ? 0 : field_wrong_type(value, row->path, "an array", err);
    }
    if (strncmp(schema, "{}", 2) == 0 || str_equals(schema, "object") || str_equals(schema, "struct")) {
        return json_is_object(value) ? 0 : field_wrong_type(value, row->path, "an object", err);
    }
    return str_equals(schema, "any") ? 0 : check_text(row, schema, value, err);
}

int value_check(const struct property *row, json_t *value, struct err *err, json_t **ret_value)
{
    const char *schema = schema_of(row);
    if (strchr(schema, '|') != NULL) {
        return check_word(row, schema, value, err, ret_value);
    }
    if (check_plain(row, schema, value, err) < 0) {
        return -1;
    }
    *ret_value = json_incref(value);
    return 0;
}

static const struct property *find_member(const struct property *object, const char *name)
{
    for (const struct property *row = object + 1; property_is_below(row, object->path); row++) {
        if (str_iequals(property_name(row), name)) {
            return row;
        }
    }
    return NULL;
}

int object_check(const struct property *object, json_t *value, struct err *err, json_t **ret_value)
{
    if (!json_is_object(value)) {
        return field_wrong_type(value, object->path, "an object", err);
    }
    json_auto_t *checked = json_object();
    const char *name;
    json_t *member;
    json_object_foreach (value, name, member) {
        const struct property *row = find_member(object, name);
        json_t *fit = json_null();
        if (row == NULL || !property_is_settable(row)) {
            continue;
        }
        if (!json_is_null(member) && value_check(row, member, err, &fit) < 0) {
            return -1;
        }
        if (json_object_set_new(checked, property_name(row), fit) < 0) {
            return err_no_memory(err);
        }
    }
    *ret_value = json_incref(checked);
    return 0;
}

/* The depth is that of a checked body. */
int merge_patch(json_t *object, json_t *patch)
{
    const char *name;
    json_t *member;
    json_object_foreach (patch, name, member) {
        if (json_is_null(member)) {
            (void)json_object_del(object, name);
            continue;
        }
        json_t *old = json_object_get(object, name);
        int result = 0;
        if (!json_is_object(member)) {
            result = json_object_set(object, name, member);
        } else if (json_is_object(old)) {
            result = merge_patch(old, member);
        } else {
            json_t *fresh = json_object();
            result = json_object_set_new(object, name, fresh) < 0 ? -1 : merge_patch(fresh, member);
        }
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}
