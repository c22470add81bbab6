/* SPDX-License-Identifier: MIT */
/* Watches what libmicrohttpd reads from its connections, on its event threads. */
#ifndef SERVER_CONNECTIONS_INPUT_H
#define SERVER_CONNECTIONS_INPUT_H

#include <microhttpd.h>
#include <stdbool.h>

/* Call them when a connection begins, and before its socket is closed. */
void input_watch(struct MHD_Connection *connection, bool tls);
void input_forget(struct MHD_Connection *connection);

/* While it holds a connection, the library does not notice that the client has shut down its sending side.
 * Release it before the response is queued, and when the request has ended. Any thread. */
void input_hold(struct MHD_Connection *connection, bool hold);

/* Whether the client has sent a NUL byte on this connection, in a header or in a body. */
bool input_has_nul(struct MHD_Connection *connection);

#endif
