/* SPDX-License-Identifier: MIT */
/*
 * The door: one thread that accepts connections, counts them per address, ends those that take too long, and
 * reads on for a while where an answer was given before the whole request had come.
 *
 * A visit is one connection, from accept() until its socket is closed. Whoever owns the door lends visits to
 * the event loops; every call is good from any thread.
 */
#ifndef SERVER_CONNECTIONS_DOOR_H
#define SERVER_CONNECTIONS_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "core/err.h"
#include "server/connections/listen.h"
#include "server/connections/peer.h"
#include "server/connections/visits_private.h"

struct door;

enum { DOOR_PORTS_MAX = 2 };

struct door_port {
    const struct listen_sockets *sockets; /* outlive the door */
    bool tls;                             /* no plain text may be sent on its connections */
    /* Takes a connection over, socket included. Its visit is known to door_visit() before. */
    void (*admit)(void *arg, int fd, const struct sockaddr *peer, socklen_t len);
    void *arg;
};

struct door_settings {
    struct door_port ports[DOOR_PORTS_MAX];
    size_t port_count;
    size_t connections_max; /* of each port */
    int request_ms;         /* to receive a request; to send its answer */
    int idle_ms;            /* between two requests, where bytes trickle */
};

int door_open(const struct door_settings *settings, struct err *err, struct door **ret_door);
/* Accepts nothing more, and returns when its thread has ended. Visits go on. Once only. */
void door_close(struct door *door);
/* After door_close(), when all visits have ended. NULL is fine. */
void door_free(struct door *door);

/* The visit of a socket that was admitted, or NULL. */
struct visit *door_visit(struct door *door, int fd);

/* NULL is fine for all of these. */
void visit_enter(struct visit *visit, enum visit_phase phase);
/* The answer comes before the whole request has: once the connection is closed on our side, the door reads
 * the rest and drops it, so that the client can read the answer. */
void visit_linger(struct visit *visit);
struct peer visit_peer(const struct visit *visit);
/* Hands over memory of malloc() that is freed with the visit. */
void visit_keep(struct visit *visit, void *memory);
/* The event loop is about to close the socket. Frees the visit. */
void visit_end(struct visit *visit);

#endif
