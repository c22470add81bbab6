/* SPDX-License-Identifier: MIT */
#include "core/options.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "core/wipe.h"

enum option_kind { OPTION_IS_STRING, OPTION_IS_INTEGER, OPTION_IS_SWITCH, OPTION_IS_LIST };

struct option_row {
    enum option_kind kind;
    size_t offset; /* of the field in struct options */
    const char *flag;
    int min, max;
    const char *fallback;
    const char *placeholder;
    const char *help;
};

/* clang-format off */
static const struct option_row option_rows[] = {
#define ROW_STRING(field, flag, fallback, placeholder, help) \
    {OPTION_IS_STRING, offsetof(struct options, field), flag, 0, 0, fallback, placeholder, help},
#define ROW_INTEGER(field, flag, min, max, fallback, placeholder, help) \
    {OPTION_IS_INTEGER, offsetof(struct options, field), flag, min, max, fallback, placeholder, help},
#define ROW_SWITCH(field, flag, help) \
    {OPTION_IS_SWITCH, offsetof(struct options, field), flag, 0, 1, "", "", help},
#define ROW_LIST(field, flag, fallback, placeholder, help) \
    {OPTION_IS_LIST, offsetof(struct options, field), flag, 0, 0, fallback, placeholder, help},
    OPTION_LIST(ROW_STRING, ROW_INTEGER, ROW_SWITCH, ROW_LIST)
};
/* clang-format on */

static const struct option_row *find_option(const char *flag, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        if (strlen(option_rows[i].flag) == len && strncmp(option_rows[i].flag, flag, len) == 0) {
            return &option_rows[i];
        }
    }
    return NULL;
}

static void environment_name(const char *flag, char *name, size_t size)
{
    snprintf(name, size, "MALACHITE_%s", flag);
    for (char *at = name; *at != '\0'; at++) {
        int c = *at == '-' ? '_' : toupper((unsigned char)*at);
        *at = (char)c;
    }
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

/* A list is comma-separated text. A repeated flag adds to it. */
static int append_to_list(char **field, const char *value, struct err *err)
{
    if (*field == NULL || (*field)[0] == '\0' || value[0] == '\0') {
        return str_replace(field, value) ? 0 : err_no_memory(err);
    }
    char *joined = str_format("%s,%s", *field, value);
    if (joined == NULL) {
        return err_no_memory(err);
    }
    free(*field);
    *field = joined;
    return 0;
}

/* Stores one value; "from" names the flag or variable, for the message. */
static int set_option(struct options *options, const struct option_row *row, const char *value,
                      const char *from, struct err *err)
{
    char *field = (char *)options + row->offset;
    int64_t number = 0;
    switch (row->kind) {
    case OPTION_IS_STRING:
        return str_replace((char **)(void *)field, value) ? 0 : err_no_memory(err);
    case OPTION_IS_LIST:
        return append_to_list((char **)(void *)field, value, err);
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

static int apply_defaults_and_environment(struct options *options, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        const struct option_row *row = &option_rows[i];
        if (row->kind != OPTION_IS_SWITCH && set_option(options, row, row->fallback, row->flag, err) < 0) {
            return -1;
        }
        char name[64];
        environment_name(row->flag, name, sizeof(name));
        const char *value = getenv(name);
        if (value != NULL && value[0] != '\0' && set_option(options, row, value, name, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Applies argv[*at], "--flag value" or "--flag=value"; moves *at to the last argument used. seen: the rows
 * whose flags came before; only those of a list grow. The first flag replaces the environment's value. */
static int apply_flag(struct options *options, int argc, char **argv, int *at, bool *seen, struct err *err)
{
    const char *word = argv[*at];
    size_t len = strcspn(word, "=");
    const struct option_row *row = strncmp(word, "--", 2) == 0 ? find_option(word + 2, len - 2) : NULL;
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
    char **list = (char **)(void *)((char *)options + row->offset);
    if (row->kind == OPTION_IS_LIST && !seen[row - option_rows] && !str_replace(list, NULL)) {
        return err_no_memory(err);
    }
    seen[row - option_rows] = true;
    return set_option(options, row, value, from, err);
}

/* PostgreSQL servers start in another working directory, so the path must be absolute. */
static int make_absolute(char **path, struct err *err)
{
    if ((*path)[0] == '/') {
        return 0;
    }
    auto_free char *here = getcwd(NULL, 0);
    if (here == NULL) {
        return err_set(err, ERR_BAD_INPUT, "the path '%s' is relative and there is no working directory",
                       *path);
    }
    char *absolute = str_format("%s/%s", here, *path);
    if (absolute == NULL) {
        return err_no_memory(err);
    }
    free(*path);
    *path = absolute;
    return 0;
}

/* Other programs receive the path of the file with the secret. */
static int make_all_absolute(struct options *options, struct err *err)
{
    char **const paths[] = {&options->client_secret_file, &options->key_file};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if ((*paths[i])[0] != '\0' && make_absolute(paths[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* As root, keeps the data where the unprivileged user of the PostgreSQL servers can reach it: /root is not
 * accessible. */
static int choose_data_dir(struct options *options, struct err *err)
{
    if (options->data_dir[0] != '\0') {
        return make_absolute(&options->data_dir, err);
    }
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *dir = NULL;
    if (state != NULL && state[0] == '/') {
        dir = str_format("%s/malachite", state);
    } else if (geteuid() == 0) {
        dir = str_dup("/var/lib/malachite");
    } else if (home != NULL && home[0] == '/') {
        dir = str_format("%s/.local/state/malachite", home);
    } else {
        return err_set(err, ERR_BAD_INPUT,
                       "no home directory found: choose a data directory with --data-dir");
    }
    if (dir == NULL) {
        return err_no_memory(err);
    }
    free(options->data_dir);
    options->data_dir = dir;
    return 0;
}

/* The origin of the value is no longer known here: the message names both possible sources. */
static int refuse_word(const char *flag, const char *value, const char *rule, struct err *err)
{
    char name[64];
    environment_name(flag, name, sizeof(name));
    return err_set(err, ERR_BAD_INPUT, "--%s (%s): '%s' is %s", flag, name, value, rule);
}

static int check_words(const struct options *options, struct err *err)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        known = known || str_equals(options->log_level, levels[i]);
    }
    if (!known) {
        return refuse_word("log-level", options->log_level, "none of debug, info, warning, error", err);
    }
    if (!str_equals(options->log_format, "text") && !str_equals(options->log_format, "json")) {
        return refuse_word("log-format", options->log_format, "neither text nor json", err);
    }
    if (!str_equals(options->auth, "none") && !str_equals(options->auth, "any") &&
        !str_equals(options->auth, "strict")) {
        return refuse_word("auth", options->auth, "none of none, any, strict", err);
    }
    const char *const ids[][2] = {{"subscription-id", options->subscription_id},
                                  {"tenant-id", options->tenant_id},
                                  {"client-id", options->client_id}};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (!str_is_uuid(ids[i][1])) {
            return refuse_word(ids[i][0], ids[i][1], "not a UUID", err);
        }
    }
    return 0;
}

int options_parse(struct options *options, int argc, char **argv, struct err *err)
{
    *options = (struct options){0};
    bool seen[ARRAY_LEN(option_rows)] = {false};
    if (apply_defaults_and_environment(options, err) < 0) {
        return -1;
    }
    for (int at = 0; at < argc; at++) {
        if (apply_flag(options, argc, argv, &at, seen, err) < 0) {
            return -1;
        }
    }
    if (choose_data_dir(options, err) < 0 || make_all_absolute(options, err) < 0) {
        return -1;
    }
    return check_words(options, err);
}

void options_done(struct options *options)
{
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        if (option_rows[i].kind == OPTION_IS_STRING || option_rows[i].kind == OPTION_IS_LIST) {
            wipe_free(*(char **)(void *)((char *)options + option_rows[i].offset)); /* or a secret */
        }
    }
    *options = (struct options){0};
}

void options_print_help(FILE *out)
{
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        const struct option_row *row = &option_rows[i];
        char left[64];
        snprintf(left, sizeof(left), "--%s %s", row->flag, row->placeholder);
        fprintf(out, "  %-32s %s", left, row->help);
        if (row->fallback[0] != '\0') {
            fprintf(out, " [%s]", row->fallback);
        }
        fputc('\n', out);
    }
}

void options_print_markdown(FILE *out)
{
    fputs("| Flag | Environment | Default | What it does |\n| --- | --- | --- | --- |\n", out);
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        const struct option_row *row = &option_rows[i];
        char name[64];
        environment_name(row->flag, name, sizeof(name));
        fprintf(out, "| `--%s%s%s` | `%s` | %s | %s |\n", row->flag, row->placeholder[0] != '\0' ? " " : "",
                row->placeholder, name, row->fallback, row->help);
    }
}
