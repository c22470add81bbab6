/* SPDX-License-Identifier: MIT */
/* The open connections, and which of them must give way. The owner holds its lock for all of these. */
#ifndef SERVER_CONNECTIONS_VISITS_PRIVATE_H
#define SERVER_CONNECTIONS_VISITS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/connections/peer.h"

struct acceptor;

/* The phase of a connection. It is ended if it stays too long in a phase, but never while it works. */
enum visit_phase { VISIT_IDLE, VISIT_RECEIVING, VISIT_WORKING, VISIT_SENDING };

struct visit {
    struct acceptor *acceptor;
    struct visit *next;
    struct visit **from; /* points to this visit */
    size_t port;         /* index of the listener */
    bool tls;
    struct peer peer;
    int fd;
    enum visit_phase phase;
    int64_t since_ms;
    bool served; /* at least one request was completed */
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
 * Ends a connection of the port if a new one of this peer would exceed a limit: an idle one before one whose
 * client does not read, and that one before one whose client still sends. False if none can be ended.
 * Connections beyond the share of a loopback client remain free for probes, which also come from there. max:
 * for all peers together.
 */
bool visits_make_room(struct visits *visits, size_t port, const struct peer *peer, size_t max);
/* Ends connections that take too long to send a request, or to receive its response. */
void visits_end_late(struct visits *visits, int request_ms, int idle_ms);

#endif
