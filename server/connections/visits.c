/* SPDX-License-Identifier: MIT */
#include "server/connections/visits_private.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "server/connections/refusal.h"

enum { PEER_CONNECTIONS_MIN = 8, UNREAD_MS = 250, LEFT_MS = 100 };

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

/* How readily a connection gives way; a smaller number goes first. */
enum rank {
    RANK_IDLE,
    RANK_UNREAD,    /* its client does not read the response */
    RANK_RECEIVING, /* its client has not yet sent a whole request */
    RANK_WAITING,   /* a request waits for the event loop */
    RANK_NEVER,
};

static bool has_input(const struct visit *visit)
{
    int bytes = 0;
    return ioctl(visit->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

/* A client that reads takes its response at once, unless the network is slow. */
static enum rank rank_of(const struct visit *visit, int64_t now_ms)
{
    switch (visit->phase) {
    case VISIT_IDLE:
        return has_input(visit) ? RANK_WAITING : RANK_IDLE;
    case VISIT_RECEIVING:
        return RANK_RECEIVING;
    case VISIT_SENDING:
        return now_ms - visit->since_ms >= UNREAD_MS ? RANK_UNREAD : RANK_NEVER;
    case VISIT_WORKING:
        break;
    }
    return RANK_NEVER;
}

/* The one to end first, the oldest of its rank. only: of this peer, or NULL. NULL: none may be ended. */
static struct visit *find_first(const struct visits *visits, size_t port, const struct peer *only)
{
    struct visit *first = NULL;
    enum rank least = RANK_NEVER;
    int64_t now_ms = clock_monotonic_ms();
    for (struct visit *visit = visits->first; visit != NULL; visit = visit->next) {
        if (visit->port != port || visit->ended || (only != NULL && !peer_equals(&visit->peer, only))) {
            continue;
        }
        enum rank rank = rank_of(visit, now_ms);
        if (rank < least || (rank == least && first != NULL && visit->since_ms < first->since_ms)) {
            first = visit;
            least = rank;
        }
    }
    return first;
}

struct census {
    size_t all, of_peer;
};

static struct census count_visits(const struct visits *visits, size_t port, const struct peer *peer)
{
    struct census census = {0};
    for (const struct visit *visit = visits->first; visit != NULL; visit = visit->next) {
        if (visit->port == port && !visit->ended) {
            census.all++;
            census.of_peer += peer_equals(&visit->peer, peer);
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
        struct visit *first = find_first(visits, port, peer);
        if (first != NULL) {
            end_visit(first);
            return true;
        }
        if (!peer_is_loopback(peer)) {
            return false;
        }
    }
    if (census.all < max) {
        return true;
    }
    struct visit *first = find_first(visits, port, NULL);
    if (first != NULL) {
        end_visit(first);
    }
    return first != NULL;
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

/* The event loop may miss the end of the stream if it came together with the request. */
static bool client_has_left(const struct visit *visit, int64_t now_ms)
{
    char byte;
    return visit->phase == VISIT_IDLE && visit->served && now_ms - visit->since_ms >= LEFT_MS &&
           recv(visit->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

void visits_end_late(struct visits *visits, int request_ms, int idle_ms)
{
    int64_t now = clock_monotonic_ms();
    for (struct visit *visit = visits->first; visit != NULL; visit = visit->next) {
        if (!visit->ended && client_has_left(visit, now)) {
            end_visit(visit);
        }
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
