/* SPDX-License-Identifier: MIT */
#include "handlers/describe/schema_private.h"

#include <ctype.h>
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

enum { PATH_MAX_BYTES = 400, DEPTH_MAX = 8 };

const struct schema *schema_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < schema_count; i++) {
        if (str_equals(schemas[i].name, name)) {
            return &schemas[i];
        }
    }
    return NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------------
 */

static json_t *write_words(const char *words)
{
    json_t *array = json_array();
    const char *at = words;
    while (*at != '\0') {
        size_t len = strcspn(at, "|");
        json_array_append_new(array, json_stringn(at, len));
        at += at[len] == '|' ? len + 1 : len;
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", array);
}

json_t *schema_write_type(const char *type)
{
    static const char *const formats[] = {"date-time", "uuid", "uri"};
    if (strncmp(type, "[]", 2) == 0) {
        return json_pack("{s:s, s:o}", "type", "array", "items", schema_write_type(type + 2));
    }
    if (strncmp(type, "{}", 2) == 0) {
        return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", schema_write_type(type + 2));
    }
    if (strchr(type, '|') != NULL) {
        return write_words(type);
    }
    if (isupper((unsigned char)type[0])) {
        auto_free char *reference = str_format("#/components/schemas/%s", type);
        return reference == NULL ? NULL : json_pack("{s:s}", "$ref", reference);
    }
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (str_equals(type, formats[i])) {
            return json_pack("{s:s, s:s}", "type", "string", "format", type);
        }
    }
    if (str_equals(type, "object")) {
        return json_pack("{s:s, s:b}", "type", type, "additionalProperties", 1);
    }
    return str_equals(type, "any") ? json_object() : json_pack("{s:s}", "type", type);
}

static json_t *member_object(json_t *object, const char *name)
{
    json_t *member = json_object_get(object, name);
    if (member == NULL) {
        member = json_object();
        if (json_object_set_new(object, name, member) < 0) {
            return NULL;
        }
    }
    return member;
}

int schema_add_property(json_t *object_schema, const char *path, json_t *definition, unsigned flags)
{
    json_t *object = object_schema;
    const char *dot;
    while ((dot = strchr(path, '.')) != NULL) {
        auto_free char *name = strndup(path, (size_t)(dot - path));
        json_t *properties = member_object(object, "properties");
        object = name == NULL || properties == NULL ? NULL : member_object(properties, name);
        if (object == NULL || json_object_set_new(object, "type", json_string("object")) < 0) {
            json_decref(definition);
            return -1;
        }
        path = dot + 1;
    }
    if ((flags & SCHEMA_READ_ONLY) != 0) {
        json_object_set_new(definition, "readOnly", json_true());
    }
    if ((flags & SCHEMA_WRITE_ONLY) != 0) {
        json_object_set_new(definition, "writeOnly", json_true());
    }
    if ((flags & SCHEMA_REQUIRED) != 0) {
        json_t *required = json_object_get(object, "required");
        if (required == NULL) {
            required = json_array();
            json_object_set_new(object, "required", required);
        }
        json_array_append_new(required, json_string(path));
    }
    json_t *properties = member_object(object, "properties");
    return json_object_set_new(properties, path, definition);
}

/* Siblings of $ref are ignored in OpenAPI 3.0, so that a reference with more to say goes into allOf. */
static json_t *write_row(const struct schema_row *row)
{
    json_t *type = schema_write_type(row->type);
    bool plain = row->description == NULL && (row->flags & (SCHEMA_READ_ONLY | SCHEMA_WRITE_ONLY)) == 0;
    if (isupper((unsigned char)row->type[0]) && strchr(row->type, '|') == NULL && !plain) {
        type = json_pack("{s:[o]}", "allOf", type);
    }
    if (type != NULL && row->description != NULL) {
        json_object_set_new(type, "description", json_string(row->description));
    }
    return type;
}

json_t *schema_write(const struct schema *schema)
{
    json_auto_t *object =
        json_pack("{s:s, s:s*, s:{}}", "type", "object", "description", schema->description, "properties");
    for (size_t i = 0; object != NULL && i < schema->count; i++) {
        const struct schema_row *row = &schema->rows[i];
        if (schema_add_property(object, row->path, write_row(row), row->flags) < 0) {
            return NULL;
        }
    }
    return TAKE(object);
}

/* ---- what of a body is in no row -------------------------------------------------------------------------
 */

/* The row with this path; *ret_above: rows lie below it. */
static const struct schema_row *find_row(const struct schema *schema, const char *path, bool *ret_above)
{
    size_t len = strlen(path);
    *ret_above = false;
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_row *row = &schema->rows[i];
        if (str_iequals(row->path, path)) {
            return row;
        }
        *ret_above = *ret_above || (str_istarts(row->path, path) && row->path[len] == '.');
    }
    return NULL;
}

/* Where a property of this name would be understood, or NULL. */
static const char *find_place(const struct schema *schema, const char *key)
{
    for (size_t i = 0; i < schema->count; i++) {
        const char *dot = strrchr(schema->rows[i].path, '.');
        const char *last = dot == NULL ? schema->rows[i].path : dot + 1;
        if (str_iequals(last, key) && (schema->rows[i].flags & SCHEMA_READ_ONLY) == 0) {
            return schema->rows[i].path;
        }
    }
    return NULL;
}

/* path: where object stands in the whole body; inner: in this schema. */
static void note_members(struct request *request, const struct schema *schema, json_t *object,
                         const char *path, const char *inner, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        auto_buf struct buf full = BUF_MAX(PATH_MAX_BYTES);
        auto_buf struct buf local = BUF_MAX(PATH_MAX_BYTES);
        bool above;
        buf_addf(&full, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
        buf_addf(&local, "%s%s%s", inner, inner[0] == '\0' ? "" : ".", key);
        if (buf_failed(&full) || buf_failed(&local) || depth == DEPTH_MAX) {
            continue;
        }
        const struct schema_row *row = find_row(schema, buf_text(&local), &above);
        const struct schema *other = row == NULL ? NULL : schema_find(row->type);
        if (above && json_is_object(value)) {
            note_members(request, schema, value, buf_text(&full), buf_text(&local), depth + 1);
        } else if (other != NULL && json_is_object(value)) {
            note_members(request, other, value, buf_text(&full), "", depth + 1);
        } else if (row == NULL && !above) {
            request_note(request, buf_text(&full), find_place(schema, key));
        }
    }
}

void schema_note_unknown(struct request *request, const char *name)
{
    const struct schema *schema = schema_find(name);
    if (schema != NULL && request->body != NULL) {
        note_members(request, schema, request->body, "", "", 0);
    }
}
