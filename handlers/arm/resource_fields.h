/* SPDX-License-Identifier: MIT */
/* Members that most resources share. Results belong to the JSON value that was read, unless they are new
 * memory. */
#ifndef HANDLERS_ARM_RESOURCE_FIELDS_H
#define HANDLERS_ARM_RESOURCE_FIELDS_H

#include <jansson.h>

#include "core/err.h"

/* The "tags" of a body as JSON text (new memory), or NULL if it has none. Values must be strings. */
int field_tags(json_t *body, struct err *err, char **ret_tags);
/* The "location" of a body as the client wrote it, after a format check; NULL if missing. */
int field_location(json_t *body, struct err *err, const char **ret_location);
/* The same for the values themselves. */
int tags_read(json_t *tags, struct err *err, char **ret_tags);
int location_read(const json_t *value, struct err *err, const char **ret_location);

#endif
