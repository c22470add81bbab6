/* SPDX-License-Identifier: MIT */
#include "core/err.h"

#include <stdio.h>
#include <string.h>

struct err_row {
    const char *wire_code;
    int http_status;
};

/* clang-format off */
static const struct err_row err_rows[ERR_COUNT] = {
#define ERR_ROW(id, code, status) [id] = {code, status},
    ERR_LIST(ERR_ROW)
#undef ERR_ROW
};
/* clang-format on */

const char *err_wire_code(enum err_code code)
{
    return err_rows[code].wire_code;
}

int err_http_status(enum err_code code)
{
    return err_rows[code].http_status;
}

/* A cut in the middle of a UTF-8 character would make the JSON answer invalid: step back to its first byte.
 */
static void trim_partial_character(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 < size) {
        return;
    }
    while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80) {
        len--;
    }
    if (len > 0 && ((unsigned char)text[len - 1] & 0x80) != 0) {
        len--;
    }
    text[len] = '\0';
}

printf_like(3, 0) static void format_into(char *field, size_t size, const char *format, va_list args)
{
    vsnprintf(field, size, format, args);
    trim_partial_character(field, size);
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
    *err = (struct err){.code = code, .lasting = true};
    va_list args;
    va_start(args, format);
    format_into(err->message, sizeof(err->message), format, args);
    va_end(args);
    return -1;
}

int err_target(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(err->target, sizeof(err->target), format, args);
    va_end(args);
    return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
    char old[sizeof(err->message)];
    memcpy(old, err->message, sizeof(old));
    va_list args;
    va_start(args, format);
    format_into(err->message, sizeof(err->message), format, args);
    va_end(args);
    size_t len = strlen(err->message);
    snprintf(err->message + len, sizeof(err->message) - len, "%s", old);
    trim_partial_character(err->message, sizeof(err->message));
    return -1;
}

int err_append(struct err *err, const char *format, ...)
{
    size_t len = strlen(err->message);
    va_list args;
    va_start(args, format);
    vsnprintf(err->message + len, sizeof(err->message) - len, format, args);
    va_end(args);
    trim_partial_character(err->message, sizeof(err->message));
    return -1;
}

int err_no_memory(struct err *err)
{
    return err_set(err, ERR_INTERNAL, "Malachite is out of memory.");
}
