/* SPDX-License-Identifier: MIT */
/* What a JSON text becomes in memory: "{}" is 2 bytes of text and 200 bytes of an empty object. */
#ifndef CORE_PARSE_JSON_MEMORY_H
#define CORE_PARSE_JSON_MEMORY_H

#include <stddef.h>

/* What jansson takes for each, without its text. */
enum {
    JSON_OBJECT_BYTES = 224,
    JSON_ARRAY_BYTES = 144,
    JSON_NAME_BYTES = 80,
    JSON_SCALAR_BYTES = 48,
};

enum { JSON_DEPTH_MAX = 2048 }; /* JSON_PARSER_MAX_DEPTH, which jansson does not show */

/* An estimate of what parsing the text takes at most, in bytes. Any text, in one pass. */
size_t json_memory_of_text(const char *text, size_t len);

#endif
