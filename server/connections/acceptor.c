/* SPDX-License-Identifier: MIT */
/*
 * The event loops never get more connections than they can serve: for each additional one, the acceptor
 * ends the connection that has been idle for longest, or the slowest sender. A health probe sends its few
 * bytes at once, so it is served however many connections a client holds open.
 */
#include "server/connections/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/log.h"
#include "server/connections/linger_private.h"
#include "server/connections/refusal.h"

enum {
    TICK_MS = 250,
    ACCEPTS_PER_TURN = 64,
    OUT_OF_FILES_MS = 20,
};

struct acceptor {
    struct acceptor_settings settings;
    pthread_t thread;
    int wake_fd;
    pthread_mutex_t mutex; /* what follows */
    struct visits visits;
    bool closing;
    struct lingerers lingerers;
};

static void wake(struct acceptor *acceptor)
{
    const uint64_t one = 1;
    (void)!write(acceptor->wake_fd, &one, sizeof(one));
}

static void accept_one(struct acceptor *acceptor, const struct acceptor_port *port, int fd,
                       const struct sockaddr *name, socklen_t len)
{
    struct peer peer = peer_of(name);
    size_t index = (size_t)(port - acceptor->settings.ports);
    pthread_mutex_lock(&acceptor->mutex);
    bool room = visits_make_room(&acceptor->visits, index, &peer, acceptor->settings.connections_max);
    struct visit *visit = room ? visits_add(&acceptor->visits, index, fd, &peer) : NULL;
    if (visit != NULL) {
        visit->acceptor = acceptor;
        visit->tls = port->tls;
    }
    pthread_mutex_unlock(&acceptor->mutex);
    if (visit != NULL) {
        port->admit(port->arg, fd, name, len);
        return;
    }
    if (!port->tls) {
        refusal_send(fd, ERR_UNAVAILABLE, "Too many connections are open. Retry later.");
    }
    close(fd);
}

static void accept_some(struct acceptor *acceptor, const struct acceptor_port *port, int listening)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage name = {0};
        socklen_t len = sizeof(name);
        struct sockaddr *any = (struct sockaddr *)(void *)&name;
        int fd = accept4(listening, any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_one(acceptor, port, fd, any, len);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log_event(LOG_WARNING, "cannot accept connections", "reason", strerror(errno), NULL);
            clock_sleep_ms(OUT_OF_FILES_MS);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

struct watch {
    struct pollfd files[1 + ACCEPTOR_PORTS_MAX * LISTEN_SOCKETS_MAX + LINGER_MAX];
    const struct acceptor_port *ports[1 + ACCEPTOR_PORTS_MAX * LISTEN_SOCKETS_MAX];
    size_t listening; /* index of the first that does not listen */
    size_t count;
};

static void watch_listeners(const struct acceptor *acceptor, struct watch *watch)
{
    watch->files[0] = (struct pollfd){.fd = acceptor->wake_fd, .events = POLLIN};
    watch->listening = 1;
    for (size_t i = 0; i < acceptor->settings.port_count; i++) {
        const struct acceptor_port *port = &acceptor->settings.ports[i];
        for (size_t k = 0; k < port->sockets->count; k++) {
            watch->ports[watch->listening] = port;
            watch->files[watch->listening++] = (struct pollfd){.fd = port->sockets->fds[k], .events = POLLIN};
        }
    }
}

/* Does housekeeping, and determines what to wait for next. False: it closes. */
static bool begin_turn(struct acceptor *acceptor, struct watch *watch, int *ret_timeout_ms)
{
    pthread_mutex_lock(&acceptor->mutex);
    lingerers_serve(&acceptor->lingerers, acceptor->closing);
    visits_end_late(&acceptor->visits, acceptor->settings.request_ms, acceptor->settings.idle_ms);
    watch->count = watch->listening + lingerers_watch(&acceptor->lingerers, watch->files + watch->listening);
    *ret_timeout_ms = acceptor->visits.first == NULL && watch->count == watch->listening ? -1 : TICK_MS;
    bool closing = acceptor->closing;
    pthread_mutex_unlock(&acceptor->mutex);
    return !closing;
}

static void *run_acceptor(void *arg)
{
    struct acceptor *acceptor = arg;
    struct watch watch = {0};
    watch_listeners(acceptor, &watch);
    int timeout_ms = 0;
    while (begin_turn(acceptor, &watch, &timeout_ms)) {
        if (poll(watch.files, watch.count, timeout_ms) <= 0) {
            continue;
        }
        uint64_t woken = 0;
        if (watch.files[0].revents != 0) {
            (void)!read(acceptor->wake_fd, &woken, sizeof(woken));
        }
        for (size_t i = 1; i < watch.listening; i++) {
            if ((watch.files[i].revents & POLLIN) != 0) {
                accept_some(acceptor, watch.ports[i], watch.files[i].fd);
            }
        }
    }
    return NULL;
}

int acceptor_open(const struct acceptor_settings *settings, struct err *err, struct acceptor **ret_acceptor)
{
    struct acceptor *acceptor = calloc(1, sizeof(*acceptor));
    if (acceptor == NULL) {
        return err_no_memory(err);
    }
    acceptor->settings = *settings;
    pthread_mutex_init(&acceptor->mutex, NULL);
    acceptor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Set before the thread admits a connection: its event loop asks the owner's acceptor for the visit. */
    *ret_acceptor = acceptor;
    int failure =
        acceptor->wake_fd < 0 ? errno : pthread_create(&acceptor->thread, NULL, run_acceptor, acceptor);
    if (failure != 0) {
        *ret_acceptor = NULL;
        acceptor_free(acceptor);
        return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failure));
    }
    return 0;
}

void acceptor_close(struct acceptor *acceptor)
{
    pthread_mutex_lock(&acceptor->mutex);
    acceptor->closing = true;
    pthread_mutex_unlock(&acceptor->mutex);
    wake(acceptor);
    pthread_join(acceptor->thread, NULL);
}

void acceptor_free(struct acceptor *acceptor)
{
    if (acceptor == NULL) {
        return;
    }
    visits_remove_all(&acceptor->visits);
    if (acceptor->wake_fd >= 0) {
        close(acceptor->wake_fd);
    }
    pthread_mutex_destroy(&acceptor->mutex);
    free(acceptor);
}

struct visit *acceptor_visit(struct acceptor *acceptor, int fd)
{
    pthread_mutex_lock(&acceptor->mutex);
    struct visit *visit = visits_find(&acceptor->visits, fd);
    pthread_mutex_unlock(&acceptor->mutex);
    return visit;
}

void visit_enter(struct visit *visit, enum visit_phase phase)
{
    if (visit == NULL) {
        return;
    }
    pthread_mutex_lock(&visit->acceptor->mutex);
    visit->served = visit->served || (phase == VISIT_IDLE && visit->phase == VISIT_SENDING);
    visit->phase = phase;
    visit->since_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&visit->acceptor->mutex);
}

void visit_linger(struct visit *visit)
{
    if (visit != NULL) {
        pthread_mutex_lock(&visit->acceptor->mutex);
        visit->lingers = true;
        pthread_mutex_unlock(&visit->acceptor->mutex);
    }
}

struct peer visit_peer(const struct visit *visit)
{
    return visit == NULL ? (struct peer){0} : visit->peer;
}

void visit_keep(struct visit *visit, void *memory)
{
    if (visit == NULL) {
        free(memory);
    } else {
        visit->kept = memory;
    }
}

void visit_end(struct visit *visit)
{
    if (visit == NULL) {
        return;
    }
    struct acceptor *acceptor = visit->acceptor;
    pthread_mutex_lock(&acceptor->mutex);
    bool lingers = visit->lingers && !acceptor->closing && lingerers_add(&acceptor->lingerers, visit->fd);
    visits_remove(visit);
    pthread_mutex_unlock(&acceptor->mutex);
    if (lingers) {
        wake(acceptor);
    }
}
