/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd calls the access handler when the headers have arrived, then for each part of the body,
 * then once more at its end; after a suspension for a lane it calls again. A rejection that spares the
 * client the upload can only be queued in the first call. During a body libmicrohttpd accepts no response,
 * so the rest of an oversized body is discarded and the failure remembered.
 */
#include "server/exchange_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/points/points.h"
#include "core/str.h"
#include "server/allowed_host_private.h"
#include "server/connections/framing.h"
#include "server/connections/input.h"
#include "server/library_private.h"
#include "server/reply.h"
#include "server/route.h"
#include "server/stream_private.h"

enum { EXCHANGE_MAGIC = 0x6d786368, LOG_PATH_MAX = 512 };

/* A client that sends more than this of an oversized body is disconnected. */
static const uint64_t discard_max = UINT64_C(64) * 1024 * 1024;

static struct exchange *exchange_of(void *con_cls)
{
    struct exchange *exchange = con_cls;
    return exchange != NULL && exchange->magic == EXCHANGE_MAGIC ? exchange : NULL;
}

void *exchange_on_uri(void *listener, const char *uri, struct MHD_Connection *connection)
{
    struct exchange_host *host = ((struct exchange_listener *)listener)->host;
    struct exchange *exchange = malloc(sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->magic = EXCHANGE_MAGIC;
    exchange->phase = PHASE_NEW;
    exchange->host = host;
    exchange->connection = connection;
    exchange->discarded = 0;
    exchange->out_of_memory = false;
    request_init(&exchange->request, host->service->app);
    exchange->err = (struct err){0};
    exchange->failed = request_set_uri(&exchange->request, uri, &exchange->err) < 0;
    library_hide_query(uri);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->visit = info == NULL ? NULL : info->socket_context;
    visit_enter(exchange->visit, VISIT_RECEIVING);
    atomic_fetch_add(&host->open, 1);
    return exchange;
}

static enum MHD_Result send_out_of_memory(struct exchange_host *host, struct MHD_Connection *connection)
{
    return library_queue(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, host->out_of_memory);
}

/* The client sees the connection end without an answer. */
static enum MHD_Result cut_connection(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL) {
        point_cut_socket((int)info->connect_fd, exchange->request.reply.cut_with_reset);
    }
    return MHD_NO;
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    struct reply *reply = &exchange->request.reply;
    exchange->phase = PHASE_SENT;
    if (reply->cut) {
        return cut_connection(exchange);
    }
    visit_enter(exchange->visit, VISIT_SENDING);
    if (reply->out_of_memory) {
        reply->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        return send_out_of_memory(exchange->host, exchange->connection);
    }
    struct stream *stream = TAKE(exchange->request.stream);
    struct MHD_Response *response = stream == NULL ? library_response(&exchange->request)
                                                   : stream_response(stream, exchange->connection,
                                                                     exchange->visit, exchange->host->waits);
    if (stream != NULL && response != NULL && !library_add_headers(response, &exchange->request)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    if (response == NULL) {
        return send_out_of_memory(exchange->host, exchange->connection);
    }
    enum MHD_Result queued = library_queue(exchange->connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* In the first call: the rest of the request is not read, and the connection is closed while the acceptor
 * keeps reading. */
static enum MHD_Result refuse(struct exchange *exchange, const struct err *err)
{
    visit_linger(exchange->visit);
    reply_header(&exchange->request, "Connection", "close");
    reply_error(&exchange->request, err);
    return send_reply(exchange);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool announces_too_much(struct MHD_Connection *connection)
{
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t bytes = 0;
    return length != NULL && !str_to_int(length, 0, REQUEST_BODY_MAX, &bytes);
}

static int too_large(struct err *err)
{
    return err_set(err, ERR_TOO_LARGE, "The request content is longer than the %d bytes allowed.",
                   REQUEST_BODY_MAX);
}

/* The library hands a path or a header over only up to a NUL byte. */
static int check_nul(struct MHD_Connection *connection, struct err *err)
{
    return !input_has_nul(connection)
               ? 0
               : err_set(err, ERR_BAD_REQUEST,
                         "The request contains a NUL byte, which neither HTTP headers nor JSON may contain. "
                         "Send it as UTF-8.");
}

static struct peer local_address(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);
    if (info != NULL) {
        (void)getsockname(info->connect_fd, (struct sockaddr *)(void *)&name, &len);
    }
    return peer_of((const struct sockaddr *)(const void *)&name);
}

/* A request line with a full URL contains the host twice. */
static int check_host(const struct exchange *exchange, const char *host, struct err *err)
{
    const struct str_list *names = exchange->host->names;
    struct peer local = local_address(exchange->connection);
    auto_free char *in_line = request_uri_host(&exchange->request);
    const char *const hosts[] = {host, in_line};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        if (hosts[i] != NULL && !allowed_host(hosts[i], &local, names)) {
            return err_set(err, ERR_OTHER_HOST,
                           "The request is for the host '%.200s', which Malachite does not serve. Use a "
                           "loopback address, or start Malachite with --allow-host and the host's name.",
                           hosts[i]);
        }
    }
    return 0;
}

static bool is_trusted_proxy(const struct exchange *exchange)
{
    struct peer peer = visit_peer(exchange->visit);
    const struct str_list *proxies = exchange->host->proxies;
    bool trusted = peer_is_loopback(&peer);
    for (size_t i = 0; !trusted && i < proxies->count; i++) {
        trusted = peer_is_in(&peer, proxies->items[i]);
    }
    return trusted;
}

static struct request_head read_head(const struct exchange *exchange)
{
    struct MHD_Connection *connection = exchange->connection;
    struct request_head head = {
        .host = header(connection, "Host"),
        .authorization = header(connection, "Authorization"),
        .content_type = header(connection, "Content-Type"),
        .correlation_id = header(connection, "x-ms-correlation-request-id"),
        .client_request_id = header(connection, "x-ms-client-request-id"),
        .accept_encoding = header(connection, "Accept-Encoding"),
        .if_match = header(connection, "If-Match"),
        .if_none_match = header(connection, "If-None-Match"),
        .last_event_id = header(connection, "Last-Event-ID"),
        .origin = header(connection, "Origin"),
        .fetch_site = header(connection, "Sec-Fetch-Site"),
        .metadata = header(connection, "Metadata"),
        .identity = header(connection, "X-IDENTITY-HEADER"),
        .identity_2017 = header(connection, "Secret"),
    };
    if (is_trusted_proxy(exchange)) {
        head.forwarded = header(connection, "Forwarded");
        head.forwarded_host = header(connection, "X-Forwarded-Host");
        head.forwarded_proto = header(connection, "X-Forwarded-Proto");
        head.forwarded_port = header(connection, "X-Forwarded-Port");
    }
    return head;
}

static enum MHD_Result begin(struct exchange *exchange, const struct exchange_listener *listener,
                             const char *method, const char *version)
{
    struct MHD_Connection *connection = exchange->connection;
    const struct request_head head = read_head(exchange);
    exchange->phase = PHASE_BODY;
    request_set_method(&exchange->request, method);
    if (!request_set_head(&exchange->request, &head, listener->authority, listener->https)) {
        exchange->request.reply.out_of_memory = true;
        return send_reply(exchange);
    }
    struct err *err = &exchange->err;
    bool good = framing_check_line(method, exchange->request.raw_uri, err) == 0 &&
                framing_check(connection, version, err) == 0 && !exchange->failed &&
                check_host(exchange, head.host, err) == 0 &&
                (!announces_too_much(connection) || too_large(err) == 0) && check_nul(connection, err) == 0;
    return good ? MHD_YES : refuse(exchange, err);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *data_size)
{
    struct buf *body = &exchange->request.raw_body;
    bool fits = !buf_failed(body) && *data_size <= body->max - body->len;
    buf_add(body, data, *data_size);
    if (buf_failed(body)) {
        exchange->out_of_memory = exchange->out_of_memory || fits;
        exchange->discarded += *data_size;
    }
    *data_size = 0;
    if (exchange->discarded > discard_max) {
        library_cut(exchange->connection, ERR_TOO_LARGE, "The request content is longer than allowed.");
        return MHD_NO;
    }
    return MHD_YES;
}

static enum MHD_Result answer(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    visit_enter(exchange->visit, VISIT_WORKING);
    if (buf_failed(&request->raw_body)) {
        struct err err = {0};
        if (exchange->out_of_memory) {
            err_no_memory(&err);
        } else {
            too_large(&err);
        }
        return refuse(exchange, &err);
    }
    if (check_nul(exchange->connection, &exchange->err) < 0) {
        return refuse(exchange, &exchange->err);
    }
    if (atomic_load(&exchange->host->draining)) {
        reply_header(request, "Connection", "close");
        exchange_refuse_for_now(request, "Malachite is stopping.");
        return send_reply(exchange);
    }
    const struct service *service = exchange->host->service;
    if (service->prepare(request)) {
        if ((request->route->flags & ROUTE_WAITS) != 0) {
            return exchange_run_in_waits(exchange);
        }
        if ((request->route->flags & ROUTE_AT_ONCE) == 0) {
            return exchange_run_on_lane(exchange);
        }
        service->run(request);
    }
    return send_reply(exchange);
}

/* Eight parameters are the library's choice. NOLINTNEXTLINE(readability-function-size) */
enum MHD_Result exchange_on_request(void *listener, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *data_size, void **con_cls)
{
    (void)url; /* already decoded, which hides the boundaries of segments: use the raw one */
    struct exchange_listener *from = listener;
    struct exchange *exchange = exchange_of(*con_cls);
    if (exchange == NULL) {
        return send_out_of_memory(from->host, connection);
    }
    switch (exchange->phase) {
    case PHASE_NEW:
        return begin(exchange, from, method, version);
    case PHASE_BODY:
        return *data_size > 0 ? take_body(exchange, data, data_size) : answer(exchange);
    case PHASE_SLOW:
        input_hold(connection, false);
        return send_reply(exchange);
    case PHASE_SENT:
        return MHD_YES;
    }
    return MHD_NO;
}

/* The path for the log: without the query, which can contain secrets, and without control characters. */
static void path_for_log(const char *uri, char path[static LOG_PATH_MAX])
{
    size_t len = 0;
    for (; uri != NULL && uri[len] != '\0' && uri[len] != '?' && len + 1 < LOG_PATH_MAX; len++) {
        path[len] = isgraph((unsigned char)uri[len]) ? uri[len] : (char)'?';
    }
    path[len] = '\0';
}

static void log_access(const struct exchange *exchange, bool completed)
{
    const struct request *request = &exchange->request;
    int status = request->reply.status;
    bool quiet = request->route != NULL && (request->route->flags & ROUTE_QUIET) != 0 && status < 500;
    char path[LOG_PATH_MAX];
    char status_text[16];
    char ms[32];
    path_for_log(request->raw_uri, path);
    snprintf(status_text, sizeof(status_text), "%d", status);
    snprintf(ms, sizeof(ms), "%.2f", (double)(clock_now_us() - request->started_us) / 1000.0);
    log_event(status >= 500 ? LOG_WARNING
              : quiet       ? LOG_DEBUG
                            : LOG_INFO,
              "request", "method", request->method_text, "path", path, "status", status_text, "ms", ms,
              "request", request->request_id, "operation",
              request->route == NULL ? NULL : request->route->operation_id, "api_version",
              request->api_version, "sent", completed ? NULL : "no", NULL);
}

void exchange_on_completed(void *listener, struct MHD_Connection *connection, void **con_cls,
                           enum MHD_RequestTerminationCode how)
{
    (void)listener;
    input_hold(connection, false);
    struct exchange *exchange = exchange_of(*con_cls);
    if (exchange == NULL) {
        return;
    }
    if (exchange->request.reply.status != 0) {
        bool sent = how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
        log_access(exchange, sent);
        exchange->host->service->answered(&exchange->request, sent);
    }
    visit_enter(exchange->visit, VISIT_IDLE);
    *con_cls = NULL;
    request_done(&exchange->request);
    exchange->magic = 0;
    atomic_fetch_sub(&exchange->host->open, 1);
    free(exchange);
}
