/* SPDX-License-Identifier: MIT */
/* The notation for a PostgreSQL server that is not a resource: host:port@user. Only this file parses it. */
#ifndef CORE_PARSE_SERVER_ADDRESS_H
#define CORE_PARSE_SERVER_ADDRESS_H

#include <stdbool.h>

struct server_address {
    char *host; /* without the brackets of an IPv6 address */
    int port;
    char *user;
};

/*
 * One host name or address. libpq would accept a list ("a,b"), a path ("/tmp": a Unix socket, where a
 * server may trust anybody) and an empty string (the same), which a client must not choose.
 */
bool server_address_host_is_valid(const char *host);

/*
 * Parses "db.example.org:5432@admin" or "[::1]:5432@admin"; the user may contain '@'. False if the text is
 * malformed or memory is out. Release with server_address_done() in both cases.
 */
bool server_address_parse(const char *text, struct server_address *ret_address);
void server_address_done(struct server_address *address);
#define auto_server_address __attribute__((cleanup(server_address_done)))

#endif
