/* SPDX-License-Identifier: MIT */
#include "server/connections/plain_http.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { METHOD_BYTES = 4, ANSWER_SIZE = 512 };

/* One TLS connection, until it is closed. */
struct watched {
    const char *http_url;
    int fd;
    bool began; /* the first bytes have been inspected */
};

/* A TLS record begins with a byte that is not a letter. */
static bool is_http(const char *bytes)
{
    static const char *const methods[] = {"GET ", "PUT ", "POST", "HEAD", "PATC", "DELE", "OPTI"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (memcmp(bytes, methods[i], METHOD_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void answer(const struct watched *watched)
{
    char body[ANSWER_SIZE / 2];
    char text[ANSWER_SIZE];
    int body_len =
        snprintf(body, sizeof(body),
                 "{\"error\":{\"code\":\"HttpsRequired\",\"message\":\"This is the HTTPS port, and the "
                 "request is plain HTTP. Use https:// here, or %s for plain HTTP.\"}}\n",
                 watched->http_url);
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\n"
                       "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                       body_len, body);
    if (len > 0 && (size_t)len < sizeof(text)) {
        (void)send(watched->fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* Reads the client's input, so that closing the socket does not discard the response. */
static void discard_input(int fd)
{
    char scratch[4096];
    for (int i = 0; i < 16 && recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) > 0; i++) {
    }
}

/* GnuTLS reads from the socket through this function. */
static ssize_t pull(gnutls_transport_ptr_t pointer, void *data, size_t size)
{
    struct watched *watched = pointer;
    char first[METHOD_BYTES];
    if (!watched->began) {
        ssize_t len = recv(watched->fd, first, sizeof(first), MSG_PEEK);
        if (len == METHOD_BYTES && is_http(first)) {
            answer(watched);
            discard_input(watched->fd);
            return 0; /* GnuTLS treats it as a closed connection */
        }
        watched->began = len > 0;
    }
    return recv(watched->fd, data, size, 0);
}

void *plain_http_watch(const char *http_url, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct watched *watched = socket == NULL || tls == NULL ? NULL : calloc(1, sizeof(*watched));
    if (watched == NULL) {
        return NULL; /* without it, plain HTTP is closed without a response */
    }
    watched->http_url = http_url;
    watched->fd = socket->connect_fd;
    gnutls_transport_ptr_t receive;
    gnutls_transport_ptr_t send_as_before;
    gnutls_transport_get_ptr2(tls->tls_session, &receive, &send_as_before);
    gnutls_transport_set_ptr2(tls->tls_session, watched, send_as_before);
    gnutls_transport_set_pull_function(tls->tls_session, pull);
    return watched;
}
