/* SPDX-License-Identifier: MIT */
/* Listening sockets, made by ourselves so that a port in use gives a message of our own. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "core/err.h"

/*
 * Binds address (numeric or a name) and port (0: any) and listens. ret_authority gets how clients on this
 * machine reach it, "127.0.0.1:8080" or "[::1]:8080", which the caller frees; ret_fd the socket,
 * close-on-exec and non-blocking. ERR_UNAVAILABLE when the address cannot be had.
 */
int listen_open(const char *address, int port, struct err *err, char **ret_authority, int *ret_fd);

/* The part of a URL for an address to connect to: brackets around IPv6, loopback for "any". The caller frees.
 */
char *listen_authority(const char *address, int port);

#endif
