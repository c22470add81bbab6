/* SPDX-License-Identifier: MIT */
/*
 * The event loops never see more connections than they promise to serve: one too many makes the door end the
 * one that has been idle for longest, or the slowest sender. A health probe sends its few bytes at once, so
 * it is served however many connections somebody holds open.
 */
#include "server/connections/door.h"

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

struct door {
    struct door_settings settings;
    pthread_t thread;
    int wake_fd;
    pthread_mutex_t mutex; /* what follows */
    struct visits visits;
    bool closing;
    struct lingerers lingerers;
};

static void wake(struct door *door)
{
    const uint64_t one = 1;
    (void)!write(door->wake_fd, &one, sizeof(one));
}

static void accept_one(struct door *door, const struct door_port *port, int fd, const struct sockaddr *name,
                       socklen_t len)
{
    struct peer peer = peer_of(name);
    size_t index = (size_t)(port - door->settings.ports);
    pthread_mutex_lock(&door->mutex);
    bool room = visits_make_room(&door->visits, index, &peer, door->settings.connections_max);
    struct visit *visit = room ? visits_add(&door->visits, index, fd, &peer) : NULL;
    if (visit != NULL) {
        visit->door = door;
        visit->tls = port->tls;
    }
    pthread_mutex_unlock(&door->mutex);
    if (visit != NULL) {
        port->admit(port->arg, fd, name, len);
        return;
    }
    if (!port->tls) {
        refusal_send(fd, ERR_UNAVAILABLE, "Too many connections are open. Retry later.");
    }
    close(fd);
}

static void accept_some(struct door *door, const struct door_port *port, int listening)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage name = {0};
        socklen_t len = sizeof(name);
        struct sockaddr *any = (struct sockaddr *)(void *)&name;
        int fd = accept4(listening, any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_one(door, port, fd, any, len);
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
    struct pollfd files[1 + DOOR_PORTS_MAX * LISTEN_SOCKETS_MAX + LINGER_MAX];
    const struct door_port *ports[1 + DOOR_PORTS_MAX * LISTEN_SOCKETS_MAX];
    size_t listening; /* index of the first that does not listen */
    size_t count;
};

static void watch_listeners(const struct door *door, struct watch *watch)
{
    watch->files[0] = (struct pollfd){.fd = door->wake_fd, .events = POLLIN};
    watch->listening = 1;
    for (size_t i = 0; i < door->settings.port_count; i++) {
        const struct door_port *port = &door->settings.ports[i];
        for (size_t k = 0; k < port->sockets->count; k++) {
            watch->ports[watch->listening] = port;
            watch->files[watch->listening++] = (struct pollfd){.fd = port->sockets->fds[k], .events = POLLIN};
        }
    }
}

/* Housekeeping, and what to wait for next. False: the door closes. */
static bool begin_turn(struct door *door, struct watch *watch, int *ret_timeout_ms)
{
    pthread_mutex_lock(&door->mutex);
    lingerers_serve(&door->lingerers, door->closing);
    visits_end_late(&door->visits, door->settings.request_ms, door->settings.idle_ms);
    watch->count = watch->listening + lingerers_watch(&door->lingerers, watch->files + watch->listening);
    *ret_timeout_ms = door->visits.first == NULL && watch->count == watch->listening ? -1 : TICK_MS;
    bool closing = door->closing;
    pthread_mutex_unlock(&door->mutex);
    return !closing;
}

static void *run_door(void *arg)
{
    struct door *door = arg;
    struct watch watch = {0};
    watch_listeners(door, &watch);
    int timeout_ms = 0;
    while (begin_turn(door, &watch, &timeout_ms)) {
        if (poll(watch.files, watch.count, timeout_ms) <= 0) {
            continue;
        }
        uint64_t woken = 0;
        if (watch.files[0].revents != 0) {
            (void)!read(door->wake_fd, &woken, sizeof(woken));
        }
        for (size_t i = 1; i < watch.listening; i++) {
            if ((watch.files[i].revents & POLLIN) != 0) {
                accept_some(door, watch.ports[i], watch.files[i].fd);
            }
        }
    }
    return NULL;
}

int door_open(const struct door_settings *settings, struct err *err, struct door **ret_door)
{
    struct door *door = calloc(1, sizeof(*door));
    if (door == NULL) {
        return err_no_memory(err);
    }
    door->settings = *settings;
    pthread_mutex_init(&door->mutex, NULL);
    door->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failure = door->wake_fd < 0 ? errno : pthread_create(&door->thread, NULL, run_door, door);
    if (failure != 0) {
        door_free(door);
        return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failure));
    }
    *ret_door = door;
    return 0;
}

void door_close(struct door *door)
{
    pthread_mutex_lock(&door->mutex);
    door->closing = true;
    pthread_mutex_unlock(&door->mutex);
    wake(door);
    pthread_join(door->thread, NULL);
}

void door_free(struct door *door)
{
    if (door == NULL) {
        return;
    }
    visits_remove_all(&door->visits);
    if (door->wake_fd >= 0) {
        close(door->wake_fd);
    }
    pthread_mutex_destroy(&door->mutex);
    free(door);
}

struct visit *door_visit(struct door *door, int fd)
{
    pthread_mutex_lock(&door->mutex);
    struct visit *visit = visits_find(&door->visits, fd);
    pthread_mutex_unlock(&door->mutex);
    return visit;
}

void visit_enter(struct visit *visit, enum visit_phase phase)
{
    if (visit == NULL) {
        return;
    }
    pthread_mutex_lock(&visit->door->mutex);
    visit->served = visit->served || (phase == VISIT_IDLE && visit->phase == VISIT_SENDING);
    visit->phase = phase;
    visit->since_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&visit->door->mutex);
}

void visit_linger(struct visit *visit)
{
    if (visit != NULL) {
        pthread_mutex_lock(&visit->door->mutex);
        visit->lingers = true;
        pthread_mutex_unlock(&visit->door->mutex);
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
    struct door *door = visit->door;
    pthread_mutex_lock(&door->mutex);
    bool lingers = visit->lingers && !door->closing && lingerers_add(&door->lingerers, visit->fd);
    visits_remove(visit);
    pthread_mutex_unlock(&door->mutex);
    if (lingers) {
        wake(door);
    }
}
