/* SPDX-License-Identifier: MIT */
#include "engine/catalog/type_holds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"

enum { NAME_MAX_BYTES = 600, SECONDS_DIGITS = 6 };

/* "timestamp(3) with time zone[]": name "timestamp with time zone", one number, array. */
struct type_parts {
    char name[NAME_MAX_BYTES];
    char modifier[NAME_MAX_BYTES];
    int numbers[2];
    int count; /* of numbers; 0: no modifier, or another type of modifier */
    bool array;
};

static void parse(const char *text, struct type_parts *parts)
{
    *parts = (struct type_parts){0};
    size_t len = strlen(text);
    if (len > 2 && strcmp(text + len - 2, "[]") == 0) {
        parts->array = true;
        len -= 2;
    }
    const char *open = memchr(text, '(', len);
    const char *close = open == NULL ? NULL : memchr(open, ')', len - (size_t)(open - text));
    if (text[0] == '"' || close == NULL) {
        snprintf(parts->name, sizeof(parts->name), "%.*s", (int)len, text);
        return;
    }
    snprintf(parts->name, sizeof(parts->name), "%.*s%.*s", (int)(open - text), text,
             (int)(len - (size_t)(close + 1 - text)), close + 1);
    snprintf(parts->modifier, sizeof(parts->modifier), "%.*s", (int)(close - open - 1), open + 1);
    char *rest = parts->modifier;
    while (parts->count < (int)ARRAY_LEN(parts->numbers)) {
        char *end = NULL;
        long value = strtol(rest, &end, 10);
        if (end == rest) {
            break;
        }
        parts->numbers[parts->count++] = (int)value;
        if (*end != ',') {
            break;
        }
        rest = end + 1;
    }
}

static bool is(const struct type_parts *type, const char *name)
{
    return strcmp(type->name, name) == 0;
}

/* The number of decimal digits that an integer type needs; 0: not an integer type. */
static int integer_digits(const struct type_parts *type)
{
    return is(type, "smallint") ? 5 : is(type, "integer") ? 10 : is(type, "bigint") ? 19 : 0;
}

static bool holds_integer(const struct type_parts *target, int digits)
{
    if (is(target, "numeric")) {
        return target->count == 0 || target->numbers[0] - target->numbers[1] >= digits;
    }
    return integer_digits(target) >= digits;
}

static bool holds_numeric(const struct type_parts *target, const struct type_parts *source)
{
    if (!is(target, "numeric") || target->count == 0) {
        return is(target, "numeric");
    }
    return source->count > 0 && target->numbers[1] >= source->numbers[1] &&
           target->numbers[0] - target->numbers[1] >= source->numbers[0] - source->numbers[1];
}

static bool is_text(const struct type_parts *type)
{
    return is(type, "text") || is(type, "character varying");
}

/* Whether the target's length is unlimited or at least the source's. */
static bool is_as_long(const struct type_parts *target, const struct type_parts *source)
{
    return target->count == 0 || (source->count > 0 && target->numbers[0] >= source->numbers[0]);
}

static bool is_as_precise(const struct type_parts *target, const struct type_parts *source)
{
    int wanted = source->count > 0 ? source->numbers[0] : SECONDS_DIGITS;
    return target->count == 0 || target->numbers[0] >= wanted;
}

/* The name includes the words after the modifier. */
static bool is_time(const struct type_parts *type)
{
    return strncmp(type->name, "time", strlen("time")) == 0 || is(type, "interval");
}

static bool holds_same_name(const struct type_parts *target, const struct type_parts *source)
{
    if (is_time(target)) {
        return is_as_precise(target, source);
    }
    if (is(target, "bit varying")) {
        return is_as_long(target, source);
    }
    return target->modifier[0] == '\0' && !is(target, "bit") && !is(target, "character");
}

static bool holds(const struct type_parts *target, const struct type_parts *source)
{
    int digits = integer_digits(source);
    if (digits > 0) {
        return holds_integer(target, digits);
    }
    if (is(source, "numeric")) {
        return holds_numeric(target, source);
    }
    if (is_text(source)) {
        return is_text(target) && is_as_long(target, source);
    }
    if (is(source, "character") && (is(target, "character") || is_text(target))) {
        return is_text(target) ? is_as_long(target, source)
                               : source->count > 0 && target->count > 0 && is_as_long(target, source);
    }
    if (is(source, "real") && is(target, "double precision")) {
        return true;
    }
    if (is(source, "bit") && is(target, "bit varying")) {
        return is_as_long(target, source);
    }
    bool any_fields = is(target, "interval") && strncmp(source->name, "interval ", 9) == 0;
    return (is(target, source->name) || any_fields) && (any_fields || holds_same_name(target, source));
}

bool type_holds(const char *target, const char *source)
{
    struct type_parts there;
    struct type_parts here;
    if (strcmp(target, source) == 0) {
        return true;
    }
    parse(target, &there);
    parse(source, &here);
    return there.array == here.array && holds(&there, &here);
}
