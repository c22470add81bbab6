/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STREAM_PRIVATE_H
#define SERVER_STREAM_PRIVATE_H

#include <microhttpd.h>

#include "server/connections/acceptor.h"
#include "server/lanes/waits.h"

struct stream;

/* The response that sends the stream over this connection; takes over the stream. NULL: it cannot be made. */
struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection,
                                     struct visit *visit, struct waits *waits);

#endif
