/* SPDX-License-Identifier: MIT */
/* Renders a migration: strictly in the dialect, unset members omitted, secrets never. */
#include "core/attr.h"
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/resource.h"
#include "handlers/migrations/dialect_private.h"

/* ---- settings --------------------------------------------------------------------------------------------
 */

static const struct migration_spec *spec_of(const void *subject)
{
    return &((const struct migration_view *)subject)->migration->spec;
}

json_t *dialect_write_text(const struct property *row, const void *subject)
{
    return json_string(*(char *const *)property_value(row, spec_of(subject))); /* NULL for NULL */
}

json_t *dialect_write_names(const struct property *row, const void *subject)
{
    const struct str_list *names = property_value(row, spec_of(subject));
    json_t *array = names->count == 0 ? NULL : json_array();
    for (size_t i = 0; array != NULL && i < names->count; i++) {
        json_array_append_new(array, json_string(names->items[i]));
    }
    return array;
}

/* Whether the flag is shown, and as what. */
static bool is_shown(const struct property *row, const void *subject, bool *ret_true)
{
    const struct migration_view *view = subject;
    enum flag flag = *(const enum flag *)property_value(row, spec_of(subject));
    *ret_true = flag == FLAG_TRUE;
    return flag != FLAG_UNSET || (row->access & ACCESS_FALSE) != 0 ||
           ((row->access & ACCESS_FALSE_LATER) != 0 && view->detail != DETAIL_CREATED);
}

json_t *dialect_write_flag(const struct property *row, const void *subject)
{
    bool set;
    return is_shown(row, subject, &set) ? json_boolean(set) : NULL;
}

json_t *dialect_write_flag_word(const struct property *row, const void *subject)
{
    bool set;
    return is_shown(row, subject, &set) ? json_string(set ? "True" : "False") : NULL;
}

json_t *dialect_write_time(const struct property *row, const void *subject)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t at_us = *(const int64_t *)property_value(row, spec_of(subject));
    return at_us == 0 ? NULL : json_string(clock_format(at_us, text));
}

static json_t *write_word(enum vocabulary vocabulary, int value)
{
    return value < 0 ? NULL : json_string(word_of(vocabulary, value));
}

json_t *dialect_write_mode(const struct property *row, const void *subject)
{
    (void)row;
    return write_word(WORDS_MIGRATION_MODE, spec_of(subject)->mode);
}

json_t *dialect_write_option(const struct property *row, const void *subject)
{
    (void)row;
    return write_word(WORDS_MIGRATION_OPTION, spec_of(subject)->option);
}

json_t *dialect_write_source_type(const struct property *row, const void *subject)
{
    (void)row;
    const struct migration_view *view = subject;
    const char *type = spec_of(subject)->source_type;
    return dialect_has_source_type(view->dialect->family, type) ? json_string(type) : NULL;
}

json_t *dialect_write_ssl_mode(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(dialect_shown_ssl_mode(spec_of(subject)));
}

/* ---- what no client sets ---------------------------------------------------------------------------------
 */

json_t *dialect_write_run_id(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(((const struct migration_view *)subject)->migration->uuid);
}

json_t *dialect_write_name(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(((const struct migration_view *)subject)->migration->name);
}

json_t *dialect_write_details_level(const struct property *row, const void *subject)
{
    (void)row;
    (void)subject;
    return json_string("Default");
}

json_t *dialect_write_current_status(const struct property *row, const void *subject)
{
    (void)row;
    const struct migration_view *view = subject;
    return dialect_write_status(view->dialect, view);
}

json_t *dialect_write_target_id(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(((const struct migration_view *)subject)->target_resource_id);
}

json_t *dialect_write_tags(const struct property *row, const void *subject)
{
    (void)row;
    return json_from_text(((const struct migration_view *)subject)->migration->tags);
}

json_t *dialect_write_location(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(((const struct migration_view *)subject)->location);
}

json_t *dialect_write_id(const struct property *row, const void *subject)
{
    (void)row;
    const struct migration_view *view = subject;
    auto_free char *id = armid_child(view->target_resource_id, "migrations", view->migration->name);
    return json_string(id);
}

json_t *dialect_write_type(const struct property *row, const void *subject)
{
    (void)row;
    (void)subject;
    return json_string(POSTGRESQL_NAMESPACE "/flexibleServers/migrations");
}

/* The metadata contain only name and tier of a server's sku. */
static json_t *write_sku(const json_t *sku)
{
    return json_pack("{s:O*, s:O*}", "name", json_object_get(sku, "name"), "tier",
                     json_object_get(sku, "tier"));
}

/* The metadata of one server as stored, with the version's name for the storage size. The real service
 * shows a flexible server's region by its display name, a single server's by its short name. */
static json_t *write_metadata(const struct property *row, const struct migration_view *view, const char *text,
                              bool target)
{
    json_auto_t *stored = json_from_text(text);
    json_t *metadata = view->detail == DETAIL_FULL && stored != NULL ? json_object() : NULL;
    const char *location = json_string_value(json_object_get(stored, "location"));
    json_t *version = json_object_get(stored, "version");
    json_t *size = json_object_get(stored, "storageMb");
    const char *size_name = row->until == END_B ? "storageMB" : "storageMb";
    if (metadata == NULL) {
        return NULL;
    }
    int failed = json_set_text(metadata, "location", target ? location_display_name(location) : location);
    failed |= version == NULL ? 0 : json_object_set(metadata, "version", version);
    failed |= size == NULL ? 0 : json_object_set(metadata, size_name, size);
    failed |= json_object_set_new(metadata, "sku", write_sku(json_object_get(stored, "sku")));
    if (failed != 0) {
        json_decref(metadata);
        return NULL;
    }
    return metadata;
}

json_t *dialect_write_source_metadata(const struct property *row, const void *subject)
{
    const struct migration_view *view = subject;
    return write_metadata(row, view, view->migration->source_metadata, false);
}

json_t *dialect_write_target_metadata(const struct property *row, const void *subject)
{
    const struct migration_view *view = subject;
    return write_metadata(row, view, view->migration->target_metadata, true);
}

/* ---- all properties --------------------------------------------------------------------------------------
 */

json_t *dialect_write(const struct dialect *dialect, const struct migration_view *view)
{
    struct migration_view subject = *view;
    subject.dialect = dialect;
    return properties_write(&migration_description, dialect->family, &subject);
}

json_t *dialect_write_request(const struct dialect *dialect, const struct migration_view *view,
                              unsigned access)
{
    struct migration_view subject = *view;
    subject.dialect = dialect;
    json_auto_t *body = json_object();
    for (size_t i = 0; body != NULL && i < migration_description.count; i++) {
        const struct property *row = &migration_description.rows[i];
        bool flag = row->type == &type_flag || row->type == &type_flag_word;
        bool spelled =
            property_is_in(row, dialect->family) && (row->access & (ACCESS_SHOWN | ACCESS_SECRET)) != 0;
        bool set = !flag || *(const enum flag *)property_value(row, &view->migration->spec) != FLAG_UNSET;
        bool sent = (row->access & access) != 0 && spelled && set && (flag || access == ACCESS_PUT);
        json_t *value = sent ? row->type->write(row, &subject) : NULL;
        if (value != NULL && property_set_at(body, row->path, value) < 0) {
            return NULL;
        }
    }
    return TAKE(body);
}
