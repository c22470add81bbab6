/* SPDX-License-Identifier: MIT */
#include "core/parse/json_memory.h"

#include <stdbool.h>

/* Names and strings need no distinction: both count as a name. */
size_t json_memory_of_text(const char *text, size_t len)
{
    size_t bytes = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            bytes++;
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            bytes += JSON_NAME_BYTES;
            in_string = true;
        } else if (c == '{') {
            bytes += JSON_OBJECT_BYTES;
        } else if (c == '[') {
            bytes += JSON_ARRAY_BYTES;
        } else if (c == ',') {
            bytes += JSON_SCALAR_BYTES;
        }
    }
    return bytes;
}
