/* SPDX-License-Identifier: MIT */
#include "handlers/arm/naming/names.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

/* The characters that may start or end a name. */
enum end { ANY, LETTER_OR_DIGIT, LETTER_OR_UNDERSCORE, NO_PERIOD };

static const struct {
    const char *what;
    enum err_code code;
    size_t least, most;
    const char *marks; /* allowed in addition to letters and digits */
    enum end first, last;
    const char *rule;
} rules[] = {
    [NAME_GROUP] = {"provided resource group name", ERR_BAD_PARAMETER, 1, 90, "-_.()", ANY, NO_PERIOD,
                    "it has 1 to 90 letters, digits, '-', '_', '.', '(' and ')' and does not end with a "
                    "period."},
    [NAME_DEPLOYMENT] = {"deployment name", ERR_BAD_RESOURCE_NAME, 1, 64, "-_.()", ANY, NO_PERIOD,
                         "it has 1 to 64 letters, digits, '-', '_', '.', '(' and ')'."},
    [NAME_SERVER] = {"server name", ERR_BAD_RESOURCE_NAME, 3, 63, "-", LETTER_OR_DIGIT, LETTER_OR_DIGIT,
                     "A server name has 3 to 63 letters, digits and hyphens and neither begins nor ends with "
                     "a hyphen."},
    [NAME_LOGIN] = {"administrator login", ERR_BAD_PARAMETER, 1, 63, "-_", LETTER_OR_UNDERSCORE, ANY,
                    "it has 1 to 63 letters, digits, '_' and '-' and begins with a letter or '_'."},
    [NAME_DATABASE] = {"database name", ERR_BAD_RESOURCE_NAME, 1, 63, "-_", LETTER_OR_UNDERSCORE, ANY,
                       "it has 1 to 63 letters, digits, '_' and '-' and begins with a letter or '_'."},
    [NAME_RULE] = {"rule name", ERR_BAD_RESOURCE_NAME, 1, 128, "-_.", ANY, ANY,
                   "it has 1 to 128 letters, digits, '-', '_' and '.'."},
    [NAME_MIGRATION] = {"migration name", ERR_BAD_RESOURCE_NAME, 1, 63, "-", LETTER_OR_DIGIT, ANY,
                        "A migration name has 1 to 63 letters, digits and hyphens and begins with a letter "
                        "or digit."},
    [NAME_NETWORK] = {"resource name", ERR_BAD_RESOURCE_NAME, 1, 80, "-_.", LETTER_OR_DIGIT, ANY,
                      "it has 1 to 80 letters, digits, '-', '_' and '.' and begins with a letter or digit."},
};
_Static_assert(ARRAY_LEN(rules) == NAME_KIND_COUNT, "each kind of name has a rule");

static bool fits_end(enum end end, char c)
{
    switch (end) {
    case LETTER_OR_DIGIT:
        return isalnum((unsigned char)c) != 0;
    case LETTER_OR_UNDERSCORE:
        return isalpha((unsigned char)c) != 0 || c == '_';
    case NO_PERIOD:
        return c != '.';
    case ANY:
        break;
    }
    return true;
}

bool name_is_valid(enum name_kind kind, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (isalnum((unsigned char)name[i]) == 0 && strchr(rules[kind].marks, name[i]) == NULL) {
            return false;
        }
    }
    return len >= rules[kind].least && len <= rules[kind].most && fits_end(rules[kind].first, name[0]) &&
           fits_end(rules[kind].last, name[len - 1]);
}

const char *name_rule(enum name_kind kind)
{
    return rules[kind].rule;
}

int name_check(enum name_kind kind, const char *name, struct err *err)
{
    if (name_is_valid(kind, name)) {
        return 0;
    }
    bool sentence = isupper((unsigned char)rules[kind].rule[0]) != 0;
    return err_set(err, rules[kind].code, "The %s '%.100s' is invalid%s %s", rules[kind].what, name,
                   sentence ? "." : ":", rules[kind].rule);
}

bool database_name_is_reserved(const char *name)
{
    static const char *const names[] = {"template0", "template1", "azure_sys", "azure_maintenance"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_equals(name, names[i])) {
            return true;
        }
    }
    return false;
}
