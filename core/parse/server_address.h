/* SPDX-License-Identifier: MIT */
/* How users name a PostgreSQL server that is not a resource: host:port@user. The only reader of that form. */
#ifndef CORE_PARSE_SERVER_ADDRESS_H
#define CORE_PARSE_SERVER_ADDRESS_H

#include <stdbool.h>

struct server_address {
    char *host; /* without the brackets of an IPv6 address */
    int port;
    char *user;
};

/*
 * One host name or address: libpq would take a list ("a,b"), a path ("/tmp": a Unix socket, where a server
 * may trust anybody) and nothing at all (the same), and a client must not choose these.
 */
bool server_address_host_is_valid(const char *host);

/*
 * Reads "db.example.org:5432@admin" or "[::1]:5432@admin"; the user may contain '@'. False when the text has
 * another form, or when memory is out. Release with server_address_done() in both cases.
 */
bool server_address_parse(const char *text, struct server_address *ret_address);
void server_address_done(struct server_address *address);
#define auto_server_address __attribute__((cleanup(server_address_done)))

#endif
