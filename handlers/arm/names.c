/* SPDX-License-Identifier: MIT */
#include "handlers/arm/names.h"

#include <ctype.h>
#include <string.h>

const char migration_name_rule[] =
    "A migration name has 1 to 63 letters, digits and hyphens and begins with a letter or digit.";

bool migration_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && (i == 0 || name[i] != '-')) {
            return false;
        }
    }
    return len >= 1 && len <= MIGRATION_NAME_MAX;
}

const char server_name_rule[] = "A server name has 3 to 63 letters, digits and hyphens and neither begins "
                                "nor ends with a hyphen.";

bool server_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        bool letter = isascii(name[i]) && isalnum((unsigned char)name[i]);
        bool allowed = letter || (name[i] == '-' && i > 0 && i + 1 < len);
        if (!allowed) {
            return false;
        }
    }
    return len >= 3 && len <= 63;
}
