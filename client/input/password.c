/* SPDX-License-Identifier: MIT */
#include "client/input/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/input/terminal.h"
#include "core/str.h"
#include "core/wipe.h"

enum { FIELDS = 5, LINE_BYTES_MAX = 4096 };

/* Splits "host:port:database:user:password" in place; "\:" and "\\" are escaped characters. */
static bool split_line(char *line, char *fields[static FIELDS])
{
    size_t count = 0;
    char *to = line;
    fields[count++] = line;
    for (char *from = line; *from != '\0' && *from != '\n' && *from != '\r'; from++) {
        if (*from == '\\' && (from[1] == ':' || from[1] == '\\')) {
            *to++ = *++from;
        } else if (*from == ':' && count < FIELDS) {
            *to++ = '\0';
            fields[count++] = to;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return count == FIELDS;
}

static bool suits(const char *field, const char *value)
{
    return str_equals(field, "*") || (value != NULL && str_equals(field, value));
}

/* Malachite also connects to databases of other names: if the URI names none, only "*" matches. */
static bool line_is_for(char *const fields[static FIELDS], const struct server_uri *uri)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", uri->port);
    return suits(fields[0], uri->host) && suits(fields[1], port) && suits(fields[2], uri->database) &&
           suits(fields[3], uri->user);
}

/* NULL if the file has no line for this server. The caller wipes. */
static char *search_file(FILE *file, const struct server_uri *uri)
{
    char line[LINE_BYTES_MAX];
    char *fields[FIELDS];
    char *password = NULL;
    while (password == NULL && fgets(line, sizeof(line), file) != NULL) {
        if (line[0] != '#' && split_line(line, fields) && line_is_for(fields, uri)) {
            password = str_dup(fields[FIELDS - 1]);
        }
    }
    explicit_bzero(line, sizeof(line));
    return password;
}

/* Like libpq, ignores a file that others can read; unlike libpq, fails if a file given by name is missing. */
static int read_passfile(struct server_uri *uri, const char *path, bool required, struct err *err)
{
    struct stat info;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return !required ? 0 : err_set(err, ERR_BAD_INPUT, "cannot read the passfile %s", path);
    }
    int result = 0;
    bool known = fstat(fileno(file), &info) == 0;
    if (known && S_ISCHR(info.st_mode)) { /* /dev/null: intentionally without passwords */
        fclose(file);
        return 0;
    }
    if (!known || !S_ISREG(info.st_mode) || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        result = err_set(err, ERR_BAD_INPUT,
                         "the passfile %s has to be a file that only its owner can read: chmod 600", path);
    } else {
        uri->password = search_file(file, uri);
    }
    fclose(file);
    return result;
}

static int search_passfile(struct server_uri *uri, const char *named, struct err *err)
{
    const char *variable = getenv("PGPASSFILE");
    const char *home = getenv("HOME");
    if (uri->passfile != NULL) {
        return read_passfile(uri, uri->passfile, true, err);
    }
    if (named[0] != '\0') {
        return read_passfile(uri, named, true, err);
    }
    if (variable != NULL && variable[0] != '\0') {
        return read_passfile(uri, variable, true, err);
    }
    auto_free char *path = home == NULL ? NULL : str_format("%s/.pgpass", home);
    return path == NULL ? 0 : read_passfile(uri, path, false, err);
}

static const char *variable_of(const struct server_uri *uri)
{
    return str_equals(uri->role, "source") ? "MALACHITE_SOURCE_PASSWORD" : "MALACHITE_TARGET_PASSWORD";
}

int password_find(struct server_uri *uri, const char *passfile, struct err *err)
{
    if (uri->password != NULL) {
        return 0;
    }
    const char *own = getenv(variable_of(uri));
    const char *given = own != NULL ? own : getenv("PGPASSWORD");
    if (given != NULL) {
        return str_replace(&uri->password, given) ? 0 : err_no_memory(err);
    }
    if (search_passfile(uri, passfile, err) < 0) {
        return -1;
    }
    if (uri->password != NULL) {
        return 0;
    }
    if (!terminal_can_ask()) {
        return err_set(err, ERR_BAD_INPUT,
                       "no password for the %s server: put it into the environment as %s, or into a passfile",
                       uri->role, variable_of(uri));
    }
    auto_free char *label = server_uri_label(uri);
    auto_free char *prompt =
        label == NULL ? NULL
                      : str_format("Password of user %s on the %s server %s: ", uri->user, uri->role, label);
    return prompt == NULL ? err_no_memory(err) : terminal_ask_password(prompt, err, &uri->password);
}
