/* SPDX-License-Identifier: MIT */
#include "core/parse/json_memory.h"

#include <stdbool.h>

/* Names and strings need no distinction: both count as a name. */
size_t json_memory_of_text(const char *text, size_t len)
{
    size_t bytes = 0;
    size_t depth = 0;
    bool in_string = false;
    /* jansson parses no further than its greatest depth. */
    for (size_t i = 0; i < len && depth <= JSON_DEPTH_MAX; i++) {
        char c = text[i];
        if (in_string) {
            bytes++;
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            bytes += JSON_NAME_BYTES;
            in_string = true;
        } else if (c == '{' || c == '[') {
            bytes += c == '{' ? JSON_OBJECT_BYTES : JSON_ARRAY_BYTES;
            depth++;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
        } else if (c == ',') {
            bytes += JSON_SCALAR_BYTES;
        }
    }
    return bytes;
}
