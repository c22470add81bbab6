/* SPDX-License-Identifier: MIT */
/* The OpenAPI schemas and the notes about unknown properties, generated from the descriptions of all
 * rooms. Any thread. */
#ifndef HANDLERS_DESCRIBE_SCHEMA_PRIVATE_H
#define HANDLERS_DESCRIBE_SCHEMA_PRIVATE_H

#include <jansson.h>
#include <stddef.h>

#include "handlers/arm/property.h"
#include "handlers/migrations/dialect.h"
#include "server/request.h"

/* The description of that name, or NULL. */
const struct description *schema_find(const char *name);

/* The OpenAPI schema of a type as in struct property, and of a whole description in an api-version (its
 * rank). New references, NULL when memory is out. */
json_t *schema_write_type(const char *type);
json_t *schema_write(const struct description *description, unsigned version);

/* Records in the request log the properties of the body that have no row in the description of that name
 * (NULL: none). */
void schema_note_unknown(struct request *request, const char *name);

/* An example of a body or a response of this type ("Migration", "MigrationPatch"); NULL for all others.
 * New reference. */
json_t *schema_example_request(const struct dialect *dialect, const char *type);
json_t *schema_example_answer(const struct dialect *dialect, const char *type);

#endif
