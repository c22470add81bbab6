/* SPDX-License-Identifier: MIT */
/* Sends responses through libmicrohttpd, and replaces those that it generates itself. */
#ifndef SERVER_LIBRARY_PRIVATE_H
#define SERVER_LIBRARY_PRIVATE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "server/request.h"

/* Queues a response of Malachite. */
enum MHD_Result library_queue(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response);
/* A response with the body and the headers of the request's reply; takes ownership of the body. NULL: no
 * memory. */
struct MHD_Response *library_response(struct request *request);

/* Adds the headers of the request's reply. False: no memory. */
bool library_add_headers(struct MHD_Response *response, const struct request *request);

/* Keeps the library from splitting the query. uri: its own buffer, during the URI callback, once it was read.
 */
void library_hide_query(const char *uri);

/* Sends an error past the library, where it accepts no response, and keeps reading from the connection.
 * The caller must make the library close the connection. message: text that needs no JSON escapes. */
void library_cut(struct MHD_Connection *connection, enum err_code code, const char *message);

#endif
