/* SPDX-License-Identifier: MIT */
#include "core/parse/json_fields.h"

#include "core/memory.h"
#include "core/str.h"

json_t *field_get(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    const char *key;
    json_t *member;
    if (value == NULL) {
        json_object_foreach (object, key, member) {
            if (str_iequals(key, name)) {
                value = member;
                break;
            }
        }
    }
    return json_is_null(value) ? NULL : value;
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}

int field_wrong_type(const json_t *value, const char *path, const char *expected, struct err *err)
{
    err_set(err, ERR_BAD_CONTENT,
            "The request content was invalid and could not be deserialized: the property '%s' must be %s, "
            "not %s.",
            path, expected, type_name(value));
    return err_target(err, "%s", path);
}

static int get_typed(json_t *object, const char *parent, const char *name, json_type type, struct err *err,
                     json_t **ret_value)
{
    json_t *value = field_get(object, name);
    if (value != NULL && json_typeof(value) != type) {
        auto_free char *path = str_format("%s%s%s", parent, parent[0] == '\0' ? "" : ".", name);
        if (path == NULL) {
            return err_no_memory(err);
        }
        return field_wrong_type(value, path, type == JSON_STRING ? "a string" : "an object", err);
    }
    *ret_value = value;
    return 0;
}

int field_string(json_t *object, const char *parent, const char *name, struct err *err, const char **ret_text)
{
    json_t *value = NULL;
    if (get_typed(object, parent, name, JSON_STRING, err, &value) < 0) {
        return -1;
    }
    *ret_text = json_string_value(value);
    return 0;
}

int field_object(json_t *object, const char *parent, const char *name, struct err *err, json_t **ret_object)
{
    return get_typed(object, parent, name, JSON_OBJECT, err, ret_object);
}

json_t *json_from_text(const char *text)
{
    return memory_parse_text(text, JSON_DECODE_ANY);
}

json_t *json_text(const char *value)
{
    json_t *string = json_string(value);
    if (string != NULL || value == NULL) {
        return string;
    }
    auto_free char *copy = str_dup(value);
    return copy == NULL ? NULL : json_string(str_repair_utf8(copy));
}

int json_set_text(json_t *object, const char *name, const char *value)
{
    return value == NULL ? 0 : json_object_set_new_nocheck(object, name, json_text(value));
}
