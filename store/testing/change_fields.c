/* SPDX-License-Identifier: MIT */
#include "store/testing/change_fields.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = 31, RECORD = 30 };

char *change_fields_json(const char *text)
{
    json_t *object = json_object();
    const char *end = NULL;
    for (const char *at = text; (end = strchr(at, RECORD)) != NULL; at = end + 1) {
        const char *unit = memchr(at, UNIT, (size_t)(end - at));
        if (unit == NULL) {
            continue;
        }
        json_t *value = *at == 'i' ? json_integer((json_int_t)strtoll(unit + 1, NULL, 10))
                                   : json_stringn(unit + 1, (size_t)(end - unit - 1));
        char *name = strndup(at + 1, (size_t)(unit - at - 1));
        if (name == NULL || json_object_set_new(object, name, value) < 0) {
            free(name);
            json_decref(object);
            return NULL;
        }
        free(name);
    }
    char *json = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return json;
}
