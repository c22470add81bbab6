/* SPDX-License-Identifier: MIT */
/* Answers plain HTTP on the HTTPS port with a sentence that says so, instead of a closed connection. */
#ifndef SERVER_CONNECTIONS_PLAIN_HTTP_H
#define SERVER_CONNECTIONS_PLAIN_HTTP_H

#include <microhttpd.h>

/* Watches a new connection with TLS. http_url: of the HTTP listener, text that outlives the daemon. Returns
 * what has to be freed when the connection is closed; NULL when it cannot be watched. On the event loop;
 * never blocks. */
void *plain_http_watch(const char *http_url, struct MHD_Connection *connection);

#endif
