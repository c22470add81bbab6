/* SPDX-License-Identifier: MIT */
#include "server/httpd.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "server/connections/input.h"
#include "server/connections/listen.h"
#include "server/connections/plain_http.h"
#include "server/exchange_private.h"
#include "server/reply.h"
#include "server/tls/tls_live.h"

enum {
    EVENT_THREADS = 2, /* for each of HTTP and HTTPS */
    LIVE_THREADS = 32,
    LIVE_QUEUE_MAX = 128,
    LIVE_PER_SERVER = 2,
    WAITERS_MAX = 256,
    WRITE_THREADS = 2, /* the store allows one write at a time */
    READ_THREADS = 2,
    /* Contains the request line, headers and the response's headers: the longest URI allowed and a token
     * of 8 KiB fit. The library wipes it after each request, so a larger one costs time. */
    CONNECTION_MEMORY = 32 * 1024,
    CONNECTIONS_CLOSING = 64,
    DRAIN_POLL_MS = 5,
};

struct listener {
    struct exchange_listener exchanges;
    struct httpd *httpd;
    struct MHD_Daemon *daemon;
    struct listen_sockets sockets;
    char *url;
};

enum { LISTENER_HTTP, LISTENER_HTTPS, LISTENER_COUNT };

struct httpd {
    struct exchange_host host;
    struct listener listeners[LISTENER_COUNT];
    const struct tls_material *tls;
    struct str_list names;
    struct str_list proxies;
    struct acceptor *acceptor;
};

/* libmicrohttpd's complaints are nearly always about a client that disconnected. */
static void log_mhd(void *unused, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void log_mhd(void *unused, const char *format, va_list args)
{
    (void)unused;
    auto_buf struct buf text = BUF_MAX(4096);
    buf_vaddf(&text, format, args);
    while (text.len > 0 && text.data[text.len - 1] == '\n') {
        text.data[--text.len] = '\0';
    }
    log_event(LOG_DEBUG, "libmicrohttpd", "text", buf_text(&text), NULL);
}

static void end_slow_thread(void *argument)
{
    const struct service *service = ((const struct httpd *)argument)->host.service;
    service->thread_end(service->app);
}

/* For a connection: its visit, and with TLS the watch for plain HTTP. */
static void on_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    const struct listener *listener = closure;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        input_forget(connection);
        visit_end(*socket_context);
        *socket_context = NULL;
        return;
    }
    input_watch(connection, listener->exchanges.https);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct visit *visit = info == NULL ? NULL : acceptor_visit(listener->httpd->acceptor, info->connect_fd);
    if (listener->exchanges.https) {
        visit_keep(visit, plain_http_watch(listener->httpd->listeners[LISTENER_HTTP].url, connection));
    }
    *socket_context = visit;
}

/* The callback of a acceptor_port: hands the socket to an event loop, which closes it in any case. */
static void admit(void *arg, int fd, const struct sockaddr *peer, socklen_t len)
{
    const struct listener *listener = arg;
    if (listener->daemon != NULL) {
        (void)MHD_add_connection(listener->daemon, fd, peer, len);
    } else {
        close(fd);
    }
}

/* libmicrohttpd accepts callbacks in its option table as integers. It divides its limit of connections
 * among the threads; the acceptor's limit is the effective one, and connections that it has ended may
 * still be open. */
static struct MHD_Daemon *start_daemon(struct listener *listener, const struct options *options)
{
    static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct exchange_listener *closure = &listener->exchanges;
    const intptr_t limit = (options->max_connections + CONNECTIONS_CLOSING) * (intptr_t)EVENT_THREADS;
    const struct MHD_OptionItem settings[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, EVENT_THREADS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, limit, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_on_uri, closure},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_on_completed, closure},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, listener},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ITC | MHD_USE_ERROR_LOG | (closure->https ? MHD_USE_TLS : 0U);
    /* The logger comes first, to catch messages about the other options. */
    return MHD_start_daemon(flags, 0, NULL, NULL, exchange_on_request, closure, MHD_OPTION_EXTERNAL_LOGGER,
                            log_mhd, NULL, MHD_OPTION_ARRAY, settings,
                            closure->https ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, priorities,
                            MHD_OPTION_HTTPS_CERT_CALLBACK, tls_live_retrieve, MHD_OPTION_END);
}

static int open_listener(struct httpd *httpd, int which, struct err *err)
{
    struct listener *listener = &httpd->listeners[which];
    const struct options *options = httpd->host.service->options;
    bool https = which == LISTENER_HTTPS;
    listener->httpd = httpd;
    listener->exchanges.host = &httpd->host;
    listener->exchanges.https = https;
    if (listen_open(options->listen, https ? options->https_port : options->http_port, err,
                    &listener->sockets) < 0) {
        return -1;
    }
    listener->exchanges.authority = listen_authority(options->listen, listener->sockets.port);
    listener->url = listener->exchanges.authority == NULL
                        ? NULL
                        : str_format("%s://%s", https ? "https" : "http", listener->exchanges.authority);
    return listener->url == NULL ? err_no_memory(err) : 0;
}

/* The body is static text, which the library accepts as a pointer to non-const. */
static struct MHD_Response *make_out_of_memory_response(void)
{
    static char body[256];
    snprintf(body, sizeof(body), "%s", reply_out_of_memory);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
    if (response != NULL) {
        MHD_add_response_header(response, "Content-Type", "application/json; charset=utf-8");
    }
    return response;
}

/* The certificate's names are those that clients were given, or choose by default. */
static int read_lists(struct httpd *httpd, struct err *err)
{
    const struct options *options = httpd->host.service->options;
    if (!str_list_copy(&httpd->names, &httpd->tls->names) ||
        !str_list_add_items(&httpd->names, options->listen) ||
        !str_list_add_items(&httpd->names, options->allow_host) ||
        !str_list_add_items(&httpd->proxies, options->trusted_proxy)) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < httpd->proxies.count; i++) {
        struct peer network;
        int bits = 0;
        if (!peer_network_parse(httpd->proxies.items[i], &network, &bits)) {
            return err_set(err, ERR_BAD_INPUT, "--trusted-proxy: '%s' is neither an address nor ADDRESS/BITS",
                           httpd->proxies.items[i]);
        }
    }
    httpd->host.names = &httpd->names;
    httpd->host.proxies = &httpd->proxies;
    return 0;
}

static int open_all(struct httpd *httpd, struct err *err)
{
    if (read_lists(httpd, err) < 0) {
        return -1;
    }
    httpd->host.out_of_memory = make_out_of_memory_response();
    if (httpd->host.out_of_memory == NULL) {
        return err_no_memory(err);
    }
    for (int i = 0; i < LISTENER_COUNT; i++) {
        if (open_listener(httpd, i, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int httpd_open(const struct service *service, const struct tls_material *tls, struct err *err,
               struct httpd **ret_httpd)
{
    struct httpd *httpd = calloc(1, sizeof(*httpd));
    if (httpd == NULL) {
        return err_no_memory(err);
    }
    httpd->host.service = service;
    httpd->tls = tls;
    if (open_all(httpd, err) < 0) {
        httpd_stop(httpd);
        return -1;
    }
    *ret_httpd = httpd;
    return 0;
}

static int open_acceptor(struct httpd *httpd, struct err *err)
{
    const struct options *options = httpd->host.service->options;
    struct acceptor_settings settings = {.port_count = LISTENER_COUNT,
                                         .connections_max = (size_t)options->max_connections,
                                         .request_ms = options->request_timeout * 1000,
                                         .idle_ms = options->idle_timeout * 1000};
    for (int i = 0; i < LISTENER_COUNT; i++) {
        struct listener *listener = &httpd->listeners[i];
        settings.ports[i] = (struct acceptor_port){
            .sockets = &listener->sockets, .tls = listener->exchanges.https, .admit = admit, .arg = listener};
    }
    return acceptor_open(&settings, err, &httpd->acceptor);
}

int httpd_serve(struct httpd *httpd, struct err *err)
{
    const size_t connections_max = (size_t)httpd->host.service->options->max_connections * LISTENER_COUNT;
    const struct slow_lane_settings lanes[LANE_COUNT] = {
        [LANE_LIVE] = {.threads = LIVE_THREADS,
                       .queue_max = LIVE_QUEUE_MAX,
                       .key_max = LIVE_PER_SERVER,
                       .at_thread_end = end_slow_thread,
                       .arg = httpd},
        [LANE_WRITE] = {.threads = WRITE_THREADS,
                        .queue_max = connections_max,
                        .at_thread_end = end_slow_thread,
                        .arg = httpd},
        [LANE_READ] = {.threads = READ_THREADS,
                       .queue_max = connections_max,
                       .at_thread_end = end_slow_thread,
                       .arg = httpd},
    };
    if (tls_live_start(httpd->host.service->options, httpd->tls, err) < 0) {
        return -1;
    }
    for (int i = 0; i < LANE_COUNT; i++) {
        if (slow_lane_start(&lanes[i], err, &httpd->host.lanes[i]) < 0) {
            return -1;
        }
    }
    if (waiting_room_open(WAITERS_MAX, err, &httpd->host.waiting) < 0 ||
        waits_start(end_slow_thread, httpd, err, &httpd->host.waits) < 0) {
        return -1;
    }
    for (int i = 0; i < LISTENER_COUNT; i++) {
        struct listener *listener = &httpd->listeners[i];
        listener->daemon = start_daemon(listener, httpd->host.service->options);
        if (listener->daemon == NULL) {
            return err_set(err, ERR_UNAVAILABLE,
                           "cannot start the %s listener; run with --log-level debug for details",
                           listener->exchanges.https ? "HTTPS" : "HTTP");
        }
    }
    return open_acceptor(httpd, err);
}

bool httpd_is_remote(const struct httpd *httpd)
{
    return httpd->listeners[LISTENER_HTTP].sockets.beyond_loopback ||
           httpd->listeners[LISTENER_HTTPS].sockets.beyond_loopback;
}

const char *httpd_http_url(const struct httpd *httpd)
{
    return httpd->listeners[LISTENER_HTTP].url;
}

const char *httpd_https_url(const struct httpd *httpd)
{
    return httpd->listeners[LISTENER_HTTPS].url;
}

/* Rejects new clients immediately. */
static void stop_accepting(struct httpd *httpd)
{
    if (atomic_exchange(&httpd->host.draining, true)) {
        return;
    }
    if (httpd->acceptor != NULL) {
        acceptor_close(httpd->acceptor);
    }
    for (int i = 0; i < LISTENER_COUNT; i++) {
        listen_close(&httpd->listeners[i].sockets);
    }
}

bool httpd_drain(struct httpd *httpd, int64_t deadline_ms)
{
    stop_accepting(httpd);
    waiting_room_close(httpd->host.waiting);
    waits_stop(httpd->host.waits);
    bool ended = true;
    for (int i = 0; i < LANE_COUNT; i++) {
        struct slow_lane *lane = httpd->host.lanes[i];
        ended = (lane == NULL || slow_lane_stop(lane, deadline_ms)) && ended;
    }
    while (atomic_load(&httpd->host.open) > 0 && clock_ms_left(deadline_ms) > 0) {
        clock_sleep_ms(DRAIN_POLL_MS);
    }
    return ended;
}

void httpd_stop(struct httpd *httpd)
{
    if (httpd == NULL) {
        return;
    }
    for (int i = 0; i < LISTENER_COUNT; i++) {
        struct listener *listener = &httpd->listeners[i];
        if (listener->daemon != NULL) {
            MHD_stop_daemon(listener->daemon);
        }
        listen_close(&listener->sockets);
        free(listener->url);
        free(listener->exchanges.authority);
    }
    tls_live_stop();
    acceptor_free(httpd->acceptor);
    for (int i = 0; i < LANE_COUNT; i++) {
        slow_lane_free(httpd->host.lanes[i]);
    }
    waiting_room_free(httpd->host.waiting);
    waits_free(httpd->host.waits);
    str_list_done(&httpd->names);
    str_list_done(&httpd->proxies);
    if (httpd->host.out_of_memory != NULL) {
        MHD_destroy_response(httpd->host.out_of_memory);
    }
    free(httpd);
}
