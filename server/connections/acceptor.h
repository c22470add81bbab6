/* SPDX-License-Identifier: MIT */
/*
 * The acceptor: one thread that accepts connections, counts them per address, ends those that take too
 * long, and keeps reading for a while if a response was sent before the whole request had arrived.
 *
 * A visit is one connection, from accept() until its socket is closed. Its owner lends visits to the event
 * loops; any thread may make every call.
 */
#ifndef SERVER_CONNECTIONS_ACCEPTOR_H
#define SERVER_CONNECTIONS_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "core/err.h"
#include "server/connections/listen.h"
#include "server/connections/peer.h"
#include "server/connections/visits_private.h"

struct acceptor;

enum { ACCEPTOR_PORTS_MAX = 2 };

struct acceptor_port {
    const struct listen_sockets *sockets; /* outlive the acceptor */
    bool tls;                             /* its connections must not send plain text */
    /* Takes ownership of a connection, including the socket. acceptor_visit() already knows its visit. */
    void (*admit)(void *arg, int fd, const struct sockaddr *peer, socklen_t len);
    void *arg;
};

struct acceptor_settings {
    struct acceptor_port ports[ACCEPTOR_PORTS_MAX];
    size_t port_count;
    size_t connections_max; /* of each port */
    int request_ms;         /* to receive a request; to send its response */
    int idle_ms;            /* between two requests, or while bytes trickle in */
};

/* *ret_acceptor is set before the first connection is admitted. */
int acceptor_open(const struct acceptor_settings *settings, struct err *err, struct acceptor **ret_acceptor);
/* Stops accepting, and returns when its thread has ended. Existing visits continue. Call it once. */
void acceptor_close(struct acceptor *acceptor);
/* Call it after acceptor_close(), when all visits have ended. NULL is fine. */
void acceptor_free(struct acceptor *acceptor);

/* The visit of an accepted socket, or NULL. */
struct visit *acceptor_visit(struct acceptor *acceptor, int fd);

/* NULL is fine for all of these. */
void visit_enter(struct visit *visit, enum visit_phase phase);
/* The response precedes the end of the request: once Malachite's side of the connection is closed, the
 * acceptor reads and discards the rest, so that the client can read the response. */
void visit_linger(struct visit *visit);
struct peer visit_peer(const struct visit *visit);
/* Hands over malloc() memory that is freed with the visit. */
void visit_keep(struct visit *visit, void *memory);
/* The event loop is about to close the socket. Frees the visit. */
void visit_end(struct visit *visit);

#endif
