/* SPDX-License-Identifier: MIT */
/*
 * Evaluates expressions while parsing them. A part that must not be evaluated (the other branch of if())
 * is parsed with skip set: then no function is called and every value is null.
 */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "core/buf.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/deployments/template/template.h"

enum { TEXT_MAX_BYTES = 256 * 1024 };

struct reader {
    struct evaluation *evaluation;
    const char *at;
    bool skip;
};

json_t *template_fail(struct evaluation *evaluation, const char *format, ...)
{
    auto_buf struct buf text = BUF_MAX(1200);
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    err_set(evaluation->err, ERR_INVALID_TEMPLATE, "Deployment template validation failed: '%s'.",
            evaluation->tainted ? "an expression that uses a secure parameter cannot be evaluated"
                                : buf_text(&text));
    return NULL;
}

static json_t *read_expression(struct reader *reader);

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (*reader->at != c) {
        return false;
    }
    reader->at++;
    return true;
}

static json_t *refuse(struct reader *reader, const char *what)
{
    return template_fail(reader->evaluation, "an expression is not understood at '%.60s': %s", reader->at,
                         what);
}

/* 'it''s' */
static json_t *read_string(struct reader *reader)
{
    auto_buf struct buf text = BUF_MAX(TEXT_MAX_BYTES);
    reader->at++;
    while (*reader->at != '\0') {
        if (*reader->at == '\'' && reader->at[1] != '\'') {
            reader->at++;
            return buf_failed(&text) ? refuse(reader, "a string is too long") : json_string(buf_text(&text));
        }
        reader->at += *reader->at == '\'';
        buf_addc(&text, *reader->at++);
    }
    return refuse(reader, "a string is not terminated");
}

static json_t *read_integer(struct reader *reader)
{
    size_t len = strspn(reader->at, "-0123456789");
    auto_free char *text = memory_checked(strndup(reader->at, len));
    int64_t value;
    if (!str_to_int(text, INT64_MIN, INT64_MAX, &value)) {
        return refuse(reader, "this is not a number");
    }
    reader->at += len;
    return json_integer((json_int_t)value);
}

struct arguments {
    json_t *values[TEMPLATE_ARGUMENTS_MAX];
    size_t count;
};

static void arguments_done(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++) {
        json_decref(arguments->values[i]);
    }
}

/* if() evaluates only the chosen branch. */
static bool read_arguments(struct reader *reader, bool is_if, struct arguments *arguments)
{
    bool skip = reader->skip;
    while (!take(reader, ')')) {
        if (arguments->count == TEMPLATE_ARGUMENTS_MAX || (arguments->count > 0 && !take(reader, ','))) {
            refuse(reader, "a comma or a closing parenthesis is missing");
            return false;
        }
        bool chosen = arguments->count == 0 || json_is_true(arguments->values[0]) == (arguments->count == 1);
        reader->skip = skip || (is_if && !chosen);
        json_t *value = read_expression(reader);
        reader->skip = skip;
        if (value == NULL) {
            return false;
        }
        arguments->values[arguments->count++] = value;
    }
    return true;
}

static json_t *read_call(struct reader *reader)
{
    size_t len = 0;
    while (isalnum((unsigned char)reader->at[len]) || reader->at[len] == '_' || reader->at[len] == '.') {
        len++;
    }
    auto_free char *name = memory_checked(strndup(reader->at, len));
    if (len == 0 || name == NULL) {
        return refuse(reader, "a function or a value is expected");
    }
    reader->at += len;
    if (!take(reader, '(')) {
        return refuse(reader, "a function needs parentheses");
    }
    const char *plain = str_istarts(name, "sys.") ? name + 4 : name;
    __attribute__((cleanup(arguments_done))) struct arguments arguments = {.count = 0};
    if (!read_arguments(reader, str_iequals(plain, "if"), &arguments)) {
        return NULL;
    }
    return reader->skip ? json_null()
                        : template_call(reader->evaluation, plain, arguments.values, arguments.count);
}

/* Members compare without case, as Resource Manager does. */
static json_t *member_of(json_t *object, const char *name)
{
    const char *key;
    json_t *value = json_object_get(object, name);
    json_t *member;
    if (value == NULL) {
        json_object_foreach (object, key, member) {
            if (str_iequals(key, name)) {
                return member;
            }
        }
    }
    return value;
}

/* Takes value. */
static json_t *get_member(struct reader *reader, json_t *value, const json_t *key)
{
    json_auto_t *whole = value;
    json_t *member = NULL;
    if (reader->skip) {
        return json_null();
    }
    if (json_is_object(whole) && json_is_string(key)) {
        member = member_of(whole, json_string_value(key));
    } else if (json_is_array(whole) && json_is_integer(key)) {
        json_int_t index = json_integer_value(key);
        member = index < 0 ? NULL : json_array_get(whole, (size_t)index);
    }
    if (member == NULL) {
        auto_free char *text = template_text(key);
        return template_fail(reader->evaluation, "the language expression property '%.80s' doesn't exist",
                             text == NULL ? "" : text);
    }
    return json_incref(member);
}

/* .name and [index] after a value; takes ownership of value. */
static json_t *read_members(struct reader *reader, json_t *value)
{
    while (value != NULL) {
        json_auto_t *key = NULL;
        skip_blanks(reader);
        if (*reader->at == '.') {
            size_t len = 0;
            reader->at++;
            while (isalnum((unsigned char)reader->at[len]) || strchr("_-$", reader->at[len]) != NULL) {
                if (reader->at[len] == '\0') {
                    break;
                }
                len++;
            }
            key = json_stringn(reader->at, len);
            reader->at += len;
        } else if (take(reader, '[')) {
            key = read_expression(reader);
            if (key != NULL && !take(reader, ']')) {
                json_decref(value);
                return refuse(reader, "']' is missing");
            }
        } else {
            return value;
        }
        if (key == NULL) {
            json_decref(value);
            return NULL;
        }
        value = get_member(reader, value, key);
    }
    return value;
}

static json_t *read_expression(struct reader *reader)
{
    skip_blanks(reader);
    if (++reader->evaluation->depth > TEMPLATE_DEPTH_MAX) {
        return refuse(reader, "it is nested too deeply, or variables refer to each other in a cycle");
    }
    if (!template_spend(reader->evaluation, 1, 0)) {
        return NULL;
    }
    char c = *reader->at;
    json_t *value = c == '\''                                    ? read_string(reader)
                    : c == '-' || isdigit((unsigned char)c) != 0 ? read_integer(reader)
                                                                 : read_call(reader);
    value = read_members(reader, value);
    reader->evaluation->depth--;
    return value;
}

json_t *template_expression(struct evaluation *evaluation, const char *text)
{
    struct reader reader = {.evaluation = evaluation, .at = text};
    json_t *value = read_expression(&reader);
    skip_blanks(&reader);
    if (value != NULL && *reader.at != '\0') {
        json_decref(value);
        return refuse(&reader, "the end of the expression is expected");
    }
    return value;
}
