/* SPDX-License-Identifier: MIT */
/* Whether a value may be given to a server parameter: its type, its range, its words. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "handlers/servers/configuration_private.h"

enum { VALUE_MAX = 8000, WORD_SIZE = 128 };

static const char *text_of(json_t *configuration, const char *name)
{
    const char *text = json_string_value(json_object_get(configuration, name));
    return text == NULL ? "" : text;
}

static int refuse(json_t *configuration, const char *value, struct err *err)
{
    const char *allowed = text_of(configuration, "allowedValues");
    err_set(
        err, ERR_BAD_PARAMETER,
        "The value '%.200s' of the parameter '%s' is invalid. It is of type %s; allowed values: %.600s%s%s",
        value, text_of(configuration, "name"), text_of(configuration, "dataType"), allowed,
        json_object_get(configuration, "unit") == NULL ? "" : ", in units of ",
        text_of(configuration, "unit"));
    return err_target(err, "properties.value");
}

static const char *boolean_word(const char *value)
{
    static const char *const words[][2] = {{"on", "on"},   {"true", "on"},   {"yes", "on"}, {"1", "on"},
                                           {"off", "off"}, {"false", "off"}, {"no", "off"}, {"0", "off"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_iequals(value, words[i][0])) {
            return words[i][1];
        }
    }
    return NULL;
}

/* The words of a comma-separated list one by one; false at its end. */
static bool next_word(const char **list, char word[static WORD_SIZE])
{
    *list += strspn(*list, ", ");
    size_t len = strcspn(*list, ",");
    if (len == 0) {
        return false;
    }
    size_t used = len < WORD_SIZE ? len : WORD_SIZE - 1;
    memcpy(word, *list, used);
    while (used > 0 && word[used - 1] == ' ') {
        used--;
    }
    word[used] = '\0';
    *list += len;
    return true;
}

/* The word of the list that is equal without case, in word. */
static bool find_word(const char *list, const char *value, char word[static WORD_SIZE])
{
    while (next_word(&list, word)) {
        if (str_iequals(word, value)) {
            return true;
        }
    }
    return false;
}

/* "-1-100": the hyphen between the two numbers is not the first character. */
static bool read_range(const char *allowed, double *ret_least, double *ret_most)
{
    char *end = NULL;
    double least = strtod(allowed, &end);
    if (end == allowed || *end != '-') {
        return false;
    }
    const char *second = end + 1;
    double most = strtod(second, &end);
    if (end == second || *end != '\0') {
        return false;
    }
    *ret_least = least;
    *ret_most = most;
    return true;
}

static bool number_fits(const char *allowed, const char *value, bool integer)
{
    char *end = NULL;
    double least = 0;
    double most = 0;
    int64_t ignored;
    errno = 0;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || errno != 0 || !isfinite(number) || value[0] == ' ') {
        return false;
    }
    if (integer && !str_to_int(value, INT64_MIN, INT64_MAX, &ignored)) {
        return false;
    }
    return !read_range(allowed, &least, &most) || (number >= least && number <= most);
}

/* Every word of the value is one of the allowed ones; an empty list is fine. */
static bool set_fits(const char *allowed, const char *value)
{
    char word[WORD_SIZE];
    char found[WORD_SIZE];
    while (next_word(&value, word)) {
        if (!find_word(allowed, word, found)) {
            return false;
        }
    }
    return true;
}

static bool text_fits(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ') {
            return false;
        }
    }
    return strlen(value) <= VALUE_MAX;
}

/* The value in PostgreSQL's spelling, or NULL when it is not allowed. */
static const char *fitting(json_t *configuration, const char *value, char word[static WORD_SIZE])
{
    const char *type = text_of(configuration, "dataType");
    const char *allowed = text_of(configuration, "allowedValues");
    bool fits = false;
    if (str_equals(type, "Boolean")) {
        return boolean_word(value);
    }
    if (str_equals(type, "Enumeration")) {
        return find_word(allowed, value, word) ? word : NULL;
    }
    if (str_equals(type, "Set")) {
        fits = set_fits(allowed, value);
    } else if (str_equals(type, "Integer") || str_equals(type, "Numeric")) {
        fits = number_fits(allowed, value, str_equals(type, "Integer"));
    } else {
        fits = text_fits(value);
    }
    return fits ? value : NULL;
}

int configuration_check(json_t *configuration, const char *value, struct err *err, char **ret_value)
{
    char word[WORD_SIZE];
    if (json_is_true(json_object_get(configuration, "isReadOnly"))) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED, "The parameter '%s' is read-only.",
                text_of(configuration, "name"));
        return err_target(err, "%s", text_of(configuration, "name"));
    }
    if (value == NULL) {
        *ret_value = NULL;
        return 0;
    }
    const char *spelling = fitting(configuration, value, word);
    if (spelling == NULL) {
        return refuse(configuration, value, err);
    }
    char *copy = str_dup(spelling);
    if (copy == NULL) {
        return err_no_memory(err);
    }
    *ret_value = copy;
    return 0;
}
