/* SPDX-License-Identifier: MIT */
/*
 * Reads members of request bodies: compares names without case, treats null as missing, and reports a
 * wrong type with the property's path. Results belong to the JSON value that was read.
 */
#ifndef CORE_PARSE_JSON_FIELDS_H
#define CORE_PARSE_JSON_FIELDS_H

#include <jansson.h>

#include "core/err.h"

/* The member, or NULL if it is missing or null. */
json_t *field_get(json_t *object, const char *name);
/* parent is the path before the name, for messages: "properties", or "" at the top. Missing: 0 and NULL. */
int field_string(json_t *object, const char *parent, const char *name, struct err *err,
                 const char **ret_text);
int field_object(json_t *object, const char *parent, const char *name, struct err *err, json_t **ret_object);

/* ERR_BAD_CONTENT for a value of the wrong type: "The property 'x.y' must be a string, not a number.".
 * Returns -1. */
int field_wrong_type(const json_t *value, const char *path, const char *expected, struct err *err);

/* Parses JSON text of the store (NULL allowed); NULL for missing or invalid text. New reference. */
json_t *json_from_text(const char *text);
/* A string, NULL for NULL and when memory is out. Bytes that are not UTF-8 (a name of an SQL_ASCII database
 * in a message) become '?': jansson refuses them, and what they belong to would be missing in an answer. */
json_t *json_text(const char *value);
/* Sets a member unless value is NULL. Returns 0, or -1 when memory is out. */
int json_set_text(json_t *object, const char *name, const char *value);

#endif
