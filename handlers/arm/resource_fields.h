/* SPDX-License-Identifier: MIT */
/* The members that most resources have in common. What is returned belongs to the JSON value that was read,
 * unless it is new memory. */
#ifndef HANDLERS_ARM_RESOURCE_FIELDS_H
#define HANDLERS_ARM_RESOURCE_FIELDS_H

#include <jansson.h>

#include "core/err.h"

/* The "tags" of a body as JSON text (new memory), or NULL when there are none. Values must be strings. */
int field_tags(json_t *body, struct err *err, char **ret_tags);
/* The "location" of a body as the client wrote it, checked for shape; NULL when absent. */
int field_location(json_t *body, struct err *err, const char **ret_location);
/* The same of the values themselves. */
int tags_read(json_t *tags, struct err *err, char **ret_tags);
int location_read(const json_t *value, struct err *err, const char **ret_location);

#endif
