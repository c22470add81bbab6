/* SPDX-License-Identifier: MIT */
/* Answers plain HTTP on the HTTPS port with a sentence that says so, instead of a closed connection. */
#ifndef SERVER_PLAIN_HTTP_PRIVATE_H
#define SERVER_PLAIN_HTTP_PRIVATE_H

#include <microhttpd.h>

/* For MHD_OPTION_NOTIFY_CONNECTION of a listener with TLS. closure: the URL of the HTTP listener, as text
 * that outlives the daemon. Runs on the event loop; never blocks. */
void plain_http_on_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
                              enum MHD_ConnectionNotificationCode code);

#endif
