/* SPDX-License-Identifier: MIT */
/*
 * A stream has two owners: to its response, whose reader runs on an event loop, and to its wait, which fills
 * the text. The last one frees it.
 */
#include "server/stream.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/change.h"
#include "core/clock.h"
#include "server/reply.h"
#include "server/stream_private.h"

enum {
    STREAMS_MAX = 64,
    TEXT_MAX = 1024 * 1024,
    HEARTBEAT_MS = 15000, /* proxies and clients close connections that are silent for a minute */
    BLOCK_SIZE = 16 * 1024,
};

static _Atomic int open_streams;

struct stream {
    struct wait wait;
    struct stream_source source;
    struct MHD_Connection *connection;
    struct visit *visit;   /* used by the reader only */
    pthread_mutex_t mutex; /* of the members below */
    int owners;
    struct buf text;
    size_t sent;
    int64_t written_ms;
    bool suspended;
    bool ended;  /* nothing more is sent */
    bool closed; /* the response is gone */
};

static void release(struct stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    bool last = --stream->owners == 0;
    pthread_mutex_unlock(&stream->mutex);
    if (last) {
        stream->source.done(stream->source.state);
        buf_done(&stream->text);
        pthread_mutex_destroy(&stream->mutex);
        free(stream);
        atomic_fetch_sub(&open_streams, 1);
    }
}

void reply_stream(struct request *request, const char *content_type, const struct stream_source *source)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL || atomic_fetch_add(&open_streams, 1) >= STREAMS_MAX) {
        if (stream != NULL) {
            atomic_fetch_sub(&open_streams, 1);
            free(stream);
        }
        source->done(source->state);
        reply_header(request, "Retry-After", "1");
        reply_fail(request, ERR_UNAVAILABLE, "%d event streams are open already. Close one, then retry.",
                   STREAMS_MAX);
        return;
    }
    stream->source = *source;
    stream->owners = 1;
    stream->text = (struct buf)BUF_MAX(TEXT_MAX);
    pthread_mutex_init(&stream->mutex, NULL);
    request->stream = stream;
    request->stream_discard = release;
    reply_header(request, "Cache-Control", "no-store");
    reply_text(request, 200, content_type, "", 0);
}

/* Lets the reader run again. Call it with the mutex held. */
static void resume(struct stream *stream)
{
    if (stream->suspended) {
        stream->suspended = false;
        MHD_resume_connection(stream->connection);
    }
}

/* MHD_ContentReaderCallback. A phase of the visit that waits for the client has a time limit. */
static ssize_t read_text(void *closure, uint64_t position, char *target, size_t max)
{
    (void)position;
    struct stream *stream = closure;
    ssize_t result = 0;
    pthread_mutex_lock(&stream->mutex);
    size_t left = stream->text.len - stream->sent;
    if (left > 0) {
        size_t len = left < max ? left : max;
        memcpy(target, stream->text.data + stream->sent, len);
        stream->sent += len;
        visit_enter(stream->visit, VISIT_SENDING);
        result = (ssize_t)len;
    } else if (stream->ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        visit_enter(stream->visit, VISIT_WORKING);
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
        change_report(); /* there may be more */
    }
    pthread_mutex_unlock(&stream->mutex);
    return result;
}

static void on_response_gone(void *closure)
{
    struct stream *stream = closure;
    pthread_mutex_lock(&stream->mutex);
    stream->closed = true;
    stream->suspended = false;
    pthread_mutex_unlock(&stream->mutex);
    release(stream);
}

/* Only a suspended connection certainly has its socket. Call it with the mutex held. */
static bool client_has_left(const struct stream *stream)
{
    const union MHD_ConnectionInfo *info =
        stream->suspended ? MHD_get_connection_info(stream->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                          : NULL;
    struct pollfd polled = {.fd = info == NULL ? -1 : info->connect_fd, .events = POLLRDHUP};
    return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Moves new text behind what was sent. Call it with the mutex held, when all was sent. */
static void take_text(struct stream *stream, struct buf *text)
{
    bool silent = clock_monotonic_ms() - stream->written_ms >= HEARTBEAT_MS;
    if (text->len == 0 && silent) {
        buf_adds(text, ": heartbeat\n\n");
    }
    if (text->len > 0) {
        struct buf old = stream->text;
        stream->text = *text;
        *text = old;
        stream->sent = 0;
        stream->written_ms = clock_monotonic_ms();
        resume(stream);
    }
}

static bool fill(struct wait *wait, enum wait_turn turn)
{
    struct stream *stream = (struct stream *)((char *)wait - offsetof(struct stream, wait));
    auto_buf struct buf text = BUF_MAX(TEXT_MAX);
    pthread_mutex_lock(&stream->mutex);
    bool drained = stream->sent == stream->text.len;
    bool over = stream->closed || turn == WAIT_STOP || client_has_left(stream);
    pthread_mutex_unlock(&stream->mutex);
    if (!over && drained) {
        over = !stream->source.fill(stream->source.state, &text);
    }
    pthread_mutex_lock(&stream->mutex);
    if (over) {
        stream->ended = true;
        if (!stream->closed) {
            resume(stream);
        }
    } else if (drained) {
        take_text(stream, &text);
    }
    pthread_mutex_unlock(&stream->mutex);
    if (over) {
        release(stream);
    }
    return over;
}

struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection,
                                     struct visit *visit, struct waits *waits)
{
    stream->connection = connection;
    stream->visit = visit;
    stream->wait = (struct wait){.look = fill};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_text, stream, on_response_gone);
    if (response == NULL) {
        release(stream);
        return NULL;
    }
    pthread_mutex_lock(&stream->mutex);
    stream->owners++;
    pthread_mutex_unlock(&stream->mutex);
    if (!waits_add(waits, &stream->wait)) {
        pthread_mutex_lock(&stream->mutex);
        stream->ended = true;
        pthread_mutex_unlock(&stream->mutex);
        release(stream);
    }
    return response;
}
