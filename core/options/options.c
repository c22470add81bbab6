/* SPDX-License-Identifier: MIT */
#include "core/options/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"

enum { UUID_LEN = 36 };

#define OPTION_STRUCT struct options
static const struct option_row rows[] = {
    OPTION_LIST(OPTION_ROW_STRING, OPTION_ROW_INTEGER, OPTION_ROW_SWITCH, OPTION_ROW_LIST)};
_Static_assert(ARRAY_LEN(rows) <= OPTION_ROWS_MAX, "option_table_parse() has a flag for each row");

const struct option_table options_table = {.rows = rows, .count = ARRAY_LEN(rows)};

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
    char **const paths[] = {&options->client_secret_file, &options->key_file, &options->roles_file};
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

/* one, any, or UUIDs separated by ','. */
static int check_subscriptions(const struct options *options, struct err *err)
{
    const char *at = options->subscriptions;
    if (str_equals(at, "one") || str_equals(at, "any")) {
        return 0;
    }
    while (true) {
        size_t len = strcspn(at, ",");
        char id[UUID_LEN + 1] = "";
        if (len == UUID_LEN) {
            memcpy(id, at, len);
        }
        if (!str_is_uuid(id)) {
            return option_refuse("subscriptions", options->subscriptions,
                                 "none of one, any, or UUIDs separated by ','", err);
        }
        if (at[len] == '\0') {
            return 0;
        }
        at += len + 1;
    }
}

static int check_words(const struct options *options, struct err *err)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        known = known || str_equals(options->log_level, levels[i]);
    }
    if (!known) {
        return option_refuse("log-level", options->log_level, "none of debug, info, warning, error", err);
    }
    if (!str_equals(options->log_format, "text") && !str_equals(options->log_format, "json")) {
        return option_refuse("log-format", options->log_format, "neither text nor json", err);
    }
    if (!str_equals(options->auth, "none") && !str_equals(options->auth, "any") &&
        !str_equals(options->auth, "strict")) {
        return option_refuse("auth", options->auth, "none of none, any, strict", err);
    }
    if (options->roles_file[0] != '\0' && !str_equals(options->auth, "strict")) {
        return option_refuse("roles-file", options->roles_file,
                             "of no use without --auth strict: only a verified token says who calls", err);
    }
    if (!str_equals(options->error_style, "malachite") && !str_equals(options->error_style, "azure")) {
        return option_refuse("error-style", options->error_style, "neither malachite nor azure", err);
    }
    const char *const ids[][2] = {{"subscription-id", options->subscription_id},
                                  {"tenant-id", options->tenant_id},
                                  {"client-id", options->client_id}};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (!str_is_uuid(ids[i][1])) {
            return option_refuse(ids[i][0], ids[i][1], "not a UUID", err);
        }
    }
    return check_subscriptions(options, err);
}

int options_parse(struct options *options, int argc, char **argv, struct err *err)
{
    *options = (struct options){0};
    if (option_table_parse(&options_table, options, argc, argv, err) < 0 ||
        choose_data_dir(options, err) < 0 || make_all_absolute(options, err) < 0) {
        return -1;
    }
    return check_words(options, err);
}

void options_done(struct options *options)
{
    option_table_done(&options_table, options);
    *options = (struct options){0};
}
