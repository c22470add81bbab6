/* SPDX-License-Identifier: MIT */
#include "engine/replication/tables/position.h"

#include <stdio.h>
#include <string.h>

const char *position_format(uint64_t position, char text[static POSITION_TEXT_SIZE])
{
    snprintf(text, POSITION_TEXT_SIZE, "%X/%X", (unsigned)(position >> 32),
             (unsigned)(position & 0xFFFFFFFF));
    return text;
}

/* Parses one to eight hexadecimal digits. NULL: malformed; otherwise the text after them. */
static const char *parse_half(const char *text, uint32_t *ret_half)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t half = 0;
    size_t len = strspn(text, digits);
    if (len < 1 || len > 8) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        size_t digit = (size_t)(strchr(digits, text[i]) - digits) % 16;
        half = half << 4 | (uint32_t)digit;
    }
    *ret_half = half;
    return text + len;
}

bool position_parse(const char *text, uint64_t *ret_position)
{
    uint32_t high = 0;
    uint32_t low = 0;
    const char *rest = parse_half(text, &high);
    if (rest == NULL || *rest != '/') {
        return false;
    }
    rest = parse_half(rest + 1, &low);
    if (rest == NULL || *rest != '\0') {
        return false;
    }
    *ret_position = (uint64_t)high << 32 | low;
    return true;
}
