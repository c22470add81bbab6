/* SPDX-License-Identifier: MIT */
/* Small string helpers that the C library lacks. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"

/* Formats into new memory, which the caller frees; NULL when memory is out. */
char *str_format(const char *format, ...) printf_like(1, 2);
/* strdup() that returns NULL for NULL. The caller frees. */
char *str_dup(const char *text);
/* Frees *field and sets it to a copy of text (NULL allowed). False when memory is out. */
bool str_replace(char **field, const char *text);

/* ASCII comparison without case; a NULL equals only NULL. */
bool str_iequals(const char *a, const char *b);
bool str_equals(const char *a, const char *b);
bool str_istarts(const char *text, const char *prefix);

/* Parses the whole text as a decimal integer within [min, max]. False for anything else. */
bool str_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* 8-4-4-4-12 hexadecimal digits. */
bool str_is_uuid(const char *text);
/* Valid UTF-8 without NUL (surrogates and overlong forms are invalid). */
bool str_is_utf8(const char *text, size_t len);
/* The number of characters of valid UTF-8, and the start of the character at this index (the end of text
 * if it is shorter). */
size_t str_utf8_length(const char *text);
const char *str_utf8_at(const char *text, size_t index);
/* Makes text displayable that may not be UTF-8 (names of an SQL_ASCII database, a server's messages): if
 * it is not, its bytes from 0x80 on become '?'. Returns text. */
char *str_make_utf8(char *text);
/* The same for text that is UTF-8 except for a few bytes, for example after %.100s cut a character: each
 * run of bytes that belongs to no character becomes one '?'. Returns text. */
char *str_repair_utf8(char *text);

/*
 * Percent-decodes len bytes of one URI segment. Returns new memory, or NULL if an escape is malformed or
 * decodes to NUL, the result is not UTF-8, or memory is out.
 */
char *str_percent_decode(const char *segment, size_t len);

#endif
