/* SPDX-License-Identifier: MIT */
#include "core/options/option_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/wipe.h"

static const struct option_row *find_option(const struct option_table *table, const char *flag, size_t len)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strlen(table->rows[i].flag) == len && strncmp(table->rows[i].flag, flag, len) == 0) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static bool is_list(const struct option_row *row)
{
    return row->kind == OPTION_IS_LIST || row->kind == OPTION_IS_LINES;
}

const char *option_variable(const char *flag, char name[static OPTION_VARIABLE_SIZE])
{
    snprintf(name, OPTION_VARIABLE_SIZE, "MALACHITE_%s", flag);
    for (char *at = name; *at != '\0'; at++) {
        int c = *at == '-' ? '_' : toupper((unsigned char)*at);
        *at = (char)c;
    }
    return name;
}

static bool parse_switch(const char *value, bool *ret_on)
{
    static const char *const on[] = {"1", "true", "yes", "on"};
    static const char *const off[] = {"0", "false", "no", "off"};
    for (size_t i = 0; i < ARRAY_LEN(on); i++) {
        if (str_iequals(value, on[i]) || str_iequals(value, off[i])) {
            *ret_on = str_iequals(value, on[i]);
            return true;
        }
    }
    return false;
}

/* A repeated flag adds to the list. */
static int append_to_list(char **field, char separator, const char *value, struct err *err)
{
    if (*field == NULL || (*field)[0] == '\0' || value[0] == '\0') {
        return str_replace(field, value) ? 0 : err_no_memory(err);
    }
    char *joined = str_format("%s%c%s", *field, separator, value);
    if (joined == NULL) {
        return err_no_memory(err);
    }
    free(*field);
    *field = joined;
    return 0;
}

/* Stores one value; "from" names the flag or variable, for the message. */
static int set_option(void *values, const struct option_row *row, const char *value, const char *from,
                      struct err *err)
{
    char *field = (char *)values + row->offset;
    int64_t number = 0;
    switch (row->kind) {
    case OPTION_IS_STRING:
        return str_replace((char **)(void *)field, value) ? 0 : err_no_memory(err);
    case OPTION_IS_LIST:
        return append_to_list((char **)(void *)field, ',', value, err);
    case OPTION_IS_LINES:
        return append_to_list((char **)(void *)field, '\n', value, err);
    case OPTION_IS_INTEGER:
        if (!str_to_int(value, row->min, row->max, &number)) {
            return err_set(err, ERR_BAD_INPUT, "%s: '%s' is not a whole number from %d to %d", from, value,
                           row->min, row->max);
        }
        *(int *)(void *)field = (int)number;
        return 0;
    case OPTION_IS_SWITCH:
        if (!parse_switch(value, (bool *)field)) {
            return err_set(err, ERR_BAD_INPUT, "%s: '%s' is neither true nor false", from, value);
        }
        return 0;
    }
    return 0;
}

static int apply_defaults_and_environment(const struct option_table *table, void *values, struct err *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->kind != OPTION_IS_SWITCH && set_option(values, row, row->fallback, row->flag, err) < 0) {
            return -1;
        }
        char name[OPTION_VARIABLE_SIZE];
        const char *value = getenv(option_variable(row->flag, name));
        if (value != NULL && value[0] != '\0' && set_option(values, row, value, name, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Applies argv[*at], "--flag value" or "--flag=value"; moves *at to the last word used. seen: the rows whose
 * flags came before, of which a list grows; the first one replaces what the environment says. */
static int apply_flag(const struct option_table *table, void *values, int argc, char **argv, int *at,
                      bool *seen, struct err *err)
{
    const char *word = argv[*at];
    size_t len = strcspn(word, "=");
    const struct option_row *row = strncmp(word, "--", 2) == 0 ? find_option(table, word + 2, len - 2) : NULL;
    if (row == NULL) {
        return err_set(err, ERR_BAD_INPUT, "unknown option '%.*s'; see 'malachite help'", (int)len, word);
    }
    const char *value = word[len] == '=' ? word + len + 1 : NULL;
    if (value == NULL && row->kind == OPTION_IS_SWITCH) {
        value = "true";
    }
    if (value == NULL) {
        if (*at + 1 >= argc) {
            return err_set(err, ERR_BAD_INPUT, "option '%s' needs a value", word);
        }
        value = argv[++*at];
    }
    char from[64];
    snprintf(from, sizeof(from), "--%s", row->flag);
    char **list = (char **)(void *)((char *)values + row->offset);
    if (is_list(row) && !seen[row - table->rows] && !str_replace(list, NULL)) {
        return err_no_memory(err);
    }
    seen[row - table->rows] = true;
    return set_option(values, row, value, from, err);
}

int option_refuse(const char *flag, const char *value, const char *rule, struct err *err)
{
    char name[OPTION_VARIABLE_SIZE];
    return err_set(err, ERR_BAD_INPUT, "--%s (%s): '%s' is %s", flag, option_variable(flag, name), value,
                   rule);
}

int option_table_parse(const struct option_table *table, void *values, int argc, char **argv, struct err *err)
{
    bool seen[OPTION_ROWS_MAX] = {false};
    if (apply_defaults_and_environment(table, values, err) < 0) {
        return -1;
    }
    for (int at = 0; at < argc; at++) {
        if (apply_flag(table, values, argc, argv, &at, seen, err) < 0) {
            return -1;
        }
    }
    return 0;
}

void option_table_done(const struct option_table *table, void *values)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->kind == OPTION_IS_STRING || is_list(row)) {
            char **field = (char **)(void *)((char *)values + row->offset);
            wipe_free(*field);
            *field = NULL;
        }
    }
}

void option_table_print_help(const struct option_table *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        char left[64];
        snprintf(left, sizeof(left), "--%s %s", row->flag, row->placeholder);
        fprintf(out, "  %-32s %s", left, row->help);
        if (row->fallback[0] != '\0') {
            fprintf(out, " [%s]", row->fallback);
        }
        fputc('\n', out);
    }
}

void option_table_print_markdown(const struct option_table *table, FILE *out)
{
    fputs("| Flag | Environment | Default | What it does |\n| --- | --- | --- | --- |\n", out);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        char name[OPTION_VARIABLE_SIZE];
        fprintf(out, "| `--%s%s%s` | `%s` | %s | %s |\n", row->flag, row->placeholder[0] != '\0' ? " " : "",
                row->placeholder, option_variable(row->flag, name), row->fallback, row->help);
    }
}
