/* SPDX-License-Identifier: MIT */
/* Answers plain HTTP on the HTTPS port with an explanation instead of a closed connection. */
#ifndef SERVER_CONNECTIONS_PLAIN_HTTP_H
#define SERVER_CONNECTIONS_PLAIN_HTTP_H

#include <microhttpd.h>

/* Watches a new TLS connection. http_url: that of the HTTP listener, a string that outlives the daemon.
 * Returns memory to free when the connection is closed; NULL if it cannot be watched. On the event loop;
 * never blocks. */
void *plain_http_watch(const char *http_url, struct MHD_Connection *connection);

#endif
