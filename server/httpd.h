/* SPDX-License-Identifier: MIT */
/* The listeners: one for HTTP, one for HTTPS, two event-loop threads each, with the door and the lanes that
 * both share. */
#ifndef SERVER_HTTPD_H
#define SERVER_HTTPD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "server/service_private.h"
#include "server/tls/tls.h"

struct httpd;

/*
 * Binds both ports of service->options, so that clients can connect and wait; nothing is answered yet.
 * ERR_UNAVAILABLE when an address cannot be had. service and tls outlive the httpd.
 */
int httpd_open(const struct service *service, const struct tls_material *tls, struct err *err,
               struct httpd **ret_httpd);
/* Starts to answer; the rest of service->app is complete now. After a failure call httpd_drain() and
 * httpd_stop(). */
int httpd_serve(struct httpd *httpd, struct err *err);

/* Other machines can reach one of the addresses. */
bool httpd_is_remote(const struct httpd *httpd);

/* How clients reach the listeners, "http://127.0.0.1:8080"; owned by the httpd. */
const char *httpd_http_url(const struct httpd *httpd);
const char *httpd_https_url(const struct httpd *httpd);

/*
 * Accepts no new connections, answers new requests with 503, and waits until the deadline (monotonic clock,
 * in milliseconds) for those under way. True when no handler runs any more and none will; false when one on
 * a lane still does, and it may be called again.
 */
bool httpd_drain(struct httpd *httpd, int64_t deadline_ms);
/* Closes all connections and frees. Once httpd_serve() was called, only after httpd_drain() has said true. */
void httpd_stop(struct httpd *httpd);

#endif
