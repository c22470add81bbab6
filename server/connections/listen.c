/* SPDX-License-Identifier: MIT */
#include "server/connections/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/str_list.h"
#include "server/connections/peer.h"

enum { FREE_PORT_TRIES = 50 };

char *listen_authority(const char *addresses, int port)
{
    auto_str_list struct str_list list = {0};
    if (!str_list_add_items(&list, addresses)) {
        return NULL;
    }
    const char *address = list.count == 0 ? "127.0.0.1" : list.items[0];
    if (strcmp(address, "0.0.0.0") == 0) {
        return str_format("127.0.0.1:%d", port);
    }
    if (strcmp(address, "::") == 0) {
        return str_format("[::1]:%d", port);
    }
    return str_format(strchr(address, ':') == NULL ? "%s:%d" : "[%s]:%d", address, port);
}

/* Returns the socket, or -1 with errno. If it is one of several, an IPv6 socket leaves IPv4 to the others. */
static int bind_one(const struct addrinfo *at, bool one_of_several)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (at->ai_family == AF_INET6 && one_of_several) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
        return fd;
    }
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

static void note_bound(int fd, struct listen_sockets *sockets)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = {0};
    socklen_t len = sizeof(name);
    if (getsockname(fd, &name.any, &len) == 0) {
        struct peer self = peer_of(&name.any);
        sockets->port = ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
        sockets->beyond_loopback = sockets->beyond_loopback || !peer_is_loopback(&self);
    }
    sockets->fds[sockets->count++] = fd;
}

static int fail(struct err *err, const char *address, int port, int failure)
{
    if (failure == EADDRINUSE) {
        return err_set(
            err, ERR_UNAVAILABLE,
            "port %d on %s is in use by another program: stop it (make demo-stop ends the demo), or choose "
            "another port with --http-port or --https-port (0 picks a free one), or other addresses with "
            "--listen",
            port, address);
    }
    return err_set(err, ERR_UNAVAILABLE, "cannot listen on %s port %d: %s", address, port, strerror(failure));
}

/* Binds one address of the list. Returns 0, -1 with err, or the errno for the caller to handle. */
static int bind_address(const char *address, bool one_of_several, struct err *err,
                        struct listen_sockets *sockets)
{
    char service[16];
    snprintf(service, sizeof(service), "%d", sockets->port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(address, service, &hints, &found);
    if (failure != 0) {
        return err_set(err, ERR_UNAVAILABLE, "cannot listen on '%s': %s", address, gai_strerror(failure));
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = bind_one(at, one_of_several);
    }
    int bind_error = errno;
    freeaddrinfo(found);
    if (fd < 0) {
        return bind_error;
    }
    note_bound(fd, sockets);
    return 0;
}

/* A machine without IPv6 has no ::1. */
static bool may_lack(const char *address, int failure, const struct str_list *list)
{
    return list->count > 1 && strcmp(address, "::1") == 0 &&
           (failure == EADDRNOTAVAIL || failure == EAFNOSUPPORT);
}

/* Returns 0, -1 with err, or EADDRINUSE if the free port of the first address is in use on another one. */
static int bind_all(const struct str_list *list, int port, struct err *err, struct listen_sockets *sockets)
{
    *sockets = (struct listen_sockets){.port = port};
    for (size_t i = 0; i < list->count; i++) {
        const char *address = list->items[i];
        int failure = bind_address(address, list->count > 1, err, sockets);
        if (failure == EADDRINUSE && port == 0 && sockets->count > 0) {
            return failure;
        }
        if (failure > 0 && may_lack(address, failure, list)) {
            log_event(LOG_DEBUG, "this machine has no such address", "address", address, NULL);
        } else if (failure != 0) {
            return failure < 0 ? -1 : fail(err, address, sockets->port, failure);
        }
    }
    return sockets->count > 0 ? 0 : err_set(err, ERR_UNAVAILABLE, "--listen names no address");
}

int listen_open(const char *addresses, int port, struct err *err, struct listen_sockets *ret_sockets)
{
    auto_str_list struct str_list list = {0};
    if (!str_list_add_items(&list, addresses)) {
        return err_no_memory(err);
    }
    if (list.count > LISTEN_SOCKETS_MAX) {
        return err_set(err, ERR_UNAVAILABLE, "--listen names more than %d addresses", LISTEN_SOCKETS_MAX);
    }
    struct listen_sockets sockets = {0};
    int result = EADDRINUSE;
    for (int i = 0; i < FREE_PORT_TRIES && result == EADDRINUSE; i++) {
        listen_close(&sockets);
        result = bind_all(&list, port, err, &sockets);
    }
    if (result != 0) {
        listen_close(&sockets);
        return result < 0 ? -1 : fail(err, addresses, port, result);
    }
    *ret_sockets = sockets;
    return 0;
}

void listen_close(struct listen_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        close(sockets->fds[i]);
    }
    sockets->count = 0;
}
