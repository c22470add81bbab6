/* SPDX-License-Identifier: MIT */
/* Checks whether two parsers of the same bytes would agree on the end of a request and on its host. */
#ifndef SERVER_CONNECTIONS_FRAMING_H
#define SERVER_CONNECTIONS_FRAMING_H

#include <microhttpd.h>

#include "core/err.h"

enum { FRAMING_HEADERS_MAX = 24 * 1024 };

/*
 * Fails with ERR_BAD_REQUEST if a header name is not a token, if Host, Content-Length or Transfer-Encoding
 * are repeated, if a request of HTTP/1.1 has no Host, if both a length and an encoding are given, or one
 * is malformed; with ERR_HEADERS_TOO_LARGE beyond FRAMING_HEADERS_MAX bytes. The connection must be closed
 * then.
 */
int framing_check(struct MHD_Connection *connection, const char *version, struct err *err);

/* Fails with ERR_BAD_REQUEST if the method is not a token, or the URI (which may be NULL) has control
 * characters or spaces. */
int framing_check_line(const char *method, const char *uri, struct err *err);

#endif
