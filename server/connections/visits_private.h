/* SPDX-License-Identifier: MIT */
/* The open connections, and which of them has to give way. The door holds its lock for all of these. */
#ifndef SERVER_CONNECTIONS_VISITS_PRIVATE_H
#define SERVER_CONNECTIONS_VISITS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/connections/peer.h"

struct door;

/* What a connection does. It is ended when it stays too long in a phase; never while it works. */
enum visit_phase { VISIT_IDLE, VISIT_RECEIVING, VISIT_WORKING, VISIT_SENDING };

struct visit {
    struct door *door;
    struct visit *next;
    struct visit **from; /* what points here */
    size_t port;         /* index of the listener */
    bool tls;
    struct peer peer;
    int fd;
    enum visit_phase phase;
    int64_t since_ms;
    bool served; /* a request came to its end */
    bool lingers;
    bool ended; /* shut down: the event loop will notice */
    void *kept;
};

/* All-zero: none. */
struct visits {
    struct visit *first;
};

struct visit *visits_find(const struct visits *visits, int fd);
/* NULL: no memory. */
struct visit *visits_add(struct visits *visits, size_t port, int fd, const struct peer *peer);
void visits_remove(struct visit *visit);
void visits_remove_all(struct visits *visits);

/*
 * Ends a connection of the port where a new one of this peer would be one too many. False when nobody can be
 * ended. What a loopback client cannot have beyond its share is still free for probes, which come from there,
 * too. max: of all peers together.
 */
bool visits_make_room(struct visits *visits, size_t port, const struct peer *peer, size_t max);
/* Ends those that take too long to send a request, or to take its answer. */
void visits_end_late(struct visits *visits, int request_ms, int idle_ms);

#endif
