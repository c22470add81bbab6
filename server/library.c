/* SPDX-License-Identifier: MIT */
/*
 * If bytes are not HTTP, or headers are too long, libmicrohttpd sends its own HTML page and offers no way
 * to change it. It queues that page through its own exported function, like a program that uses it: the
 * definition here replaces that function and sends Malachite's error format. If a build of the library
 * does not allow this, it sends its own page.
 */
#include "server/library_private.h"

#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

#include "core/log.h"
#include "core/wipe.h"
#include "server/connections/acceptor.h"
#include "server/connections/refusal.h"
#include "server/reply.h"

typedef enum MHD_Result queue_fn(struct MHD_Connection *, unsigned, struct MHD_Response *);

static queue_fn *library_function(void)
{
    static _Atomic(queue_fn *) found;
    if (found == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "MHD_queue_response");
        queue_fn *function = NULL;
        memcpy(&function, &symbol, sizeof(function));
        found = function;
    }
    return found;
}

enum MHD_Result library_queue(struct MHD_Connection *connection, unsigned status,
                              struct MHD_Response *response)
{
    queue_fn *queue = library_function();
    return queue == NULL ? MHD_NO : queue(connection, status, response);
}

bool library_add_headers(struct MHD_Response *response, const struct request *request)
{
    const struct reply *reply = &request->reply;
    struct reply_common common;
    reply_common_headers(request, &common);
    bool added = true;
    for (size_t i = 0; i < common.count; i++) {
        added = MHD_add_response_header(response, common.headers[i].name, common.headers[i].value) && added;
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        added = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value) && added;
    }
    if (reply->content_type != NULL) {
        added = MHD_add_response_header(response, "Content-Type", reply->content_type) && added;
    }
    return added;
}

struct MHD_Response *library_response(struct request *request)
{
    static char nothing[] = "";
    struct reply *reply = &request->reply;
    struct MHD_Response *response =
        reply->body == NULL
            ? MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT)
            : MHD_create_response_from_buffer_with_free_callback(reply->body_len, reply->body, wipe_free);
    if (response == NULL) {
        return NULL;
    }
    reply->body = NULL; /* the response's now */
    if (!library_add_headers(response, request)) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

/*
 * The library would split the query into pairs, which nobody reads, and use the connection's memory for
 * them: when that is exhausted, it closes the connection and then continues to use it (seen in 0.9.75).
 * The text is in the library's own buffer, which it cuts at the question mark itself right afterwards.
 */
void library_hide_query(const char *uri)
{
    char *query = strchr(uri, '?');
    if (query != NULL && query[1] != '\0') {
        query[1] = '\0';
    }
}

void library_cut(struct MHD_Connection *connection, enum err_code code, const char *message)
{
    char text[REFUSAL_SIZE];
    size_t len = refusal_format(code, message, text);
    const union MHD_ConnectionInfo *visit =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (tls != NULL && tls->tls_session != NULL) {
        (void)gnutls_record_send(tls->tls_session, text, len);
    } else if (socket != NULL) {
        (void)send(socket->connect_fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    visit_linger(visit == NULL ? NULL : visit->socket_context);
    log_event(LOG_INFO, "request refused", "reason", message, NULL);
}

/* Only the library calls it: Malachite queues its responses with library_queue(). A page queued by the
 * library would be sent with its headers twice (seen in 0.9.75); if nothing is queued, it closes the
 * connection. */
enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    (void)response;
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE:
        library_cut(connection, ERR_TOO_LARGE, "The request content is longer than allowed.");
        break;
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        library_cut(connection, ERR_HEADERS_TOO_LARGE, "The headers of the request are too long.");
        break;
    case MHD_HTTP_URI_TOO_LONG:
        library_cut(connection, ERR_URI_TOO_LONG, "The request URL is too long.");
        break;
    case MHD_HTTP_INTERNAL_SERVER_ERROR: /* such as a chunk's extension that fills the connection's memory */
        library_cut(connection, ERR_TOO_LARGE, "A line of the request is longer than allowed.");
        break;
    default:
        library_cut(connection, ERR_BAD_REQUEST, "The request is not valid HTTP.");
    }
    return MHD_NO;
}
