/* SPDX-License-Identifier: MIT */
/* A PostgreSQL server in the user's notation: libpq's connection string, as a URI or with keywords. */
#ifndef CLIENT_INPUT_SERVER_URI_H
#define CLIENT_INPUT_SERVER_URI_H

#include "core/err.h"

struct server_uri {
    const char *role; /* "source" or "target" */
    char *host;
    int port;
    char *user;
    char *password; /* or NULL */
    char *database; /* or NULL */
    char *sslmode;  /* libpq's word, or NULL */
    char *passfile; /* or NULL */
};

/* Returns 0, or -1 with a message that never repeats the text, which may contain a password. */
int server_uri_parse(const char *role, const char *text, struct err *err, struct server_uri *ret_uri);
void server_uri_done(struct server_uri *uri);
#define auto_server_uri __attribute__((cleanup(server_uri_done)))

/* "db.example.org:5432@admin", the REST interface's notation. The caller frees; NULL when memory is out. */
char *server_uri_address(const struct server_uri *uri);
/* "db.example.org:5432", for the user. The caller frees; NULL when memory is out. */
char *server_uri_label(const struct server_uri *uri);

#endif
