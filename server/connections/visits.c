/* SPDX-License-Identifier: MIT */
#include "server/connections/visits_private.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "server/connections/refusal.h"

enum { PEER_CONNECTIONS_MIN = 8 };

/* The event loop notices this and closes the socket. */
static void end_visit(struct visit *visit)
{
    visit->ended = true;
    shutdown(visit->fd, SHUT_RDWR);
}

void visits_remove(struct visit *visit)
{
    *visit->from = visit->next;
    if (visit->next != NULL) {
        visit->next->from = visit->from;
    }
    free(visit->kept);
    free(visit);
}

struct visit *visits_find(const struct visits *visits, int fd)
{
    struct visit *visit = visits->first;
    while (visit != NULL && visit->fd != fd) {
        visit = visit->next;
    }
    return visit;
}

struct visit *visits_add(struct visits *visits, size_t port, int fd, const struct peer *peer)
{
    struct visit *old = visits_find(visits, fd);
    if (old != NULL) {
        visits_remove(old); /* the event loop has closed the socket without notice */
    }
    struct visit *visit = calloc(1, sizeof(*visit));
    if (visit != NULL) {
        *visit = (struct visit){.next = visits->first,
                                .from = &visits->first,
                                .port = port,
                                .peer = *peer,
                                .fd = fd,
                                .since_ms = clock_monotonic_ms()};
        if (visit->next != NULL) {
            visit->next->from = &visit->next;
        }
        visits->first = visit;
    }
    return visit;
}

static bool may_end(const struct visit *visit)
{
    return !visit->ended && (visit->phase == VISIT_IDLE || visit->phase == VISIT_RECEIVING);
}

/* Idle ones go before those that are sending a request, older ones before younger ones. */
static bool goes_before(const struct visit *a, const struct visit *b)
{
    if (b == NULL || a->phase != b->phase) {
        return b == NULL || a->phase == VISIT_IDLE;
    }
    return a->since_ms < b->since_ms;
}

struct census {
    size_t all, of_peer;
    struct visit *first, *first_of_peer; /* whom to end first */
};

static struct census count_visits(const struct visits *visits, size_t port, const struct peer *peer)
{
    struct census census = {0};
    for (struct visit *visit = visits->first; visit != NULL; visit = visit->next) {
        if (visit->port != port || visit->ended) {
            continue;
        }
        bool same = peer_equals(&visit->peer, peer);
        census.all++;
        census.of_peer += same;
        if (may_end(visit) && goes_before(visit, census.first)) {
            census.first = visit;
        }
        if (same && may_end(visit) && goes_before(visit, census.first_of_peer)) {
            census.first_of_peer = visit;
        }
    }
    return census;
}

/* A quarter of all for one address; all but a sixteenth for loopback. */
static size_t peer_max(const struct peer *peer, size_t all)
{
    size_t some = peer_is_loopback(peer) ? all - all / 16 : all / 4;
    return some < PEER_CONNECTIONS_MIN ? PEER_CONNECTIONS_MIN : some;
}

bool visits_make_room(struct visits *visits, size_t port, const struct peer *peer, size_t max)
{
    struct census census = count_visits(visits, port, peer);
    if (census.of_peer >= peer_max(peer, max)) {
        if (census.first_of_peer != NULL) {
            end_visit(census.first_of_peer);
            return true;
        }
        if (!peer_is_loopback(peer)) {
            return false;
        }
    }
    if (census.all < max) {
        return true;
    }
    if (census.first != NULL) {
        end_visit(census.first);
    }
    return census.first != NULL;
}

static int64_t allowed_ms(const struct visit *visit, int request_ms, int idle_ms)
{
    switch (visit->phase) {
    case VISIT_IDLE:
        return visit->served ? (int64_t)idle_ms + request_ms : request_ms;
    case VISIT_RECEIVING:
    case VISIT_SENDING:
        return request_ms;
    case VISIT_WORKING:
        break;
    }
    return INT64_MAX;
}

void visits_end_late(struct visits *visits, int request_ms, int idle_ms)
{
    int64_t now = clock_monotonic_ms();
    for (struct visit *visit = visits->first; visit != NULL; visit = visit->next) {
        if (visit->ended || now - visit->since_ms < allowed_ms(visit, request_ms, idle_ms)) {
            continue;
        }
        if (visit->phase == VISIT_RECEIVING && !visit->tls) {
            refusal_send(visit->fd, ERR_REQUEST_TIMEOUT,
                         "The time allowed for sending the request is over (--request-timeout).");
        }
        end_visit(visit);
    }
}

void visits_remove_all(struct visits *visits)
{
    while (visits->first != NULL) {
        visits_remove(visits->first);
    }
}
