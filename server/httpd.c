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
#include "server/exchange_private.h"
#include "server/listen.h"
#include "server/plain_http_private.h"
#include "server/reply.h"

enum {
    EVENT_THREADS = 2, /* for each of HTTP and HTTPS */
    SLOW_THREADS = 4,
    SLOW_QUEUE_MAX = 64,
    /* Holds request line, headers and the answer's headers: the longest URI allowed and a token of 8 KiB fit.
     * The library wipes it after each request, so more costs time. */
    CONNECTION_MEMORY = 32 * 1024,
    DRAIN_POLL_MS = 5,
};

struct listener {
    struct exchange_listener exchanges;
    struct MHD_Daemon *daemon;
    char *url;
    int fd; /* -1: none */
};

enum { LISTENER_HTTP, LISTENER_HTTPS, LISTENER_COUNT };

struct httpd {
    struct exchange_host host;
    struct listener listeners[LISTENER_COUNT];
    const struct tls_material *tls;
};

/* What libmicrohttpd complains about is nearly always a client that went away. */
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

/* libmicrohttpd takes callbacks in its option table as integers. */
static struct MHD_Daemon *start_daemon(struct listener *listener, const struct options *options,
                                       const struct tls_material *tls, char *http_url)
{
    static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct exchange_listener *closure = &listener->exchanges;
    const struct MHD_OptionItem settings[] = {
        {MHD_OPTION_LISTEN_SOCKET, listener->fd, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, EVENT_THREADS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, options->max_connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_on_uri, closure},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_on_completed, closure},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate_pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key_pem},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)plain_http_on_connection, http_url},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                     MHD_USE_ERROR_LOG | (closure->https ? MHD_USE_TLS : 0U);
    /* The logger comes first, or it misses what the other options give cause to say. */
    return MHD_start_daemon(flags, 0, NULL, NULL, exchange_on_request, closure, MHD_OPTION_EXTERNAL_LOGGER,
                            log_mhd, NULL, MHD_OPTION_ARRAY, settings,
                            closure->https ? MHD_OPTION_ARRAY : MHD_OPTION_END, secure, MHD_OPTION_END);
}

static int open_listener(struct httpd *httpd, int which, struct err *err)
{
    struct listener *listener = &httpd->listeners[which];
    const struct options *options = httpd->host.service->options;
    bool https = which == LISTENER_HTTPS;
    listener->exchanges.host = &httpd->host;
    listener->exchanges.https = https;
    if (listen_open(options->listen, https ? options->https_port : options->http_port, err,
                    &listener->exchanges.authority, &listener->fd) < 0) {
        return -1;
    }
    listener->url = str_format("%s://%s", https ? "https" : "http", listener->exchanges.authority);
    return listener->url == NULL ? err_no_memory(err) : 0;
}

/* The body is static text, which the library takes as a pointer to non-const. */
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

static int open_all(struct httpd *httpd, struct err *err)
{
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
    for (int i = 0; i < LISTENER_COUNT; i++) {
        httpd->listeners[i].fd = -1;
    }
    if (open_all(httpd, err) < 0) {
        httpd_stop(httpd);
        return -1;
    }
    *ret_httpd = httpd;
    return 0;
}

int httpd_serve(struct httpd *httpd, struct err *err)
{
    const struct slow_lane_settings lane = {
        .threads = SLOW_THREADS, .queue_max = SLOW_QUEUE_MAX, .at_thread_end = end_slow_thread, .arg = httpd};
    if (slow_lane_start(&lane, err, &httpd->host.lane) < 0) {
        return -1;
    }
    for (int i = 0; i < LISTENER_COUNT; i++) {
        struct listener *listener = &httpd->listeners[i];
        listener->daemon = start_daemon(listener, httpd->host.service->options, httpd->tls,
                                        httpd->listeners[LISTENER_HTTP].url);
        if (listener->daemon == NULL) {
            return err_set(err, ERR_UNAVAILABLE,
                           "cannot start the %s listener; run with --log-level debug for details",
                           listener->exchanges.https ? "HTTPS" : "HTTP");
        }
    }
    return 0;
}

const char *httpd_http_url(const struct httpd *httpd)
{
    return httpd->listeners[LISTENER_HTTP].url;
}

const char *httpd_https_url(const struct httpd *httpd)
{
    return httpd->listeners[LISTENER_HTTPS].url;
}

/*
 * Takes the listening sockets away from the daemons and shuts them, so that clients are refused at once. They
 * are closed only when no thread can be in accept() any more.
 */
static void stop_accepting(struct httpd *httpd)
{
    if (atomic_exchange(&httpd->host.draining, true)) {
        return;
    }
    for (int i = 0; i < LISTENER_COUNT; i++) {
        struct listener *listener = &httpd->listeners[i];
        if (listener->daemon != NULL) {
            MHD_quiesce_daemon(listener->daemon);
        }
        shutdown(listener->fd, SHUT_RD);
    }
}

bool httpd_drain(struct httpd *httpd, int64_t deadline_ms)
{
    stop_accepting(httpd);
    bool ended = httpd->host.lane == NULL || slow_lane_stop(httpd->host.lane, deadline_ms);
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
        if (listener->fd >= 0) {
            close(listener->fd);
        }
        free(listener->url);
        free(listener->exchanges.authority);
    }
    slow_lane_free(httpd->host.lane);
    if (httpd->host.out_of_memory != NULL) {
        MHD_destroy_response(httpd->host.out_of_memory);
    }
    free(httpd);
}
