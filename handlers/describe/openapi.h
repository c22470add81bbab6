/* SPDX-License-Identifier: MIT */
/*
 * The OpenAPI documents: one per api-version of migrations, made at run time from the tables that serve: the
 * route table, the api-versions and the descriptions of all rooms. What each operation takes
 * and answers is told in api_operations.
 */
#ifndef HANDLERS_DESCRIBE_OPENAPI_H
#define HANDLERS_DESCRIBE_OPENAPI_H

#include <jansson.h>

#include "handlers/migrations/dialect.h"
#include "server/route.h"

enum api_answers {
    API_OK = 1 << 0,
    API_CREATED = 1 << 1,
    API_ACCEPTED = 1 << 2,       /* a long-running operation */
    API_NONE = 1 << 3,           /* 204 */
    API_OK_EMPTY = 1 << 4,       /* 200 without body */
    API_ACCEPTED_EMPTY = 1 << 5, /* Resource Manager's own long-running operations: Location only */
};

struct api_operation {
    const char *operation_id;
    const char *summary;
    const char *body;   /* schema, or NULL */
    const char *answer; /* type as in struct schema_row ("[]X": a list {"value", "nextLink"}), a media type
                           ("text/plain"), or NULL */
    unsigned answers;   /* enum api_answers */
    const char *query;  /* "name:type name:type", or NULL */
};

/* NULL when the operation has no row of its own. */
const struct api_operation *api_operation_find(const char *operation_id);

/* Notes for the request log which properties of the body the schema of the request's operation does not know.
 */
void api_note_unknown(struct request *request);
/* That, or for Azure's routes a general one; NULL for others. */
const struct api_operation *api_operation_of(const struct route *route);

/* The document of an api-version of migrations; base is where this Malachite is reached, without slash at its
 * end. New reference, NULL when memory is out. Any thread. */
json_t *openapi_document(const char *version, const char *base);

/* Whether a route is told in the documents: those that lack an implementation and those for people are not.
 */
bool openapi_has(const struct route *route);

/* GET /_malachite/openapi, GET /_malachite/openapi/{file} */
void openapi_index(struct request *request);
void openapi_get(struct request *request);

#endif
