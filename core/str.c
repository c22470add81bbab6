/* SPDX-License-Identifier: MIT */
#include "core/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/wipe.h"

char *str_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return memory_checked(len < 0 ? NULL : text);
}

char *str_dup(const char *text)
{
    return text == NULL ? NULL : memory_checked(strdup(text));
}

bool str_replace(char **field, const char *text)
{
    char *copy = str_dup(text);
    if (text != NULL && copy == NULL) {
        return false;
    }
    wipe_free(*field); /* or a password */
    *field = copy;
    return true;
}

bool str_iequals(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcasecmp(a, b) == 0;
}

bool str_equals(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0;
}

bool str_istarts(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

bool str_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    if (text == NULL || (!isdigit((unsigned char)text[0]) && text[0] != '-')) {
        return false;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        return false;
    }
    *ret_value = value;
    return true;
}

bool str_is_uuid(const char *text)
{
    if (text == NULL || strlen(text) != 36) {
        return false;
    }
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

/* Length of the well-formed UTF-8 character at text, or 0 (table 3-7 of the Unicode standard). */
static size_t utf8_character(const unsigned char *text, size_t len)
{
    unsigned char first = text[0];
    if (first < 0x80) {
        return first == 0 ? 0 : 1;
    }
    size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || count > len) {
        return 0;
    }
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < count; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return count;
}

bool str_is_utf8(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t count = utf8_character((const unsigned char *)text + at, len - at);
        if (count == 0) {
            return false;
        }
        at += count;
    }
    return true;
}

char *str_make_utf8(char *text)
{
    bool valid = str_is_utf8(text, strlen(text));
    for (char *at = text; !valid && *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80) {
            *at = '?';
        }
    }
    return text;
}

char *str_repair_utf8(char *text)
{
    size_t len = strlen(text);
    size_t used = 0;
    bool broken = false; /* the previous byte belongs to no character */
    for (size_t at = 0; at < len;) {
        size_t count = utf8_character((const unsigned char *)text + at, len - at);
        if (count > 0) {
            memmove(text + used, text + at, count);
            used += count;
        } else if (!broken) {
            text[used++] = '?';
        }
        broken = count == 0;
        at += count > 0 ? count : 1;
    }
    text[used] = '\0';
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)tolower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char *str_percent_decode(const char *segment, size_t len)
{
    auto_free char *text = memory_checked(malloc(len + 1));
    if (text == NULL) {
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char c = segment[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_digit(segment[i + 1]) : -1;
            int low = len - i > 2 ? hex_digit(segment[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        text[used++] = c;
    }
    text[used] = '\0';
    return str_is_utf8(text, used) ? TAKE(text) : NULL;
}

/* Bytes of the form 10xxxxxx continue a character. */
static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

size_t str_utf8_length(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        length += begins_character(*text);
    }
    return length;
}

const char *str_utf8_at(const char *text, size_t index)
{
    size_t seen = 0;
    for (; *text != '\0'; text++) {
        if (begins_character(*text) && seen++ == index) {
            return text;
        }
    }
    return text;
}
