/* SPDX-License-Identifier: MIT */
/*
 * Sockets from which Malachite keeps reading for a while after the response. Closing a socket with unread
 * bytes resets the connection, and a client that is still sending would lose the response.
 */
#ifndef SERVER_CONNECTIONS_LINGER_PRIVATE_H
#define SERVER_CONNECTIONS_LINGER_PRIVATE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINGER_MAX = 64 };

struct lingerer {
    int fd;
    int64_t until_ms;
    uint64_t bytes;
};

/* All-zero: none. The caller holds a lock. */
struct lingerers {
    struct lingerer items[LINGER_MAX];
    size_t count;
};

/* Keeps the connection of a socket that the caller is about to close. False if there are too many. */
bool lingerers_add(struct lingerers *lingerers, int fd);
/* Fills the array for poll(); returns the number of entries, at most LINGER_MAX. */
size_t lingerers_watch(const struct lingerers *lingerers, struct pollfd *files);
/* Reads and discards input; closes sockets whose other side has closed, or whose budget of time or bytes
 * is spent. close_all: closes every one. Never blocks. */
void lingerers_serve(struct lingerers *lingerers, bool close_all);

#endif
