/* SPDX-License-Identifier: MIT */
#include "client/options_private.h"

#include <stddef.h>
#include <string.h>

#include "client/client.h"
#include "core/str.h"

#define OPTION_STRUCT struct client_options
static const struct option_row rows[] = {
    CLIENT_OPTION_LIST(OPTION_ROW_STRING, OPTION_ROW_INTEGER, OPTION_ROW_SWITCH, OPTION_ROW_LINES)};
_Static_assert(ARRAY_LEN(rows) <= OPTION_ROWS_MAX, "option_table_parse() has a flag for each row");

const struct option_table client_option_table = {.rows = rows, .count = ARRAY_LEN(rows)};

int client_options_parse(struct client_options *options, int argc, char **argv, struct err *err)
{
    *options = (struct client_options){0};
    if (option_table_parse(&client_option_table, options, argc, argv, err) < 0) {
        return -1;
    }
    const char *cutover = options->cutover;
    if (cutover[0] != '\0' && !str_equals(cutover, "ask") && !str_equals(cutover, "when-caught-up") &&
        !str_equals(cutover, "manual")) {
        return option_refuse("cutover", cutover, "none of ask, when-caught-up, manual", err);
    }
    if (options->server[0] != '\0' && !str_istarts(options->server, "http://") &&
        !str_istarts(options->server, "https://")) {
        return option_refuse("server", options->server, "not an http:// or https:// address", err);
    }
    return 0;
}

void client_options_done(struct client_options *options)
{
    option_table_done(&client_option_table, options);
    *options = (struct client_options){0};
}

/* The words after the password stay, so that the process remains recognizable. */
static bool hide_in(char *text)
{
    char *authority = strstr(text, "://");
    char *at = authority == NULL ? NULL : strrchr(authority, '@');
    char *colon = at == NULL ? NULL : memchr(authority + 3, ':', (size_t)(at - authority - 3));
    if (colon != NULL) {
        memset(colon + 1, '*', (size_t)(at - colon - 1));
    }
    /* "password=..." as a parameter of a URI, or in the keyword format, where a quoted value may contain
     * anything. */
    char *word = strcasestr(text, "password");
    if (word != NULL) {
        memset(word, '*', strlen(word));
    }
    return colon != NULL || word != NULL;
}

bool client_hide_passwords(int argc, char **argv)
{
    bool found = false;
    for (int i = 0; i < argc; i++) {
        found = hide_in(argv[i]) || found;
    }
    return found;
}
