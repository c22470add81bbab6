/* SPDX-License-Identifier: MIT */
/* Whether two readers of the same bytes would agree where a request ends and whom it is for. */
#ifndef SERVER_CONNECTIONS_FRAMING_H
#define SERVER_CONNECTIONS_FRAMING_H

#include <microhttpd.h>

#include "core/err.h"

enum { FRAMING_HEADERS_MAX = 24 * 1024 };

/*
 * Fails with ERR_BAD_REQUEST when a header name is no token, when Host, Content-Length or Transfer-Encoding
 * come twice, when a request of HTTP/1.1 has no Host, when both a length and an encoding are given, or one
 * that cannot be read; ERR_HEADERS_TOO_LARGE beyond FRAMING_HEADERS_MAX bytes. The connection must be closed
 * then.
 */
int framing_check(struct MHD_Connection *connection, const char *version, struct err *err);

#endif
