/* SPDX-License-Identifier: MIT */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"

char *listen_authority(const char *address, int port)
{
    if (strcmp(address, "0.0.0.0") == 0) {
        return str_format("127.0.0.1:%d", port);
    }
    if (strcmp(address, "::") == 0) {
        return str_format("[::1]:%d", port);
    }
    return str_format(strchr(address, ':') == NULL ? "%s:%d" : "[%s]:%d", address, port);
}

/* Returns the socket, or -1 with errno. */
static int bind_one(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
        return fd;
    }
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

static int bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = {0};
    socklen_t len = sizeof(name);
    if (getsockname(fd, &name.any, &len) < 0) {
        return 0;
    }
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

static int fail(struct err *err, const char *address, int port)
{
    if (errno == EADDRINUSE) {
        return err_set(
            err, ERR_UNAVAILABLE,
            "port %d on %s is in use by another program: stop it (make demo-stop ends the demo), or choose "
            "another port with --http-port or --https-port (0 picks a free one)",
            port, address);
    }
    return err_set(err, ERR_UNAVAILABLE, "cannot listen on %s port %d: %s", address, port, strerror(errno));
}

int listen_open(const char *address, int port, struct err *err, char **ret_authority, int *ret_fd)
{
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(address, service, &hints, &found);
    if (failure != 0) {
        return err_set(err, ERR_UNAVAILABLE, "cannot listen on '%s': %s", address, gai_strerror(failure));
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = bind_one(at);
    }
    int bind_error = errno;
    freeaddrinfo(found);
    if (fd < 0) {
        errno = bind_error;
        return fail(err, address, port);
    }
    char *authority = listen_authority(address, bound_port(fd));
    if (authority == NULL) {
        close(fd);
        return err_no_memory(err);
    }
    *ret_authority = authority;
    *ret_fd = fd;
    return 0;
}
