/* SPDX-License-Identifier: MIT */
#include "client/input/server_uri.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/parse/server_address.h"
#include "core/str.h"
#include "core/wipe.h"

void server_uri_done(struct server_uri *uri)
{
    free(uri->host);
    free(uri->user);
    wipe_free(uri->password);
    free(uri->database);
    free(uri->sslmode);
    free(uri->passfile);
    *uri = (struct server_uri){0};
}

/* PQconninfoFree() frees the password without wiping it. */
static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *at = options; at != NULL && at->keyword != NULL; at++) {
        if (at->val != NULL && str_equals(at->keyword, "password")) {
            explicit_bzero(at->val, strlen(at->val));
        }
    }
    PQconninfoFree(options);
}

/* Stores the parameters that Malachite supports, and rejects all others: a parameter without effect would
 * mislead. */
static int store_option(const PQconninfoOption *option, struct err *err, struct server_uri *uri)
{
    static const char *const harmless[] = {"connect_timeout", "application_name", "fallback_application_name",
                                           "client_encoding", "channel_binding",  "target_session_attrs",
                                           "gssencmode"};
    const struct {
        const char *keyword;
        char **field;
    } fields[] = {{"host", &uri->host},       {"user", &uri->user},       {"password", &uri->password},
                  {"dbname", &uri->database}, {"sslmode", &uri->sslmode}, {"passfile", &uri->passfile}};
    int64_t port = 0;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (str_equals(option->keyword, fields[i].keyword)) {
            return str_replace(fields[i].field, option->val) ? 0 : err_no_memory(err);
        }
    }
    if (str_equals(option->keyword, "port")) {
        if (!str_to_int(option->val, 1, 65535, &port)) {
            return err_set(err, ERR_BAD_INPUT, "--%s: the port is not a number from 1 to 65535", uri->role);
        }
        uri->port = (int)port;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
        if (str_equals(option->keyword, harmless[i])) {
            return 0;
        }
    }
    const char *hint = str_istarts(option->keyword, "ssl")
                           ? "; libpq finds certificates and keys in ~/.postgresql without it"
                           : "";
    return err_set(err, ERR_BAD_INPUT, "--%s: the parameter '%s' is not supported%s", uri->role,
                   option->keyword, hint);
}

/* libpq's default user. */
static char *default_user(void)
{
    const char *given = getenv("PGUSER");
    if (given != NULL && given[0] != '\0') {
        return str_dup(given);
    }
    char space[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    return getpwuid_r(geteuid(), &entry, space, sizeof(space), &found) == 0 && found != NULL
               ? str_dup(found->pw_name)
               : NULL;
}

static int complete(struct server_uri *uri, struct err *err)
{
    if (uri->port == 0) {
        uri->port = 5432;
    }
    if (uri->user == NULL || uri->user[0] == '\0') {
        free(uri->user);
        uri->user = default_user();
    }
    if (uri->user == NULL) {
        return err_set(err, ERR_BAD_INPUT, "--%s: the user is missing: postgresql://USER@HOST:PORT/DATABASE",
                       uri->role);
    }
    if (uri->host == NULL || !server_address_host_is_valid(uri->host)) {
        return err_set(err, ERR_BAD_INPUT,
                       "--%s: give one host name or address: postgresql://USER@HOST:PORT/DATABASE. Malachite "
                       "connects over TCP only.",
                       uri->role);
    }
    bool no_tls = str_equals(uri->sslmode, "disable") || str_equals(uri->sslmode, "allow");
    if (no_tls) { /* "prefer" also works with a server without TLS */
        free(uri->sslmode);
        uri->sslmode = NULL;
    }
    if (uri->database != NULL && uri->database[0] == '\0') {
        free(uri->database);
        uri->database = NULL;
    }
    return 0;
}

int server_uri_parse(const char *role, const char *text, struct err *err, struct server_uri *ret_uri)
{
    *ret_uri = (struct server_uri){.role = role};
    if (text[0] == '\0') {
        return err_set(err, ERR_BAD_INPUT, "give the %s server: --%s postgresql://USER@HOST:PORT/DATABASE",
                       role, role);
    }
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &message);
    PQfreemem(message); /* it may repeat the password */
    if (options == NULL) {
        return err_set(err, ERR_BAD_INPUT,
                       "--%s is not a connection string: postgresql://USER@HOST:PORT/DATABASE. Special "
                       "characters of names and passwords are written as %%XX.",
                       role);
    }
    int result = 0;
    for (PQconninfoOption *at = options; at->keyword != NULL && result == 0; at++) {
        if (at->val != NULL) {
            result = store_option(at, err, ret_uri);
        }
    }
    free_options(options);
    return result < 0 ? -1 : complete(ret_uri, err);
}

static const char *bracket(const struct server_uri *uri, bool closing)
{
    bool is_ipv6 = strchr(uri->host, ':') != NULL;
    return !is_ipv6 ? "" : closing ? "]" : "[";
}

char *server_uri_address(const struct server_uri *uri)
{
    return str_format("%s%s%s:%d@%s", bracket(uri, false), uri->host, bracket(uri, true), uri->port,
                      uri->user);
}

char *server_uri_label(const struct server_uri *uri)
{
    return str_format("%s%s%s:%d", bracket(uri, false), uri->host, bracket(uri, true), uri->port);
}
