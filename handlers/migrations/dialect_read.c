/* SPDX-License-Identifier: MIT */
/* Reads a request: as lenient as the real service, but an error about a wrong type or value names its
 * path. */
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/resource_fields.h"
#include "handlers/migrations/dialect_private.h"
#include "handlers/rules/tags/migration_tags.h"

static int bad_word(const char *path, const char *allowed, const char *text, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property '%s' is '%.60s'; it must be %s.", path, text, allowed);
    return err_target(err, "%s", path);
}

int dialect_read_text(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string", err);
    }
    /* An empty string means the same as a missing one. */
    const char *text = json_string_length(value) == 0 ? NULL : json_string_value(value);
    return str_replace(property_member(row, record), text) ? 0 : err_no_memory(err);
}

int dialect_read_names(const struct property *row, json_t *value, const char *path, struct err *err,
                       void *record)
{
    if (!json_is_array(value)) {
        return field_wrong_type(value, path, "an array of strings", err);
    }
    auto_str_list struct str_list names = {0};
    size_t index;
    json_t *item;
    json_array_foreach (value, index, item) {
        if (!json_is_string(item)) {
            auto_free char *item_path = str_format("%s[%zu]", path, index);
            return item_path == NULL ? err_no_memory(err)
                                     : field_wrong_type(item, item_path, "a string", err);
        }
        if (!str_list_add(&names, json_string_value(item))) {
            return err_no_memory(err);
        }
    }
    return str_list_copy(property_member(row, record), &names) ? 0 : err_no_memory(err);
}

int dialect_read_flag(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record)
{
    enum flag *field = property_member(row, record);
    if (json_is_boolean(value)) {
        *field = json_is_true(value) ? FLAG_TRUE : FLAG_FALSE;
        return 0;
    }
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "true, false, \"True\" or \"False\"", err);
    }
    const char *text = json_string_value(value);
    if (!str_iequals(text, "true") && !str_iequals(text, "false")) {
        return bad_word(path, "true or false", text, err);
    }
    *field = str_iequals(text, "true") ? FLAG_TRUE : FLAG_FALSE;
    return 0;
}

int dialect_read_time(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string with a date and time", err);
    }
    int64_t at_us;
    if (!clock_parse(json_string_value(value), &at_us)) {
        return bad_word(path, "a date and time such as 2026-01-31T18:30:00Z", json_string_value(value), err);
    }
    *(int64_t *)property_member(row, record) = at_us;
    return 0;
}

static int read_vocabulary(const json_t *value, const char *path, enum vocabulary words, const char *allowed,
                           struct err *err, int *field)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string", err);
    }
    int word = word_to_value(words, json_string_value(value));
    if (word < 0) {
        return bad_word(path, allowed, json_string_value(value), err);
    }
    *field = word;
    return 0;
}

static int read_spelled(const json_t *value, const char *path, const char *(*normalise)(const char *text),
                        const char *allowed, struct err *err, char **field)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string", err);
    }
    const char *text = normalise(json_string_value(value));
    if (text == NULL) {
        return bad_word(path, allowed, json_string_value(value), err);
    }
    return str_replace(field, text) ? 0 : err_no_memory(err);
}

int dialect_read_mode(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record)
{
    return read_vocabulary(value, path, WORDS_MIGRATION_MODE, "Offline or Online", err,
                           property_member(row, record));
}

int dialect_read_option(const struct property *row, json_t *value, const char *path, struct err *err,
                        void *record)
{
    return read_vocabulary(value, path, WORDS_MIGRATION_OPTION, "Validate, Migrate or ValidateAndMigrate",
                           err, property_member(row, record));
}

int dialect_read_source_type(const struct property *row, json_t *value, const char *path, struct err *err,
                             void *record)
{
    return read_spelled(value, path, dialect_source_type,
                        "a source type such as PostgreSQLSingleServer, OnPremises or AzureVM", err,
                        property_member(row, record));
}

int dialect_read_ssl_mode(const struct property *row, json_t *value, const char *path, struct err *err,
                          void *record)
{
    return read_spelled(value, path, dialect_ssl_mode, "Prefer, Require, VerifyCA or VerifyFull", err,
                        property_member(row, record));
}

int dialect_read_tags(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record)
{
    struct dialect_request *request = record;
    (void)row;
    (void)path;
    free_at_scope_end(&request->tags);
    request->tags = NULL;
    return tags_read(value, err, &request->tags) < 0 ? -1 : migration_tags_check(request->tags, err);
}

int dialect_read_location(const struct property *row, json_t *value, const char *path, struct err *err,
                          void *record)
{
    struct dialect_request *request = record;
    (void)row;
    (void)path;
    return location_read(value, err, &request->location);
}

int dialect_read(json_t *body, struct err *err, struct dialect_request *ret_request)
{
    struct dialect_request request = {0};
    migration_spec_init(&request.spec);
    if (properties_read(&migration_description, body, err, &request, request.given) < 0) {
        dialect_request_done(&request);
        return -1;
    }
    *ret_request = request;
    return 0;
}

void dialect_request_done(struct dialect_request *request)
{
    migration_spec_done(&request->spec);
    free_at_scope_end(&request->tags);
}
