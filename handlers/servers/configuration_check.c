/* SPDX-License-Identifier: MIT */
/* Checks a value for a server parameter: its type, its range, its enumeration, its list. */
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/parse/setting_list.h"
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

/* Like PostgreSQL (parse_bool()): any unique prefix of a word. */
static bool is_boolean(const char *value)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
    size_t len = strlen(value);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t least = words[i][0] == 'o' ? 2 : 1;
        if (len >= least && len <= strlen(words[i]) && strncasecmp(value, words[i], len) == 0) {
            return true;
        }
    }
    return str_equals(value, "1") || str_equals(value, "0");
}

/* Iterates over the words of a comma-separated list; false at its end. */
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

/* The word of the list that is equal without case, returned in word. */
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
    errno = 0;
    /* PostgreSQL reads integers with a leading 0 as octal, with 0x as hexadecimal. */
    double number = integer ? (double)strtoll(value, &end, 0) : strtod(value, &end);
    if (end == value || *end != '\0' || errno != 0 || !isfinite(number) || value[0] == ' ') {
        return false;
    }
    return !read_range(allowed, &least, &most) || (number >= least && number <= most);
}

/* Every word of the value is allowed; an empty list is fine. */
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

/* The regular expression must match the whole text. */
static bool pattern_fits(const char *pattern, const char *value)
{
    regex_t compiled;
    if (str_equals(pattern, ".*")) {
        return true;
    }
    auto_free char *whole = str_format("^(%s)$", pattern);
    if (whole == NULL || regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0) {
        return false;
    }
    bool fits = regexec(&compiled, value, 0, NULL, 0) == 0;
    regfree(&compiled);
    return fits;
}

/* The parameter's current value and its default are always allowed: PostgreSQL may show values that its
 * own rules exclude ("" for an enumeration, octal digits for a number). */
static bool is_known(json_t *configuration, const char *value)
{
    static const char *const keys[] = {"value", "defaultValue"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *known = json_string_value(json_object_get(configuration, keys[i]));
        if (known != NULL && str_equals(value, known)) {
            return true;
        }
    }
    return false;
}

static bool is_fitting(json_t *configuration, const char *value)
{
    const char *type = text_of(configuration, "dataType");
    const char *allowed = text_of(configuration, "allowedValues");
    char word[WORD_SIZE];
    if (is_known(configuration, value)) {
        return true;
    }
    if (str_equals(type, "Boolean")) {
        return is_boolean(value);
    }
    if (str_equals(type, "Enumeration")) {
        return find_word(allowed, value, word);
    }
    if (str_equals(type, "Set")) {
        return set_fits(allowed, value);
    }
    if (str_equals(type, "Integer") || str_equals(type, "Numeric")) {
        return number_fits(allowed, value, str_equals(type, "Integer"));
    }
    auto_str_list struct str_list names = {0};
    const char *name = text_of(configuration, "name");
    return text_fits(value) && pattern_fits(allowed, value) &&
           (!setting_is_name_list(name) || setting_list_split(name, value, &names));
}

int configuration_check(json_t *configuration, const char *value, struct err *err, char **ret_value)
{
    if (json_is_true(json_object_get(configuration, "isReadOnly"))) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED, "The parameter '%s' is read-only.",
                text_of(configuration, "name"));
        return err_target(err, "%s", text_of(configuration, "name"));
    }
    if (value == NULL) {
        *ret_value = NULL;
        return 0;
    }
    if (!is_fitting(configuration, value)) {
        return refuse(configuration, value, err);
    }
    char *copy = str_dup(value);
    if (copy == NULL) {
        return err_no_memory(err);
    }
    *ret_value = copy;
    return 0;
}
