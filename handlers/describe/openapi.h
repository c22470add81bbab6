/* SPDX-License-Identifier: MIT */
/*
 * The OpenAPI documents: one per api-version of migrations, generated at run time from the tables that
 * also serve requests: the route table, the api-versions and the descriptions of all rooms.
 */
#ifndef HANDLERS_DESCRIBE_OPENAPI_H
#define HANDLERS_DESCRIBE_OPENAPI_H

#include <jansson.h>

#include "handlers/arm/property.h"
#include "server/route.h"

/* Records in the request log the properties of the body that its route's description does not contain. */
void api_note_unknown(struct request *request);

/* The description of resources of this type: the response of GET. NULL: no route has it. */
const struct description *api_description_of(const char *resource_type);

/* The document of an api-version of migrations; base is this Malachite's URL without a trailing slash. New
 * reference, NULL when memory is out. Any thread. */
json_t *openapi_document(const char *version, const char *base);

/* GET /_malachite/openapi, GET /_malachite/openapi/{file} */
void openapi_index(struct request *request);
void openapi_get(struct request *request);

#endif
