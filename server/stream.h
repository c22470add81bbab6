/* SPDX-License-Identifier: MIT */
/*
 * Responses without an end: server-sent events. One thread (that of the long polls) asks the source for text
 * after each change; the event loop sends it. A client gets the next piece when it has read the last one, so
 * a slow reader holds up nobody, and --request-timeout ends it.
 */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H

#include <stdbool.h>

#include "core/buf.h"
#include "server/request.h"

struct stream_source {
    /* Appends what is new, at most some 64 KiB; on the thread of the long polls. false: end the stream. */
    bool (*fill)(void *state, struct buf *text);
    /* Frees the state; on any thread. */
    void (*done)(void *state);
    void *state;
};

/* Replies 200 with a stream of this type (static text), which takes over the state. ERR_UNAVAILABLE if too
 * many streams are open. */
void reply_stream(struct request *request, const char *content_type, const struct stream_source *source);

#endif
