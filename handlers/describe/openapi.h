/* SPDX-License-Identifier: MIT */
/*
 * The OpenAPI documents: one per api-version of migrations, made at run time from the tables that serve: the
 * route table, the api-versions and the descriptions of all rooms.
 */
#ifndef HANDLERS_DESCRIBE_OPENAPI_H
#define HANDLERS_DESCRIBE_OPENAPI_H

#include <jansson.h>

#include "handlers/arm/property.h"
#include "server/route.h"

/* Notes for the request log which properties of the body its route's description does not know. */
void api_note_unknown(struct request *request);

/* How resources of this type look: what GET answers. NULL: no route says so. */
const struct description *api_description_of(const char *resource_type);

/* The document of an api-version of migrations; base is where this Malachite is reached, without slash at its
 * end. New reference, NULL when memory is out. Any thread. */
json_t *openapi_document(const char *version, const char *base);

/* GET /_malachite/openapi, GET /_malachite/openapi/{file} */
void openapi_index(struct request *request);
void openapi_get(struct request *request);

#endif
