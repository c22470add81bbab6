/* SPDX-License-Identifier: MIT */
#include "engine/dump/dump_relay_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "engine/dump/server_message_private.h"

enum {
    IN_MAX_BYTES = 256 * 1024 * 1024,
    OUT_MAX_BYTES = 1024 * 1024 * 1024,
    CHUNK_BYTES = 65536,
    SEND_TIMEOUT_S = 30,
    LENGTH_BYTES = 4,
    SSL_REQUEST = 80877103,
    GSS_REQUEST = 80877104,
};

static const char *const parameters[DUMP_RELAY_PARAMETERS] = {
    "server_version",   "server_encoding",
    "client_encoding",  "is_superuser",
    "DateStyle",        "IntervalStyle",
    "TimeZone",         "session_authorization",
    "application_name", "standard_conforming_strings"};

/* ---- opening ---------------------------------------------------------------------------------------------
 */

static int fail_open(struct err *err, const char *what)
{
    return err_set(err, ERR_INTERNAL, "cannot %s for pg_dump: %s", what, strerrordesc_np(errno));
}

/* Through the open directory, because the path of a socket is limited in length and that of a data
 * directory is not. */
static int listen_in(struct dump_relay *relay, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    auto_fd int directory = open(relay->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    relay->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/.s.PGSQL.%d", directory,
             DUMP_RELAY_PORT);
    if (directory < 0 || relay->fd < 0 ||
        bind(relay->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(relay->fd, 1) != 0) {
        return fail_open(err, "listen");
    }
    return 0;
}

int dump_relay_open(struct pg *session, const char *parent, struct err *err, struct dump_relay *ret_relay)
{
    char id[ID_TEXT_SIZE];
    *ret_relay = (struct dump_relay){
        .session = session, .fd = -1, .in = BUF_MAX(IN_MAX_BYTES), .out = BUF_MAX(OUT_MAX_BYTES)};
    ret_relay->directory = str_format("%s/pg_dump-%s", parent, id_new(id));
    if (ret_relay->directory == NULL) {
        return err_no_memory(err);
    }
    return mkdir(ret_relay->directory, S_IRWXU) != 0 ? fail_open(err, "make a directory")
                                                     : listen_in(ret_relay, err);
}

static void end_connection(struct dump_relay *relay)
{
    if (relay->fd >= 0) {
        close(TAKE_FD(relay->fd));
    }
}

void dump_relay_close(struct dump_relay *relay)
{
    end_connection(relay);
    if (relay->directory != NULL) {
        auto_free char *path = str_format("%s/.s.PGSQL.%d", relay->directory, DUMP_RELAY_PORT);
        if (path != NULL) {
            unlink(path);
        }
        rmdir(relay->directory);
        free(relay->directory);
    }
    for (size_t i = 0; i < DUMP_RELAY_PARAMETERS; i++) {
        free(relay->sent_parameters[i]);
    }
    buf_done(&relay->in);
    buf_done(&relay->out);
    *relay = (struct dump_relay){.fd = -1};
}

/* ---- statements ------------------------------------------------------------------------------------------
 */

static void flush(struct dump_relay *relay)
{
    size_t sent = 0;
    bool failed = buf_failed(&relay->out);
    while (!failed && relay->fd >= 0 && sent < relay->out.len) {
        ssize_t count = send(relay->fd, relay->out.data + sent, relay->out.len - sent, MSG_NOSIGNAL);
        failed = count < 0 && errno != EINTR;
        sent += count > 0 ? (size_t)count : 0;
    }
    buf_reset(&relay->out);
    if (failed) {
        end_connection(relay);
    }
}

/* Like a server: at the beginning, and whenever a parameter has changed. */
static void send_parameters(struct dump_relay *relay)
{
    for (size_t i = 0; i < DUMP_RELAY_PARAMETERS; i++) {
        const char *value = PQparameterStatus(relay->session->connection, parameters[i]);
        if (value == NULL ||
            (relay->sent_parameters[i] != NULL && strcmp(relay->sent_parameters[i], value) == 0)) {
            continue;
        }
        free(relay->sent_parameters[i]);
        relay->sent_parameters[i] = str_dup(value);
        server_message_parameter(&relay->out, parameters[i], value);
    }
}

static void send_ready(struct dump_relay *relay)
{
    send_parameters(relay);
    server_message_ready(&relay->out, PQtransactionStatus(relay->session->connection));
    flush(relay);
}

static void note_failure(struct dump_relay *relay, const PGresult *result)
{
    if (!relay->failed) {
        relay->failed = true;
        pg_error(relay->session, result, &relay->failure, "%s", "");
    }
}

/* False: a result that pg_dump does not expect. */
static bool send_result(struct dump_relay *relay, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        server_message_rows(&relay->out, result);
        server_message_done(&relay->out, PQcmdStatus(result));
        return true;
    case PGRES_COMMAND_OK:
        server_message_done(&relay->out, PQcmdStatus(result));
        return true;
    case PGRES_EMPTY_QUERY:
        server_message_empty(&relay->out);
        return true;
    case PGRES_FATAL_ERROR:
        server_message_failure(&relay->out, result);
        note_failure(relay, result);
        return true;
    default:
        return false;
    }
}

/* Ends the session with an error, because pg_dump cannot use it any longer. */
static void fail_session(struct dump_relay *relay, const struct err *err)
{
    if (!relay->failed) {
        relay->failed = true;
        relay->failure = *err;
    }
    end_connection(relay);
}

static void run_statement(struct dump_relay *relay, const char *sql)
{
    struct err err = {0};
    /* Malachite's lock_timeout stays: it holds locks that others may wait for. */
    if (strcmp(sql, "SET lock_timeout = 0") == 0) {
        server_message_done(&relay->out, "SET");
        send_ready(relay);
        return;
    }
    if (!PQsendQuery(relay->session->connection, sql)) {
        pg_error(relay->session, NULL, &err, "while sending a statement");
        fail_session(relay, &err);
        return;
    }
    for (;;) {
        auto_result PGresult *result = NULL;
        if (pg_next_result(relay->session, 0, &err, &result) != 0) {
            fail_session(relay, &err);
            return;
        }
        if (result == NULL) {
            break;
        }
        if (!send_result(relay, result)) {
            err_set(&err, ERR_INTERNAL, "pg_dump sent a statement that its session cannot run.");
            pg_abandon(relay->session);
            fail_session(relay, &err);
            return;
        }
    }
    send_ready(relay);
}

/* ---- messages from pg_dump --------------------------------------------------------------------------------
 */

static uint32_t get32(const char *bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < LENGTH_BYTES; i++) {
        value = value << 8 | (unsigned char)bytes[i];
    }
    return value;
}

static void greet(struct dump_relay *relay, uint32_t code)
{
    if (code == SSL_REQUEST || code == GSS_REQUEST) {
        buf_addc(&relay->out, 'N');
        flush(relay);
        return;
    }
    relay->greeted = true;
    server_message_welcome(&relay->out);
    send_ready(relay);
}

/* The length of the first message that has arrived completely; 0: none has. */
static size_t next_message(const struct dump_relay *relay)
{
    size_t head = relay->greeted ? 1 : 0;   /* the first message has no type byte */
    if (relay->in.len < 2 * LENGTH_BYTES) { /* only Terminate is shorter, and it needs no answer */
        return 0;
    }
    size_t len = head + get32(relay->in.data + head);
    return len <= relay->in.len ? len : 0;
}

static void take_message(struct dump_relay *relay)
{
    const char *bytes = relay->in.data;
    if (!relay->greeted) {
        greet(relay, get32(bytes + LENGTH_BYTES));
    } else if (bytes[0] == 'Q') {
        run_statement(relay, bytes + 1 + LENGTH_BYTES);
    } else {
        end_connection(relay);
    }
}

static void take_messages(struct dump_relay *relay)
{
    for (size_t len; relay->fd >= 0 && (len = next_message(relay)) > 0;) {
        take_message(relay);
        relay->in.len -= len;
        memmove(relay->in.data, relay->in.data + len, relay->in.len);
    }
}

static void take_connection(struct dump_relay *relay)
{
    const struct timeval limit = {.tv_sec = SEND_TIMEOUT_S};
    int fd = accept4(relay->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    close(relay->fd);
    relay->fd = fd;
    relay->connected = true;
}

void dump_relay_serve(struct dump_relay *relay)
{
    char chunk[CHUNK_BYTES];
    if (!relay->connected) {
        take_connection(relay);
        return;
    }
    ssize_t got = recv(relay->fd, chunk, sizeof(chunk), 0);
    if (got < 0 && errno == EINTR) {
        return;
    }
    buf_add(&relay->in, chunk, got > 0 ? (size_t)got : 0);
    if (got <= 0 || buf_failed(&relay->in)) {
        end_connection(relay);
        return;
    }
    take_messages(relay);
}
