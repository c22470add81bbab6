/* SPDX-License-Identifier: MIT */
#include "app/healthcheck_private.h"

#include <errno.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/serve_private.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "server/connections/listen.h"
#include "server/tls/file.h"

enum { TIMEOUT_MS = 3000, ANSWER_MAX = 64 * 1024, ENDPOINTS_MAX = 64 * 1024 };

static const char scheme[] = "http://";

/* "127.0.0.1:8080", which the caller frees. */
static int find_authority(const struct options *options, struct err *err, char **ret_authority)
{
    const char *file = options->endpoints_file;
    if (file[0] == '\0' && options->http_port == 0) {
        return err_set(err, ERR_BAD_INPUT, "give Malachite's address with --http-port or --endpoints-file");
    }
    if (file[0] == '\0') {
        *ret_authority = listen_authority(options->listen, options->http_port);
        return *ret_authority == NULL ? err_no_memory(err) : 0;
    }
    auto_free char *text = file_read(file, ENDPOINTS_MAX);
    json_auto_t *endpoints = text == NULL ? NULL : json_loads(text, 0, NULL);
    const char *url = json_string_value(json_object_get(endpoints, "http"));
    if (url == NULL || !str_istarts(url, scheme)) {
        return err_set(err, ERR_UNAVAILABLE, "no endpoints file at %s", file);
    }
    *ret_authority = str_dup(url + strlen(scheme));
    return *ret_authority == NULL ? err_no_memory(err) : 0;
}

static bool wait_for(int fd, short events, int64_t deadline_ms)
{
    struct pollfd waited = {.fd = fd, .events = events};
    int ready = 0;
    do {
        ready = poll(&waited, 1, clock_ms_left(deadline_ms));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Returns a connected, non-blocking socket, or -1. */
static int connect_to(const char *authority, int64_t deadline_ms)
{
    auto_free char *host = str_dup(authority);
    char *colon = host == NULL ? NULL : strrchr(host, ':');
    if (colon == NULL) {
        return -1;
    }
    *colon = '\0';
    size_t len = strlen(host);
    bool bracketed = host[0] == '[' && host[len - 1] == ']';
    host[bracketed ? len - 1 : len] = '\0';
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(bracketed ? host + 1 : host, colon + 1, &hints, &found) != 0) {
        return -1;
    }
    int connected = -1;
    for (const struct addrinfo *at = found; at != NULL && connected < 0; at = at->ai_next) {
        int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            continue;
        }
        int failure = connect(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
        socklen_t size = sizeof(failure);
        if (failure == EINPROGRESS && wait_for(fd, POLLOUT, deadline_ms)) {
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
        }
        if (failure == 0) {
            connected = fd;
        } else {
            close(fd);
        }
    }
    freeaddrinfo(found);
    return connected;
}

static bool send_text(int fd, const char *text, int64_t deadline_ms)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t sent = wait_for(fd, POLLOUT, deadline_ms) ? send(fd, text, len, MSG_NOSIGNAL) : -1;
        if (sent <= 0) {
            return false;
        }
        text += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Reads until the server closes. */
static void receive(int fd, int64_t deadline_ms, struct buf *ret_answer)
{
    char part[4096];
    while (wait_for(fd, POLLIN, deadline_ms)) {
        ssize_t got = recv(fd, part, sizeof(part), 0);
        if (got <= 0) {
            return;
        }
        buf_add(ret_answer, part, (size_t)got);
    }
}

/* The status of the response to GET /_malachite/ready, or 0. */
static int query_ready(const char *authority)
{
    int64_t deadline_ms = clock_monotonic_ms() + TIMEOUT_MS;
    auto_free char *request =
        str_format("GET /_malachite/ready HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", authority);
    int fd = request == NULL ? -1 : connect_to(authority, deadline_ms);
    if (fd < 0) {
        return 0;
    }
    auto_buf struct buf answer = BUF_MAX(ANSWER_MAX);
    if (send_text(fd, request, deadline_ms)) {
        receive(fd, deadline_ms, &answer);
    }
    close(fd);
    static const char start[] = "HTTP/1.1 ";
    int64_t status = 0;
    const char *text = buf_text(&answer);
    if (str_istarts(text, start) && strlen(text) > sizeof(start) + 2) {
        auto_free char *digits = strndup(text + sizeof(start) - 1, 3);
        (void)str_to_int(digits, 100, 599, &status);
    }
    return (int)status;
}

int healthcheck(const struct options *options)
{
    auto_free char *authority = NULL;
    struct err err = {0};
    if (find_authority(options, &err, &authority) < 0) {
        fprintf(stderr, "malachite: %s\n", err.message);
        return err.code == ERR_BAD_INPUT ? EXIT_USAGE : EXIT_UNHEALTHY;
    }
    int status = query_ready(authority);
    if (status == 200) {
        puts("ready");
        return EXIT_CLEAN;
    }
    if (status == 0) {
        printf("no answer from %s\n", authority);
    } else {
        printf("not ready: %d\n", status);
    }
    return EXIT_UNHEALTHY;
}
