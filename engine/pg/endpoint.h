/* SPDX-License-Identifier: MIT */
/* The address of one PostgreSQL server, and its name in messages. */
#ifndef ENGINE_PG_ENDPOINT_H
#define ENGINE_PG_ENDPOINT_H

#include <stdbool.h>

struct endpoint {
    char *host; /* name, address, or the directory of a Unix socket */
    int port;
    char *user;
    char *password;        /* or NULL; never logged, never on a command line */
    char *sslmode;         /* libpq's word ("prefer", "verify-full"), or NULL for libpq's default */
    char *label;           /* for messages: "source server 'shop' (127.0.0.1:5432)" */
    char *server;          /* its name as a resource, or NULL */
    int connect_timeout_s; /* 0: 10 seconds */
};

void endpoint_done(struct endpoint *endpoint);
/* Replaces the contents of "to". False when memory is out; then "to" is unchanged. */
bool endpoint_copy(struct endpoint *to, const struct endpoint *from);

#define auto_endpoint __attribute__((cleanup(endpoint_done)))

#endif
