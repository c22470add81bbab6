/* SPDX-License-Identifier: MIT */
/* How answers reach libmicrohttpd, and what becomes of those that it gives on its own. */
#ifndef SERVER_LIBRARY_PRIVATE_H
#define SERVER_LIBRARY_PRIVATE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "server/request.h"

/* Queues an answer of ours. */
enum MHD_Result library_queue(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response);
/* A response with the body and the headers of the request's reply, whose body it takes. NULL: no memory. */
struct MHD_Response *library_response(struct request *request);

/* Sends an error past the library, for where it takes no answer, and lets the door linger. The caller has to
 * make the library close the connection. message: text that JSON takes as it is. */
void library_cut(struct MHD_Connection *connection, enum err_code code, const char *message);

#endif
