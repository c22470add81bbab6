/* SPDX-License-Identifier: MIT */
#include "handlers/arm/property.h"

#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/memory.h"
#include "core/parse/json_fields.h"
#include "core/str.h"

enum { PATH_MAX_BYTES = 400, DEPTH_MAX = 8 };

const char *property_name(const struct property *row)
{
    const char *dot = strrchr(row->path, '.');
    return dot == NULL ? row->path : dot + 1;
}

bool property_is_in(const struct property *row, unsigned version)
{
    return version >= row->since && (row->until == 0 || version <= row->until);
}

bool property_is_below(const struct property *row, const char *path)
{
    size_t len = strlen(path);
    return str_istarts(row->path, path) && row->path[len] == '.';
}

/* How a path relates to the table. */
struct place {
    const struct property *row; /* the row with this path, or NULL */
    bool above;                 /* rows lie below it */
    bool above_settable;        /* clients can set at least one of those */
};

static struct place find_place(const struct description *description, const char *path)
{
    struct place place = {0};
    for (size_t i = 0; i < description->count; i++) {
        const struct property *row = &description->rows[i];
        if (place.row == NULL && str_iequals(row->path, path)) {
            place.row = row;
        } else if (property_is_below(row, path)) {
            place.above = true;
            place.above_settable = place.above_settable || property_is_settable(row);
        }
    }
    return place;
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

struct reading {
    const struct description *description;
    void *record;
    bool *given;
};

static int read_object(const struct reading *reading, json_t *object, const char *parent, struct err *err)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        auto_buf struct buf text = BUF_MAX(PATH_MAX_BYTES);
        buf_addf(&text, "%s%s%s", parent, parent[0] == '\0' ? "" : ".", key);
        if (buf_failed(&text)) {
            continue; /* a path longer than any in a table is unknown */
        }
        const char *path = buf_text(&text);
        const struct place place = find_place(reading->description, path);
        const struct property *row = place.row;
        if (json_is_null(value)) {
            if (row != NULL && property_is_settable(row) && row->type != NULL && row->type->clear != NULL &&
                row->type->clear(row, err, reading->record) < 0) {
                return -1;
            }
        } else if (row != NULL && property_is_settable(row)) {
            if (row->type != NULL && row->type->read != NULL &&
                row->type->read(row, value, path, err, reading->record) < 0) {
                return -1;
            }
            if (reading->given != NULL) {
                reading->given[row - reading->description->rows] = true;
            }
        } else if (row == NULL && place.above_settable &&
                   (json_is_object(value) ? read_object(reading, value, path, err)
                                          : field_wrong_type(value, path, "an object", err)) < 0) {
            return -1;
        }
    }
    return 0;
}

int properties_read(const struct description *description, json_t *body, struct err *err, void *record,
                    bool given[PROPERTIES_MAX])
{
    const struct reading reading = {.description = description, .record = record, .given = given};
    return read_object(&reading, body, "", err);
}

static int check_given(json_t *body, const char *path, struct err *err)
{
    json_t *at = body;
    for (const char *end = path; *end != '\0';) {
        size_t len = strcspn(end, ".");
        auto_free char *name = memory_checked(strndup(end, len));
        at = name == NULL ? NULL : field_get(at, name);
        end += len;
        if (at == NULL) {
            err_set(err, ERR_BAD_PARAMETER, "The property '%.*s' is required.", (int)(end - path), path);
            return err_target(err, "%.*s", (int)(end - path), path);
        }
        end += *end == '.';
    }
    return 0;
}

int properties_check_required(const struct description *description, json_t *body, struct err *err)
{
    for (size_t i = 0; i < description->count; i++) {
        const struct property *row = &description->rows[i];
        if ((row->access & ACCESS_REQUIRED) != 0 && check_given(body, row->path, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- writing ---------------------------------------------------------------------------------------------
 */

int property_set_at(json_t *object, const char *path, json_t *value)
{
    const char *dot;
    while ((dot = strchr(path, '.')) != NULL) {
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
    }
    return json_object_set_new_nocheck(object, path, value);
}

json_t *properties_write(const struct description *description, unsigned version, const void *subject)
{
    json_auto_t *object = json_object();
    for (size_t i = 0; object != NULL && i < description->count; i++) {
        const struct property *row = &description->rows[i];
        json_t *(*write)(const struct property *, const void *) =
            row->write != NULL || row->type == NULL ? row->write : row->type->write;
        bool shown = (row->access & ACCESS_SHOWN) != 0 && (row->access & ACCESS_SECRET) == 0 &&
                     write != NULL && property_is_in(row, version);
        json_t *value = shown ? write(row, subject) : NULL;
        if (value != NULL && property_set_at(object, row->path, value) < 0) {
            return NULL;
        }
    }
    return TAKE(object);
}

void properties_drop_read_only(const struct description *description, json_t *resource)
{
    for (size_t i = 0; i < description->count; i++) {
        const struct property *row = &description->rows[i];
        json_t *object = resource;
        const char *path = row->path;
        const char *dot;
        while (object != NULL && (dot = strchr(path, '.')) != NULL) {
            auto_free char *key = memory_checked(strndup(path, (size_t)(dot - path)));
            object = key == NULL ? NULL : json_object_get(object, key);
            path = dot + 1;
        }
        if (!property_is_settable(row)) {
            json_object_del(object, path);
        }
    }
}

/* ---- what of a body is in no row -------------------------------------------------------------------------
 */

struct noting {
    property_find_fn *find;
    property_note_fn *note;
    void *context;
};

/* The path at which a client can set a property of this name: the newest spelling is last. */
static const char *find_home(const struct description *description, const char *key)
{
    for (size_t i = description->count; i-- > 0;) {
        const struct property *row = &description->rows[i];
        if (property_is_settable(row) && str_iequals(property_name(row), key)) {
            return row->path;
        }
    }
    return NULL;
}

/* path: the object's path in the whole body; inner: its path in this description. */
static void note_members(const struct noting *noting, const struct description *description, json_t *object,
                         const char *path, const char *inner, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        auto_buf struct buf full = BUF_MAX(PATH_MAX_BYTES);
        auto_buf struct buf local = BUF_MAX(PATH_MAX_BYTES);
        buf_addf(&full, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
        buf_addf(&local, "%s%s%s", inner, inner[0] == '\0' ? "" : ".", key);
        if (buf_failed(&full) || buf_failed(&local) || depth == DEPTH_MAX) {
            continue;
        }
        const struct place place = find_place(description, buf_text(&local));
        const struct property *row = place.row;
        const struct description *other =
            row == NULL || row->schema == NULL || noting->find == NULL ? NULL : noting->find(row->schema);
        if (row != NULL && !property_is_settable(row)) {
            continue; /* the client sent back a response */
        }
        if (place.above && json_is_object(value)) {
            note_members(noting, description, value, buf_text(&full), buf_text(&local), depth + 1);
        } else if (other != NULL && json_is_object(value)) {
            note_members(noting, other, value, buf_text(&full), "", depth + 1);
        } else if (row == NULL && !place.above) {
            noting->note(noting->context, buf_text(&full), find_home(description, key));
        }
    }
}

void properties_note_unknown(const struct description *description, property_find_fn *find, json_t *body,
                             property_note_fn *note, void *context)
{
    const struct noting noting = {.find = find, .note = note, .context = context};
    note_members(&noting, description, body, "", "", 0);
}
