/* SPDX-License-Identifier: MIT */
/* Reading "properties" of a request: as lenient as the real service, but a wrong type or word is told with
 * its path. */
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/arm/fields.h"
#include "handlers/migrations/dialect.h"

enum { PATH_MAX_BYTES = 400, IGNORED_MAX = 50 };

static void *member(struct migration_spec *spec, const struct property *row)
{
    return (char *)spec + row->field;
}

static int bad_word(const char *path, const char *allowed, const char *text, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property '%s' is '%.60s'; it must be %s.", path, text, allowed);
    return err_target(err, "%s", path);
}

static int read_text(const json_t *value, const char *path, struct err *err, char **field)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string", err);
    }
    /* An empty string says as little as a missing one. */
    const char *text = json_string_length(value) == 0 ? NULL : json_string_value(value);
    return str_replace(field, text) ? 0 : err_no_memory(err);
}

static int read_names(const json_t *value, const char *path, struct err *err, struct str_list *field)
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
    return str_list_copy(field, &names) ? 0 : err_no_memory(err);
}

static int read_flag(const json_t *value, const char *path, struct err *err, enum flag *field)
{
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

static int read_time(const json_t *value, const char *path, struct err *err, int64_t *field)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string with a date and time", err);
    }
    int64_t at_us;
    if (!clock_parse(json_string_value(value), &at_us)) {
        return bad_word(path, "a date and time such as 2026-01-31T18:30:00Z", json_string_value(value), err);
    }
    *field = at_us;
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

static int read_value(const struct property *row, const json_t *value, const char *path,
                      struct migration_spec *spec, struct err *err)
{
    switch (row->kind) {
    case KIND_TEXT:
        return read_text(value, path, err, member(spec, row));
    case KIND_NAMES:
        return read_names(value, path, err, member(spec, row));
    case KIND_FLAG:
    case KIND_FLAG_WORD:
        return read_flag(value, path, err, member(spec, row));
    case KIND_TIME:
        return read_time(value, path, err, member(spec, row));
    case KIND_MODE:
        return read_vocabulary(value, path, WORDS_MIGRATION_MODE, "Offline or Online", err,
                               member(spec, row));
    case KIND_OPTION:
        return read_vocabulary(value, path, WORDS_MIGRATION_OPTION, "Validate, Migrate or ValidateAndMigrate",
                               err, member(spec, row));
    case KIND_SOURCE_TYPE:
        return read_spelled(value, path, dialect_source_type,
                            "a source type such as PostgreSQLSingleServer, OnPremises or AzureVM", err,
                            member(spec, row));
    case KIND_SSL_MODE:
        return read_spelled(value, path, dialect_ssl_mode, "Prefer, Require, VerifyCA or VerifyFull", err,
                            member(spec, row));
    case KIND_RUN_ID:
    case KIND_NAME:
    case KIND_DETAILS_LEVEL:
    case KIND_STATUS:
    case KIND_TARGET_ID:
    case KIND_SOURCE_METADATA:
    case KIND_TARGET_METADATA:
        break;
    }
    return 0;
}

/* How a path lies to the table: a property, above one, or neither. */
static const struct property *find_property(const char *path, bool *ret_above)
{
    size_t len = strlen(path);
    *ret_above = false;
    for (size_t i = 0; i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        if (str_iequals(row->path, path)) {
            return row;
        }
        *ret_above = *ret_above || (str_istarts(row->path, path) && row->path[len] == '.');
    }
    return NULL;
}

static int read_object(json_t *object, const char *parent, struct dialect_request *request, struct err *err);

static int read_member(const char *parent, const char *key, json_t *value, struct dialect_request *request,
                       struct err *err)
{
    static const char root[] = "properties.";
    auto_buf struct buf text = BUF_MAX(PATH_MAX_BYTES);
    buf_addf(&text, "%s%s%s%s", root, parent, parent[0] == '\0' ? "" : ".", key);
    if (buf_failed(&text)) {
        return 0; /* longer than anything in the table: unknown */
    }
    const char *full_path = buf_text(&text);
    const char *path = full_path + sizeof(root) - 1;
    bool above;
    const struct property *row = find_property(path, &above);
    if (row != NULL && (row->access & ACCESS_PUT) != 0) {
        request->given |= UINT64_C(1) << (row - dialect_properties);
        return read_value(row, value, full_path, &request->spec, err);
    }
    if (above) {
        return json_is_object(value) ? read_object(value, path, request, err)
                                     : field_wrong_type(value, full_path, "an object", err);
    }
    bool known = row != NULL || request->ignored.count >= IGNORED_MAX;
    return known || str_list_add(&request->ignored, full_path) ? 0 : err_no_memory(err);
}

static int read_object(json_t *object, const char *parent, struct dialect_request *request, struct err *err)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        if (!json_is_null(value) && read_member(parent, key, value, request, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int dialect_read(json_t *properties, struct err *err, struct dialect_request *ret_request)
{
    struct dialect_request request = {0};
    migration_spec_init(&request.spec);
    if (properties != NULL && read_object(properties, "", &request, err) < 0) {
        dialect_request_done(&request);
        return -1;
    }
    *ret_request = request;
    return 0;
}

void dialect_request_done(struct dialect_request *request)
{
    migration_spec_done(&request->spec);
    str_list_done(&request->ignored);
}
