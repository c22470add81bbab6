/* SPDX-License-Identifier: MIT */
#include "core/err.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/str.h"

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

/* A cut in the middle of a UTF-8 character would make the JSON response invalid: remove the rest of the
 * character. */
static void trim_partial_character(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 < size) {
        return;
    }
    size_t tail = 0; /* continuation bytes at the end */
    while (tail < len && tail < 3 && ((unsigned char)text[len - 1 - tail] & 0xC0) == 0x80) {
        tail++;
    }
    unsigned char first = tail < len ? (unsigned char)text[len - 1 - tail] : 0;
    size_t wanted = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    if (first >= 0xC0 && tail < wanted) {
        text[len - 1 - tail] = '\0';
    }
}

printf_like(3, 0) static void format_into(char *field, size_t size, const char *format, va_list args)
{
    vsnprintf(field, size, format, args);
    trim_partial_character(field, size);
    str_repair_utf8(field);
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
    /* The arguments may point into err itself: err_set(err, code, "...: %s", err->message). */
    struct err set = {.code = code, .lasting = true};
    va_list args;
    va_start(args, format);
    format_into(set.message, sizeof(set.message), format, args);
    va_end(args);
    *err = set;
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
    char text[sizeof(err->message)];
    va_list args;
    va_start(args, format);
    format_into(text, sizeof(text), format, args);
    va_end(args);
    size_t len = strlen(text);
    snprintf(text + len, sizeof(text) - len, "%s", err->message);
    trim_partial_character(text, sizeof(text));
    memcpy(err->message, text, sizeof(text));
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
    str_repair_utf8(err->message);
    return -1;
}

const char *err_cause(const struct err *err, char cause[static ERR_CAUSE_SIZE])
{
    const char *word = err->sqlstate[0] != '\0' ? err->sqlstate : err_wire_code(err->code);
    int code = err->service_code != 0 ? err->service_code : err->named_code;
    if (code != 0) {
        snprintf(cause, ERR_CAUSE_SIZE, "%d", code);
    } else {
        snprintf(cause, ERR_CAUSE_SIZE, "%s", word);
    }
    return cause;
}

int err_no_memory(struct err *err)
{
    (void)memory_checked(NULL);
    return err_set(err, ERR_INTERNAL, "Malachite is out of memory.");
}
