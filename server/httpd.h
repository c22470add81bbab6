/* SPDX-License-Identifier: MIT */
/* The listeners: one for HTTP, one for HTTPS, with two event-loop threads each, and the shared acceptor
 * and lanes. */
#ifndef SERVER_HTTPD_H
#define SERVER_HTTPD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "server/service_private.h"
#include "server/tls/tls.h"

struct httpd;

/*
 * Binds both ports of service->options, so that clients can connect and wait; sends no response yet.
 * ERR_UNAVAILABLE if an address cannot be bound. service and tls outlive the httpd.
 */
int httpd_open(const struct service *service, const struct tls_material *tls, struct err *err,
               struct httpd **ret_httpd);
/* Starts to respond; the rest of service->app is complete now. After a failure call httpd_drain() and
 * httpd_stop(). */
int httpd_serve(struct httpd *httpd, struct err *err);

/* Whether other machines can reach one of the addresses. */
bool httpd_is_remote(const struct httpd *httpd);

/* The URLs of the listeners, "http://127.0.0.1:8080"; owned by the httpd. */
const char *httpd_http_url(const struct httpd *httpd);
const char *httpd_https_url(const struct httpd *httpd);

/*
 * Accepts no new connections, answers new requests with 503, and waits until the deadline (monotonic
 * clock, in milliseconds) for running ones. True if no handler is running and none will start; false if
 * one on a lane is still running: call it again.
 */
bool httpd_drain(struct httpd *httpd, int64_t deadline_ms);
/* Closes all connections and frees. After httpd_serve(), call it only when httpd_drain() has returned
 * true. */
void httpd_stop(struct httpd *httpd);

#endif
