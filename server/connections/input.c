/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd reads through recv(), and with TLS through gnutls_record_recv(). The definitions here replace
 * these functions, because the library offers no other way to see what a client has sent:
 *
 * - It keeps headers as C strings, so that a NUL byte cuts a path or a value: a proxy would see more of it
 *   than Malachite.
 * - It reads from a connection as soon as it is resumed. If the client has shut down its sending side by then
 *   (as "nc -N" does), it sees the end of the stream and closes the connection without the response (seen in
 *   0.9.75). For a held connection, the end of the stream is reported later.
 */
#include "server/connections/input.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

enum { WATCHED_MAX = 64 * 1024 }; /* descriptors beyond are not watched */

struct input {
    _Atomic bool plain, tls; /* neither: not a connection of a client */
    _Atomic bool held, has_nul;
};

static struct input inputs[WATCHED_MAX];

static struct input *input_of(int fd)
{
    return fd < 0 || fd >= WATCHED_MAX ? NULL : &inputs[fd];
}

static struct input *input_of_connection(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? NULL : input_of(info->connect_fd);
}

void input_watch(struct MHD_Connection *connection, bool tls)
{
    struct input *input = input_of_connection(connection);
    if (input != NULL) {
        input->held = false;
        input->has_nul = false;
        input->plain = !tls;
        input->tls = tls;
    }
}

void input_forget(struct MHD_Connection *connection)
{
    struct input *input = input_of_connection(connection);
    if (input != NULL) {
        input->held = false;
        input->plain = false;
        input->tls = false;
    }
}

void input_hold(struct MHD_Connection *connection, bool hold)
{
    struct input *input = input_of_connection(connection);
    if (input != NULL) {
        input->held = hold;
    }
}

bool input_has_nul(struct MHD_Connection *connection)
{
    const struct input *input = input_of_connection(connection);
    return input != NULL && input->has_nul;
}

static void note(struct input *input, const void *bytes, ssize_t len)
{
    if (len > 0 && memchr(bytes, '\0', (size_t)len) != NULL) {
        input->has_nul = true;
    }
}

typedef ssize_t recv_fn(int, void *, size_t, int);

static recv_fn *next_recv(void)
{
    static _Atomic(recv_fn *) found;
    if (found == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "recv");
        recv_fn *function = NULL;
        memcpy(&function, &symbol, sizeof(function));
        found = function;
    }
    return found;
}

/* For all libraries of this process; only connections of clients are watched. */
ssize_t recv(int fd, void *buf, size_t n, int flags)
{
    recv_fn *next = next_recv();
    if (next == NULL) {
        errno = ENOSYS;
        return -1;
    }
    ssize_t got = next(fd, buf, n, flags);
    struct input *input = input_of(fd);
    if (input == NULL) {
        return got;
    }
    if (got == 0 && n > 0 && input->held) {
        errno = EAGAIN;
        return -1;
    }
    if (input->plain) {
        note(input, buf, got);
    }
    return got;
}

typedef ssize_t record_recv_fn(gnutls_session_t, void *, size_t);

static record_recv_fn *next_record_recv(void)
{
    static _Atomic(record_recv_fn *) found;
    if (found == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "gnutls_record_recv");
        record_recv_fn *function = NULL;
        memcpy(&function, &symbol, sizeof(function));
        found = function;
    }
    return found;
}

/* The library sends to the socket itself: the transport for sending names it. */
static struct input *input_of_session(gnutls_session_t session)
{
    gnutls_transport_ptr_t receive;
    gnutls_transport_ptr_t send;
    gnutls_transport_get_ptr2(session, &receive, &send);
    return input_of((int)(intptr_t)send);
}

/* The decrypted bytes. */
ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t data_size)
{
    record_recv_fn *next = next_record_recv();
    if (next == NULL) {
        return GNUTLS_E_INTERNAL_ERROR;
    }
    ssize_t got = next(session, data, data_size);
    struct input *input = input_of_session(session);
    if (input != NULL && input->tls) {
        note(input, data, got);
    }
    return got;
}
