/* SPDX-License-Identifier: MIT */
/*
 * What bodies look like: a row per property, for the OpenAPI documents and for telling what of a request was
 * not understood. Migrations are not described here: their schema is made from the dialect table. Static
 * data, any thread.
 */
#ifndef HANDLERS_DESCRIBE_SCHEMA_PRIVATE_H
#define HANDLERS_DESCRIBE_SCHEMA_PRIVATE_H

#include <jansson.h>
#include <stddef.h>

#include "handlers/migrations/dialect.h"
#include "server/request.h"

enum schema_flags {
    SCHEMA_REQUIRED = 1 << 0,
    SCHEMA_READ_ONLY = 1 << 1,
    SCHEMA_WRITE_ONLY = 1 << 2,
};

/*
 * type: string, integer, number, boolean, object (with any members), any, date-time, uuid, uri; words
 * separated by "|" are the known values of a string; a name with a capital is another schema; "[]" before any
 * of these makes an array, "{}" an object with such members.
 */
struct schema_row {
    const char *path; /* "properties.storage.storageSizeGB": objects above need no row of their own */
    const char *type;
    unsigned flags;
    const char *description;
};

struct schema {
    const char *name; /* "FlexibleServer" */
    const char *description;
    const struct schema_row *rows;
    size_t count;
};

extern const struct schema schemas[];
extern const size_t schema_count;

/* The schema of that name, or NULL. */
const struct schema *schema_find(const char *name);

/* The OpenAPI form of a type as in struct schema_row, and of a whole schema. New references, NULL when memory
 * is out. */
json_t *schema_write_type(const char *type);
json_t *schema_write(const struct schema *schema);
/* Adds a property at a path with dots to an object schema, making the objects on the way. Takes definition.
 * Returns 0, or -1 when memory is out. */
int schema_add_property(json_t *object_schema, const char *path, json_t *definition, unsigned flags);

/* Notes in the request log what of the body is in no row; the name of a schema, or NULL. */
void schema_note_unknown(struct request *request, const char *name);

/* ---- migrations: schema_migration.c ----------------------------------------------------------------------
 */

/* The resource, and what PATCH takes, in this dialect. New references, NULL when memory is out. */
json_t *schema_write_migration(const struct dialect *dialect);
json_t *schema_write_migration_patch(const struct dialect *dialect);
/* An example of a body or an answer of this type ("Migration", "MigrationPatch"); NULL for all others. */
json_t *schema_example_request(const struct dialect *dialect, const char *type);
json_t *schema_example_answer(const struct dialect *dialect, const char *type);
/* What a property means, for people; never NULL. */
const char *schema_describe(const struct property *property);

#endif
