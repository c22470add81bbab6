/* SPDX-License-Identifier: MIT */
/*
 * One description per resource: a table with a row per property gives its path in the body, its type, who
 * may set it, the api-versions that show it, its default and its meaning. Reading, checking, merging and
 * rendering use that table, and so do the OpenAPI schemas and the notes about unknown properties. No
 * handler checks a version. Static data, any thread.
 *
 * Requests are read leniently, the same for all versions: names in any case, null means missing (unless
 * the type's null clears), read-only properties are ignored, so that a client can send back a response.
 * Responses strictly follow the version.
 */
#ifndef HANDLERS_ARM_PROPERTY_H
#define HANDLERS_ARM_PROPERTY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum property_access {
    ACCESS_PUT = 1 << 0,
    ACCESS_PATCH = 1 << 1,
    ACCESS_SHOWN = 1 << 2,
    ACCESS_SECRET = 1 << 3,   /* never shown, never compared */
    ACCESS_REQUIRED = 1 << 4, /* required in PUT */
    ACCESS_OWN = 1 << 8,      /* the first bit that a room may define */
};

struct property;

/* How the values of a type of property are read into a record, compared, copied, shown and described.
 * NULL: the type does not support it. A record is the struct that the room reads into; row->field is the
 * member's offset in it. */
struct property_type {
    const char *schema; /* as in struct property */
    int (*read)(const struct property *row, json_t *value, const char *path, struct err *err, void *record);
    int (*clear)(const struct property *row, struct err *err, void *record); /* null is given; NULL: absent */
    bool (*same)(const struct property *row, const void *a, const void *b);
    bool (*copy)(const struct property *row, const void *from, void *to); /* false: memory is out */
    /* New reference; NULL omits the property. subject: the struct that the room shows. */
    json_t *(*write)(const struct property *row, const void *subject);
    json_t *(*describe)(const struct property *row, unsigned version); /* OpenAPI, instead of schema */
};

/*
 * schema: string, integer, number, boolean, object (with any members), struct (an object with the members
 * of the rows below), any, date-time, uuid, uri; words separated by "|" are the known values of a string;
 * a capitalized name is another description; "[]" before any of these makes an array, "{}" an object with
 * such members. NULL: that of the type.
 *
 * Objects above a property need no row. One with a row is read and shown as a whole: the rows below it,
 * which follow immediately, only describe its members.
 */
struct property {
    const char *path; /* "properties.storage.storageSizeGB" */
    const char *schema;
    unsigned access;                  /* 0: known, but neither read nor shown */
    const char *text;                 /* its meaning, for people; or NULL */
    const struct property_type *type; /* NULL: only described */
    json_t *(*write)(const struct property *row, const void *subject); /* instead of the type's */
    size_t field;
    unsigned since, until; /* api_version_rank() of the first and last version; 0: no limit */
    const char *standard;  /* JSON that is shown until a client sets a value; or NULL */
    int64_t least, most;   /* of an integer; both 0: any */
};

enum { PROPERTIES_MAX = 128 };

struct description {
    const char *name; /* of its schema: "FlexibleServer" */
    const char *text;
    const struct property *rows; /* in the order of the responses */
    size_t count;                /* at most PROPERTIES_MAX */
    unsigned access;             /* the rows with one of these bits belong to it; 0: all */
};

/* A property that is described but not handled. */
#define PROPERTY_DOC(path_, schema_, access_, text_)                                                         \
    {                                                                                                        \
        .path = (path_), .schema = (schema_), .access = (access_), .text = (text_)                           \
    }
#define DESCRIPTION(name, rows, text) DESCRIPTION_PART(name, rows, text, 0)
#define DESCRIPTION_PART(name, rows, text, access)                                                           \
    {                                                                                                        \
        name, text, rows, ARRAY_LEN(rows), access                                                            \
    }

static inline void *property_member(const struct property *row, void *record)
{
    return (char *)record + row->field;
}

static inline const void *property_value(const struct property *row, const void *record)
{
    return (const char *)record + row->field;
}

static inline bool property_is_settable(const struct property *row)
{
    return (row->access & (ACCESS_PUT | ACCESS_PATCH)) != 0;
}

/* The last part of its path. */
const char *property_name(const struct property *row);
/* Whether this version (its rank) has it. */
bool property_is_in(const struct property *row, unsigned version);
/* Whether row describes a member of the object at this path. */
bool property_is_below(const struct property *row, const char *path);

/*
 * Reads a body into record, row by row in the order of the body. given (may be NULL) has a flag per row.
 * Stops at a wrong type or value; err then names the path.
 */
int properties_read(const struct description *description, json_t *body, struct err *err, void *record,
                    bool given[PROPERTIES_MAX]);
/* ERR_BAD_PARAMETER for the first property, or object above it, that PUT requires and the body lacks. */
int properties_check_required(const struct description *description, json_t *body, struct err *err);
/* The resource in this version; new reference, NULL when memory is out. */
json_t *properties_write(const struct description *description, unsigned version, const void *subject);
/* Sets a value at a path with dots, and creates the objects above it. Takes ownership of value. Returns 0,
 * or -1 when memory is out. */
int property_set_at(json_t *object, const char *path, json_t *value);

/* Turns a response into a body for PUT: removes the properties that no client can set. */
void properties_drop_read_only(const struct description *description, json_t *resource);

/* Calls note for each property of the body that has no row; belongs is the correct path of a property with
 * this name, or NULL. find (may be NULL) returns the descriptions that schemas name. */
typedef void property_note_fn(void *context, const char *path, const char *belongs);
typedef const struct description *property_find_fn(const char *name);
void properties_note_unknown(const struct description *description, property_find_fn *find, json_t *body,
                             property_note_fn *note, void *context);

#endif
