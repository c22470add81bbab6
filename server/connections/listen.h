/* SPDX-License-Identifier: MIT */
/* Listening sockets, which Malachite opens itself to give its own message for a port in use. */
#ifndef SERVER_CONNECTIONS_LISTEN_H
#define SERVER_CONNECTIONS_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum { LISTEN_SOCKETS_MAX = 16 };

/* The sockets of one port, one per address; close-on-exec and non-blocking. */
struct listen_sockets {
    int fds[LISTEN_SOCKETS_MAX];
    size_t count;
    int port;
    bool beyond_loopback; /* other machines can reach at least one of them */
};

/*
 * Binds every address of the list ("127.0.0.1,::1", numeric or names) to the same port (0: any free one)
 * and listens. Without IPv6, "::1" is left out of a longer list. ERR_UNAVAILABLE if an address cannot be
 * bound.
 */
int listen_open(const char *addresses, int port, struct err *err, struct listen_sockets *ret_sockets);
void listen_close(struct listen_sockets *sockets);

/* The host and port of a URL by which clients on this machine reach the first address of the list:
 * "127.0.0.1:8080", brackets around IPv6, loopback for "any". The caller frees. */
char *listen_authority(const char *addresses, int port);

#endif
