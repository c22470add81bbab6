/* SPDX-License-Identifier: MIT */
/* Strings in template expressions. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/parse/id.h"
#include "core/parse/json_memory.h"
#include "core/str.h"
#include "handlers/deployments/template/template_functions_private.h"

enum { PAD_MAX = 10000, WIDTH_MAX = 100 };

static json_t *take_text(struct buf *text)
{
    return buf_failed(text) ? NULL : json_string(buf_text(text));
}

static json_t *concat(const struct template_function_call *call)
{
    if (call->count > 0 && json_is_array(call->arguments[0])) {
        json_t *array = json_array();
        for (size_t i = 0; i < call->count; i++) {
            if (json_array_extend(array, call->arguments[i]) < 0) {
                json_decref(array);
                return template_wrong_types(call);
            }
        }
        return array;
    }
    auto_buf struct buf text = BUF_MAX(TEMPLATE_TEXT_MAX);
    for (size_t i = 0; i < call->count; i++) {
        auto_free char *part = template_text(call->arguments[i]);
        if (part == NULL) {
            return template_wrong_types(call);
        }
        buf_adds(&text, part);
    }
    return take_text(&text);
}

/* Up to three digits; false if there are none, or more. */
static bool read_number(const char **at, size_t *ret_number)
{
    size_t digits = strspn(*at, "0123456789");
    *ret_number = strtoul(*at, NULL, 10);
    *at += digits;
    return digits >= 1 && digits <= 3;
}

/* Handles the text after an opening brace, "0}" or "0:D3}". Returns the rest, or NULL if it is malformed. */
static const char *add_placeholder(const struct template_function_call *call, const char *at,
                                   struct buf *text)
{
    size_t index = 0;
    size_t width = 0;
    bool read = read_number(&at, &index);
    if (read && at[0] == ':' && toupper((unsigned char)at[1]) == 'D') {
        at += 2;
        read = read_number(&at, &width) && width <= WIDTH_MAX;
    }
    auto_free char *part = read && index + 1 < call->count ? template_text(call->arguments[index + 1]) : NULL;
    if (part == NULL || *at != '}') {
        return NULL;
    }
    for (size_t len = strlen(part); len < width; len++) {
        buf_addc(text, '0');
    }
    buf_adds(text, part);
    return at + 1;
}

/* "{0}" and "{0:D3}"; "{{" is an escaped brace. */
static json_t *format(const struct template_function_call *call)
{
    auto_buf struct buf text = BUF_MAX(TEMPLATE_TEXT_MAX);
    const char *at = template_argument(call, 0);
    if (at == NULL) {
        return template_wrong_types(call);
    }
    while (*at != '\0') {
        if ((at[0] == '{' || at[0] == '}') && at[1] == at[0]) {
            buf_addc(&text, at[0]);
            at += 2;
            continue;
        }
        if (*at != '{') {
            buf_addc(&text, *at++);
            continue;
        }
        at = add_placeholder(call, at + 1, &text);
        if (at == NULL) {
            return template_wrong_types(call);
        }
    }
    return take_text(&text);
}

static json_t *change_case(const struct template_function_call *call)
{
    bool upper = str_iequals(call->name, "toUpper");
    auto_free char *text = str_dup(template_argument(call, 0));
    if (text == NULL) {
        return template_wrong_types(call);
    }
    for (char *at = text; *at != '\0'; at++) {
        *at = (char)(upper ? toupper((unsigned char)*at) : tolower((unsigned char)*at));
    }
    return json_string(text);
}

static json_t *trim(const struct template_function_call *call)
{
    const char *text = template_argument(call, 0);
    if (text == NULL) {
        return template_wrong_types(call);
    }
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    return json_stringn(text, len);
}

static json_t *replace(const struct template_function_call *call)
{
    const char *at = template_argument(call, 0);
    const char *old = template_argument(call, 1);
    const char *fresh = template_argument(call, 2);
    auto_buf struct buf text = BUF_MAX(TEMPLATE_TEXT_MAX);
    if (at == NULL || old == NULL || fresh == NULL || old[0] == '\0') {
        return template_wrong_types(call);
    }
    for (const char *hit; (hit = strstr(at, old)) != NULL; at = hit + strlen(old)) {
        buf_add(&text, at, (size_t)(hit - at));
        buf_adds(&text, fresh);
    }
    buf_adds(&text, at);
    return take_text(&text);
}

static json_t *split(const struct template_function_call *call)
{
    const char *at = template_argument(call, 0);
    const json_t *borders = call->arguments[1];
    const char *single = json_string_value(borders);
    if (at == NULL || (single == NULL && !json_is_array(borders))) {
        return template_wrong_types(call);
    }
    json_t *array = json_array();
    const char *start = at;
    while (*at != '\0') {
        size_t len = 0;
        for (size_t i = 0; len == 0 && i < (single != NULL ? 1 : json_array_size(borders)); i++) {
            const char *border = single != NULL ? single : json_string_value(json_array_get(borders, i));
            len = border != NULL && border[0] != '\0' && str_istarts(at, border) ? strlen(border) : 0;
        }
        if (len > 0) {
            if (!template_spend(call->evaluation, 1, JSON_SCALAR_BYTES)) {
                json_decref(array);
                return NULL;
            }
            json_array_append_new(array, json_stringn(start, (size_t)(at - start)));
            start = at + len;
        }
        at += len > 0 ? len : 1;
    }
    json_array_append_new(array, json_string(start));
    return array;
}

static json_t *join(const struct template_function_call *call)
{
    auto_buf struct buf text = BUF_MAX(TEMPLATE_TEXT_MAX);
    const char *border = template_argument(call, 1);
    if (!json_is_array(call->arguments[0]) || border == NULL) {
        return template_wrong_types(call);
    }
    for (size_t i = 0; i < json_array_size(call->arguments[0]); i++) {
        auto_free char *part = template_text(json_array_get(call->arguments[0], i));
        buf_adds(&text, i == 0 ? "" : border);
        buf_adds(&text, part == NULL ? "" : part);
    }
    return take_text(&text);
}

static json_t *substring(const struct template_function_call *call)
{
    const char *text = template_argument(call, 0);
    json_int_t len = text == NULL ? 0 : (json_int_t)str_utf8_length(text);
    json_int_t start = json_integer_value(call->arguments[1]);
    json_int_t wanted = call->count > 2 ? json_integer_value(call->arguments[2]) : len - start;
    if (text == NULL || start < 0 || wanted < 0 || start > len || wanted > len - start) {
        return template_wrong_types(call);
    }
    const char *from = str_utf8_at(text, (size_t)start);
    return json_stringn(from, (size_t)(str_utf8_at(from, (size_t)wanted) - from));
}

static json_t *pad_left(const struct template_function_call *call)
{
    auto_free char *given = template_text(call->arguments[0]);
    const char *pad = call->count > 2 ? template_argument(call, 2) : " ";
    json_int_t width = json_integer_value(call->arguments[1]);
    auto_buf struct buf text = BUF_MAX(TEMPLATE_TEXT_MAX);
    if (given == NULL || pad == NULL || str_utf8_length(pad) != 1 || width > PAD_MAX) {
        return template_wrong_types(call);
    }
    for (json_int_t len = (json_int_t)str_utf8_length(given); len < width; len++) {
        buf_adds(&text, pad);
    }
    buf_adds(&text, given);
    return take_text(&text);
}

static json_t *starts_or_ends(const struct template_function_call *call)
{
    const char *text = template_argument(call, 0);
    const char *part = template_argument(call, 1);
    if (text == NULL || part == NULL) {
        return template_wrong_types(call);
    }
    size_t len = strlen(text);
    size_t part_len = strlen(part);
    bool ends = str_iequals(call->name, "endsWith");
    return json_boolean(part_len <= len &&
                        (ends ? str_iequals(text + len - part_len, part) : str_istarts(text, part)));
}

static json_t *index_of(const struct template_function_call *call)
{
    const char *text = template_argument(call, 0);
    const char *part = template_argument(call, 1);
    const char *hit = text == NULL || part == NULL ? NULL : strcasestr(text, part);
    if (text == NULL || part == NULL) {
        return template_wrong_types(call);
    }
    json_int_t whole = (json_int_t)str_utf8_length(text);
    return json_integer(hit == NULL ? -1 : whole - (json_int_t)str_utf8_length(hit));
}

/* ---- names that are the same in every deployment ---------------------------------------------------------
 */

static uint64_t hash(const struct template_function_call *call, uint64_t start)
{
    uint64_t value = start;
    for (size_t i = 0; i < call->count; i++) {
        auto_free char *text = template_text(call->arguments[i]);
        for (const char *at = text == NULL ? "" : text; *at != '\0'; at++) {
            value = (value ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
        }
        value = (value ^ 0x1f) * UINT64_C(0x100000001b3);
    }
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    return value ^ value >> 33;
}

/* 13 letters and digits; the real service's own hash is not public. */
static json_t *unique_string(const struct template_function_call *call)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t value = hash(call, UINT64_C(0xcbf29ce484222325));
    char text[14];
    for (size_t i = 0; i < 13; i++) {
        text[i] = digits[value % 32];
        value = value >> 5 | value << 59;
    }
    text[13] = '\0';
    return json_string(text);
}

static json_t *guid(const struct template_function_call *call)
{
    uint64_t high = hash(call, UINT64_C(0xcbf29ce484222325));
    uint64_t low = hash(call, UINT64_C(0x9ae16a3b2f90404f));
    auto_free char *text =
        str_format("%08x-%04x-5%03x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                   (unsigned)(high & 0xfff), (unsigned)(low >> 48 & 0x3fff) | 0x8000,
                   (unsigned long long)(low & UINT64_C(0xffffffffffff)));
    return json_string(text);
}

static json_t *new_guid(const struct template_function_call *call)
{
    char text[ID_TEXT_SIZE];
    (void)call;
    return json_string(id_new(text));
}

/* clang-format off */
const struct template_function template_string_functions[] = {
    {"concat", 0, TEMPLATE_ARGUMENTS_MAX, concat}, {"format", 1, TEMPLATE_ARGUMENTS_MAX, format},
    {"toLower", 1, 1, change_case}, {"toUpper", 1, 1, change_case}, {"trim", 1, 1, trim}, {"replace", 3, 3, replace},
    {"split", 2, 2, split}, {"join", 2, 2, join}, {"substring", 2, 3, substring}, {"padLeft", 2, 3, pad_left},
    {"startsWith", 2, 2, starts_or_ends}, {"endsWith", 2, 2, starts_or_ends}, {"indexOf", 2, 2, index_of},
    {"uniqueString", 1, TEMPLATE_ARGUMENTS_MAX, unique_string}, {"guid", 1, TEMPLATE_ARGUMENTS_MAX, guid},
    {"newGuid", 0, 0, new_guid}, {NULL, 0, 0, NULL},
};
/* clang-format on */
