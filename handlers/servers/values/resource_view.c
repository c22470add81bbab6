/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/resource_view.h"

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/resource.h"
#include "handlers/servers/values/value_check.h"

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static int read_string(const struct property *row, json_t *value, const char *path, struct err *err,
                       void *record)
{
    (void)path;
    if (!json_is_string(value)) {
        return field_wrong_type(value, row->path, "a string", err);
    }
    *(const char **)property_member(row, record) = json_string_value(value);
    return 0;
}

int setting_keep(const struct property *row, json_t *value, struct err *err, void *record)
{
    json_t **settings = property_member(row, record);
    if (*settings == NULL) {
        *settings = json_object();
    }
    return json_object_set(*settings, property_name(row), value) < 0 ? err_no_memory(err) : 0;
}

static int read_setting_text(const struct property *row, json_t *value, const char *path, struct err *err,
                             void *record)
{
    json_auto_t *checked = NULL;
    (void)path;
    return value_check(row, value, err, &checked) < 0 ? -1 : setting_keep(row, checked, err, record);
}

static int read_setting_object(const struct property *row, json_t *value, const char *path, struct err *err,
                               void *record)
{
    json_auto_t *checked = NULL;
    (void)path;
    return object_check(row, value, err, &checked) < 0 ? -1 : setting_keep(row, checked, err, record);
}

/* A null that a merge takes for "remove". */
static int clear_setting(const struct property *row, struct err *err, void *record)
{
    return setting_keep(row, json_null(), err, record);
}

/* ---- showing ---------------------------------------------------------------------------------------------
 */

json_t *write_known(const struct property *row, const void *subject)
{
    const struct resource_view *view = subject;
    json_t *value = json_incref(json_object_get(view->values, property_name(row)));
    return value != NULL ? value : json_from_text(row->standard);
}

/* The next row, if it describes a member of the object at path. */
static const struct property *next_member(const struct resource_view *view, const struct property *row,
                                          const char *path)
{
    row++;
    bool inside = row < view->description->rows + view->description->count && property_is_below(row, path);
    return inside ? row : NULL;
}

/* Members in the order of the rows, then other given members; omits those that the version lacks. */
static json_t *write_setting_object(const struct property *object, const void *subject)
{
    const struct resource_view *view = subject;
    json_t *given = json_object_get(view->values, property_name(object));
    if (given != NULL && !json_is_object(given)) {
        return json_incref(given);
    }
    json_t *value = json_object();
    const struct property *row = object;
    while ((row = next_member(view, row, object->path)) != NULL) {
        json_t *standard = row->write != NULL ? json_null() : json_from_text(row->standard);
        if (standard != NULL) {
            json_object_set_new(value, property_name(row), standard);
        }
    }
    (void)json_object_update(value, given);
    row = object;
    while ((row = next_member(view, row, object->path)) != NULL) {
        if (!property_is_in(row, view->version)) {
            json_object_del(value, property_name(row));
        } else if (row->write != NULL) {
            json_object_set_new(value, property_name(row), row->write(row, subject));
        }
    }
    if (json_object_size(value) == 0 && given == NULL) {
        json_decref(value);
        return NULL;
    }
    return value;
}

const struct property_type type_string = {.schema = "string", .read = read_string, .write = write_known};
const struct property_type type_setting_text = {
    .schema = "string", .read = read_setting_text, .clear = clear_setting, .write = write_known};
const struct property_type type_setting_object = {
    .schema = "object", .read = read_setting_object, .clear = clear_setting, .write = write_setting_object};

/* ---- children --------------------------------------------------------------------------------------------
 */

json_t *write_child_id(const struct property *row, const void *subject)
{
    (void)row;
    const struct resource_view *view = subject;
    auto_free char *parent = server_resource_id(view->server);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, view->child_type, view->child_name);
    return json_string(id);
}

json_t *write_child_name(const struct property *row, const void *subject)
{
    (void)row;
    const struct resource_view *view = subject;
    return json_string(view->child_name);
}

json_t *write_child_type(const struct property *row, const void *subject)
{
    (void)row;
    const struct resource_view *view = subject;
    auto_free char *type = str_format("%s/%s/%s", POSTGRESQL_NAMESPACE,
                                      word_of(WORDS_SERVER_KIND, (int)view->server->kind), view->child_type);
    return json_string(type);
}

json_t *server_child_write(const struct description *description, const struct server *server,
                           const char *type, const char *name, json_t *values)
{
    const struct resource_view view = {.description = description,
                                       .version = API_NEWEST,
                                       .server = server,
                                       .child_type = type,
                                       .child_name = name,
                                       .values = values};
    json_t *object = values == NULL || name == NULL ? NULL : properties_write(description, API_NEWEST, &view);
    json_decref(values);
    return object;
}
