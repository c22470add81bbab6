/* SPDX-License-Identifier: MIT */
#include "handlers/describe/schema_private.h"

#include <ctype.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/arm/arm.h"
#include "handlers/deployments/deployments.h"
#include "handlers/migrations/dialect.h"
#include "handlers/migrations/migrations.h"
#include "handlers/network/network.h"
#include "handlers/own/own.h"
#include "handlers/resources/resources.h"
#include "handlers/rules/rules_calls.h"
#include "handlers/servers/servers.h"
#include "handlers/universes/universes.h"

/* ---- the descriptions of all rooms -----------------------------------------------------------------------
 */

static const size_t one = 1;
static const struct {
    const struct description *items;
    const size_t *count;
} lists[] = {
    {arm_descriptions, &arm_description_count},
    {&migration_description, &one},
    {&migration_patch_description, &one},
    {&migration_database_description, &one},
    {migrations_descriptions, &migrations_description_count},
    {server_descriptions, &server_description_count},
    {database_descriptions, &database_description_count},
    {rule_descriptions, &rule_description_count},
    {configuration_descriptions, &configuration_description_count},
    {servers_descriptions, &servers_description_count},
    {resources_descriptions, &resources_description_count},
    {deployments_descriptions, &deployments_description_count},
    {network_descriptions, &network_description_count},
    {own_descriptions, &own_description_count},
    {universe_descriptions, &universe_description_count},
    {test_rule_descriptions, &test_rule_description_count},
};

const struct description *schema_find(const char *name)
{
    for (size_t list = 0; name != NULL && list < ARRAY_LEN(lists); list++) {
        for (size_t i = 0; i < *lists[list].count; i++) {
            if (str_equals(lists[list].items[i].name, name)) {
                return &lists[list].items[i];
            }
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
    if (str_equals(type, "struct")) {
        return json_pack("{s:s}", "type", "object");
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

/* Adds a definition at a path with dots to an object schema, and creates the objects above it. Takes
 * ownership of definition. Returns 0, or -1 when memory is out. */
static int add_property(json_t *object_schema, const char *path, json_t *definition, bool required)
{
    json_t *object = object_schema;
    const char *dot;
    while ((dot = strchr(path, '.')) != NULL) {
        auto_free char *name = memory_checked(strndup(path, (size_t)(dot - path)));
        json_t *properties = member_object(object, "properties");
        object = name == NULL || properties == NULL ? NULL : member_object(properties, name);
        if (object == NULL || json_object_set_new(object, "type", json_string("object")) < 0) {
            json_decref(definition);
            return -1;
        }
        path = dot + 1;
    }
    if (required) {
        json_t *names = json_object_get(object, "required");
        if (names == NULL) {
            names = json_array();
            json_object_set_new(object, "required", names);
        }
        json_array_append_new(names, json_string(path));
    }
    json_t *properties = member_object(object, "properties");
    return json_object_set_new(properties, path, definition);
}

/* OpenAPI 3.0 ignores siblings of $ref, so a reference with further members uses allOf. */
static json_t *write_row(const struct property *row, unsigned version)
{
    bool settable = property_is_settable(row);
    bool shown = (row->access & ACCESS_SHOWN) != 0 && (row->access & ACCESS_SECRET) == 0;
    const char *type = row->schema != NULL ? row->schema : row->type == NULL ? NULL : row->type->schema;
    json_t *definition = row->type != NULL && row->type->describe != NULL
                             ? row->type->describe(row, version)
                             : schema_write_type(type == NULL ? "any" : type);
    if (json_object_get(definition, "$ref") != NULL && (row->text != NULL || !settable || !shown)) {
        definition = json_pack("{s:[o]}", "allOf", definition);
    }
    if (definition != NULL && row->text != NULL) {
        json_object_set_new(definition, "description", json_string(row->text));
    }
    if (definition != NULL && row->most != 0) {
        json_object_set_new(definition, "minimum", json_integer(row->least));
        json_object_set_new(definition, "maximum", json_integer(row->most));
    }
    if (definition != NULL && !settable) {
        json_object_set_new(definition, "readOnly", json_true());
    }
    if (definition != NULL && !shown) {
        json_object_set_new(definition, "writeOnly", json_true());
    }
    return definition;
}

json_t *schema_write(const struct description *description, unsigned version)
{
    json_auto_t *object =
        json_pack("{s:s, s:s*, s:{}}", "type", "object", "description", description->text, "properties");
    for (size_t i = 0; object != NULL && i < description->count; i++) {
        const struct property *row = &description->rows[i];
        bool part = description->access == 0 || (row->access & description->access) != 0;
        bool required = description->access == 0 && (row->access & ACCESS_REQUIRED) != 0;
        if (row->access != 0 && part && property_is_in(row, version) &&
            add_property(object, row->path, write_row(row, version), required) < 0) {
            return NULL;
        }
    }
    return TAKE(object);
}

/* ---- what of a body is in no row -------------------------------------------------------------------------
 */

static void add_note(void *context, const char *path, const char *belongs)
{
    request_note(context, path, belongs);
}

void schema_note_unknown(struct request *request, const char *name)
{
    const struct description *description = schema_find(name);
    if (description != NULL && request->body != NULL) {
        properties_note_unknown(description, schema_find, request->body, add_note, request);
    }
}
