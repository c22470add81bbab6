/* SPDX-License-Identifier: MIT */
/* Writing "properties" of an answer: strictly in the dialect, unset members left out, secrets never. */
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/arm/fields.h"
#include "handlers/arm/locations.h"
#include "handlers/migrations/dialect.h"

static const void *member(const struct migration_spec *spec, const struct property *row)
{
    return (const char *)spec + row->field;
}

static json_t *write_time(int64_t at_us)
{
    char text[CLOCK_TEXT_SIZE];
    return at_us == 0 ? NULL : json_string(clock_format(at_us, text));
}

static json_t *write_names(const struct str_list *names)
{
    json_t *array = names->count == 0 ? NULL : json_array();
    for (size_t i = 0; array != NULL && i < names->count; i++) {
        json_array_append_new(array, json_string(names->items[i]));
    }
    return array;
}

static json_t *write_flag(const struct property *row, const struct migration_view *view)
{
    enum flag flag = *(const enum flag *)member(&view->migration->spec, row);
    bool shown_as_false = (row->access & ACCESS_FALSE) != 0 ||
                          ((row->access & ACCESS_FALSE_LATER) != 0 && view->detail != DETAIL_CREATED);
    if (flag == FLAG_UNSET && !shown_as_false) {
        return NULL;
    }
    if (row->kind == KIND_FLAG) {
        return json_boolean(flag == FLAG_TRUE);
    }
    return json_string(flag == FLAG_TRUE ? "True" : "False");
}

/* Of a server's sku the metadata have name and tier only. */
static json_t *write_sku(const json_t *sku)
{
    return json_pack("{s:O*, s:O*}", "name", json_object_get(sku, "name"), "tier",
                     json_object_get(sku, "tier"));
}

/* The metadata of one server, with what the older versions spell otherwise. The real service shows a flexible
 * server's region by its display name, a single server's by its short one. */
static json_t *write_metadata(const struct property *row, const struct dialect *dialect,
                              const struct migration_view *view)
{
    bool target = row->kind == KIND_TARGET_METADATA;
    json_auto_t *stored =
        json_from_text(target ? view->migration->target_metadata : view->migration->source_metadata);
    json_t *metadata = view->detail == DETAIL_FULL && stored != NULL ? json_object() : NULL;
    const char *location = json_string_value(json_object_get(stored, "location"));
    json_t *version = json_object_get(stored, "version");
    json_t *size = json_object_get(stored, "storageMb");
    if (metadata == NULL) {
        return NULL;
    }
    int failed = json_set_text(metadata, "location", target ? location_display_name(location) : location);
    failed |= version == NULL ? 0 : json_object_set(metadata, "version", version);
    failed |= size == NULL ? 0 : json_object_set(metadata, dialect_storage_name(dialect), size);
    failed |= json_object_set_new(metadata, "sku", write_sku(json_object_get(stored, "sku")));
    if (failed != 0) {
        json_decref(metadata);
        return NULL;
    }
    return metadata;
}

/* A word that came later is not told to a client that cannot know it. */
static json_t *write_source_type(const struct dialect *dialect, const struct migration_spec *spec)
{
    size_t count = 0;
    const char *const *words = dialect_source_types(dialect, &count);
    for (size_t i = 0; i < count; i++) {
        if (str_equals(words[i], spec->source_type)) {
            return json_string(words[i]);
        }
    }
    return NULL;
}

static json_t *write_value(const struct property *row, const struct dialect *dialect,
                           const struct migration_view *view)
{
    const struct migration *migration = view->migration;
    const struct migration_spec *spec = &migration->spec;
    switch (row->kind) {
    case KIND_SOURCE_TYPE:
        return write_source_type(dialect, spec);
    case KIND_TEXT:
        return json_string(*(char *const *)member(spec, row)); /* NULL gives NULL */
    case KIND_SSL_MODE:
        return json_string(dialect_shown_ssl_mode(spec));
    case KIND_NAMES:
        return write_names(member(spec, row));
    case KIND_FLAG:
    case KIND_FLAG_WORD:
        return write_flag(row, view);
    case KIND_MODE:
        return spec->mode < 0 ? NULL : json_string(word_of(WORDS_MIGRATION_MODE, spec->mode));
    case KIND_OPTION:
        return spec->option < 0 ? NULL : json_string(word_of(WORDS_MIGRATION_OPTION, spec->option));
    case KIND_TIME:
        return write_time(*(const int64_t *)member(spec, row));
    case KIND_RUN_ID:
        return json_string(migration->uuid);
    case KIND_NAME:
        return json_string(migration->name);
    case KIND_DETAILS_LEVEL:
        return json_string("Default");
    case KIND_STATUS:
        return dialect_write_status(dialect, view);
    case KIND_TARGET_ID:
        return json_string(view->target_resource_id);
    case KIND_SOURCE_METADATA:
    case KIND_TARGET_METADATA:
        return write_metadata(row, dialect, view);
    }
    return NULL;
}

/* Sets a value at a path with dots, making the objects on the way. Takes value. */
static int set_at_path(json_t *object, const char *path, json_t *value)
{
    const char *dot = strchr(path, '.');
    while (dot != NULL) {
        char key[64];
        size_t len = (size_t)(dot - path);
        if (len >= sizeof(key)) {
            json_decref(value);
            return -1;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        json_t *inner = json_object_get(object, key);
        if (inner == NULL) {
            inner = json_object();
            if (json_object_set_new_nocheck(object, key, inner) < 0) {
                json_decref(value);
                return -1;
            }
        }
        object = inner;
        path = dot + 1;
        dot = strchr(path, '.');
    }
    return json_object_set_new_nocheck(object, path, value);
}

json_t *dialect_write_request(const struct dialect *dialect, const struct migration_view *view,
                              unsigned access)
{
    json_auto_t *properties = json_object();
    for (size_t i = 0; properties != NULL && i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        bool flag = row->kind == KIND_FLAG || row->kind == KIND_FLAG_WORD;
        bool spelled = dialect->family >= row->from && dialect->family <= row->to &&
                       (row->access & (ACCESS_SHOWN | ACCESS_SECRET)) != 0;
        bool set = !flag || *(const enum flag *)member(&view->migration->spec, row) != FLAG_UNSET;
        bool sent = (row->access & access) != 0 && spelled && set && (flag || access == ACCESS_PUT);
        json_t *value = sent ? write_value(row, dialect, view) : NULL;
        if (value != NULL && set_at_path(properties, row->path, value) < 0) {
            return NULL;
        }
    }
    return TAKE(properties);
}

json_t *dialect_write(const struct dialect *dialect, const struct migration_view *view)
{
    json_auto_t *properties = json_object();
    for (size_t i = 0; properties != NULL && i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        bool shown = (row->access & ACCESS_SHOWN) != 0 && (row->access & ACCESS_SECRET) == 0 &&
                     dialect->family >= row->from && dialect->family <= row->to;
        json_t *value = shown ? write_value(row, dialect, view) : NULL;
        if (value != NULL && set_at_path(properties, row->path, value) < 0) {
            return NULL;
        }
    }
    return TAKE(properties);
}
