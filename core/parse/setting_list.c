/* SPDX-License-Identifier: MIT */
#include "core/parse/setting_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"

static const char libraries[] = "_libraries";
static const char white[] = " \t\n\r\f\v";

bool setting_is_name_list(const char *parameter)
{
    static const char *const names[] = {"local_preload_libraries",   "search_path",
                                        "session_preload_libraries", "shared_preload_libraries",
                                        "temp_tablespaces",          "unix_socket_directories"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_iequals(parameter, names[i])) {
            return true;
        }
    }
    return false;
}

bool setting_is_library_list(const char *parameter)
{
    size_t len = strlen(parameter);
    size_t suffix = sizeof(libraries) - 1;
    return len > suffix && str_iequals(parameter + len - suffix, libraries);
}

/* A name in double quotes; a doubled quote stands for itself. NULL if the quote is never closed. */
static const char *read_quoted(const char *at, char *name)
{
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && *++at != '"') {
            *name = '\0';
            return at;
        }
        *name++ = *at;
    }
    return NULL;
}

/* A name without quotes. Identifiers end at white space and are folded to lower case, libraries do not and
 * are not. */
static const char *read_bare(const char *at, bool is_library, char *name)
{
    size_t len = strcspn(at, is_library ? "," : ", \t\n\r\f\v");
    size_t used = len;
    while (used > 0 && strchr(white, at[used - 1]) != NULL) {
        used--;
    }
    for (size_t i = 0; i < used; i++) {
        name[i] = at[i];
        if (!is_library && at[i] >= 'A' && at[i] <= 'Z') {
            name[i] = (char)tolower((unsigned char)at[i]);
        }
    }
    name[used] = '\0';
    return used == 0 ? NULL : at + len;
}

bool setting_list_split(const char *parameter, const char *text, struct str_list *ret_names)
{
    bool is_library = setting_is_library_list(parameter);
    auto_free char *name = memory_checked(malloc(strlen(text) + 1));
    const char *at = text + strspn(text, white);
    if (name == NULL) {
        return false;
    }
    while (*at != '\0') {
        at = *at == '"' ? read_quoted(at, name) : read_bare(at, is_library, name);
        if (at == NULL || !str_list_add(ret_names, name)) {
            return false;
        }
        at += strspn(at, white);
        if (*at == '\0') {
            return true;
        }
        if (*at != ',') {
            return false;
        }
        at++;
        at += strspn(at, white);
        if (*at == '\0') {
            return false; /* a comma ends the list */
        }
    }
    return true;
}
