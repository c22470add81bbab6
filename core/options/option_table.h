/* SPDX-License-Identifier: MIT */
/*
 * A table of options, a row each: the flag (--name), the environment variable (MALACHITE_NAME), the help
 * text, the man page, the tables in docs/ and the validation all come from it. A flag wins over the
 * environment.
 */
#ifndef CORE_OPTION_TABLE_H
#define CORE_OPTION_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

/* What the field of a row is: char *, int, bool, or char * with items between commas or line feeds. */
enum option_kind { OPTION_IS_STRING, OPTION_IS_INTEGER, OPTION_IS_SWITCH, OPTION_IS_LIST, OPTION_IS_LINES };

struct option_row {
    enum option_kind kind;
    size_t offset; /* of the field in the struct that is filled */
    const char *flag;
    int min, max;
    const char *fallback;
    const char *placeholder;
    const char *help;
};

enum { OPTION_ROWS_MAX = 96 };

struct option_table {
    const struct option_row *rows;
    size_t count; /* at most OPTION_ROWS_MAX */
};

/* The fields of a struct, and the rows of its table, from one list of options. OPTION_STRUCT names the struct
 * where the rows are. */
#define OPTION_FIELD_STRING(field, ...)  char *field;
#define OPTION_FIELD_INTEGER(field, ...) int field;
#define OPTION_FIELD_SWITCH(field, ...)  bool field;
#define OPTION_FIELDS(list)                                                                                  \
    list(OPTION_FIELD_STRING, OPTION_FIELD_INTEGER, OPTION_FIELD_SWITCH, OPTION_FIELD_STRING)
/* clang-format off */
#define OPTION_ROW_STRING(field, flag, fallback, placeholder, help) \
    {OPTION_IS_STRING, offsetof(OPTION_STRUCT, field), flag, 0, 0, fallback, placeholder, help},
#define OPTION_ROW_INTEGER(field, flag, min, max, fallback, placeholder, help) \
    {OPTION_IS_INTEGER, offsetof(OPTION_STRUCT, field), flag, min, max, fallback, placeholder, help},
#define OPTION_ROW_SWITCH(field, flag, help) \
    {OPTION_IS_SWITCH, offsetof(OPTION_STRUCT, field), flag, 0, 1, "", "", help},
#define OPTION_ROW_LIST(field, flag, fallback, placeholder, help) \
    {OPTION_IS_LIST, offsetof(OPTION_STRUCT, field), flag, 0, 0, fallback, placeholder, help},
#define OPTION_ROW_LINES(field, flag, fallback, placeholder, help) \
    {OPTION_IS_LINES, offsetof(OPTION_STRUCT, field), flag, 0, 0, fallback, placeholder, help},
/* clang-format on */

/*
 * Fills values, an all-zero struct, from defaults, environment and the arguments (without program name and
 * command). Returns 0, or -1 with a message for the user. Release with option_table_done() in either case.
 */
int option_table_parse(const struct option_table *table, void *values, int argc, char **argv,
                       struct err *err);
/* Frees the texts, some of which are secrets, and overwrites them. */
void option_table_done(const struct option_table *table, void *values);

/* The error for a word that does not suit an option, naming flag and variable. Returns -1. */
int option_refuse(const char *flag, const char *value, const char *rule, struct err *err);

enum { OPTION_VARIABLE_SIZE = 64 };
/* "MALACHITE_HTTP_PORT" for "http-port". Returns name. */
const char *option_variable(const char *flag, char name[static OPTION_VARIABLE_SIZE]);

void option_table_print_help(const struct option_table *table, FILE *out);
void option_table_print_markdown(const struct option_table *table, FILE *out);

#endif
