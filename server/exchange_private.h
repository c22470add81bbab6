/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd's callbacks for one request and its response. Each exchange is created with the request
 * line and freed when the response is sent or the connection is lost.
 */
#ifndef SERVER_EXCHANGE_PRIVATE_H
#define SERVER_EXCHANGE_PRIVATE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/str_list.h"
#include "server/connections/acceptor.h"
#include "server/lanes/slow_lane.h"
#include "server/lanes/waiting_room.h"
#include "server/lanes/waits.h"
#include "server/service_private.h"

/* Requests that query a running PostgreSQL, that write to the store, and that only read: no kind waits for
 * another. */
enum { LANE_LIVE, LANE_WRITE, LANE_READ, LANE_COUNT };

/* State shared by all exchanges. */
struct exchange_host {
    const struct service *service;
    struct slow_lane *lanes[LANE_COUNT];
    struct waiting_room *waiting; /* for reply_later() */
    struct waits *waits;          /* for routes with ROUTE_WAITS */
    const struct str_list *names; /* accepted host names, besides loopback */
    const struct str_list
        *proxies; /* proxies whose headers are trusted: addresses and networks, besides loopback */
    struct MHD_Response *out_of_memory; /* created at start, for use when memory is out */
    _Atomic bool draining;              /* new requests are refused */
    _Atomic int open;                   /* exchanges that exist */
};

/* One per port: the closure of the callbacks. */
struct exchange_listener {
    struct exchange_host *host;
    char *authority; /* the host and port that clients use: "127.0.0.1:8080" */
    bool https;
};

/* MHD_OPTION_URI_LOG_CALLBACK: the other two find its result in *con_cls. */
void *exchange_on_uri(void *listener, const char *uri, struct MHD_Connection *connection);
/* MHD_AccessHandlerCallback */
enum MHD_Result exchange_on_request(void *listener, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *data_size, void **con_cls);
/* MHD_OPTION_NOTIFY_COMPLETED */
void exchange_on_completed(void *listener, struct MHD_Connection *connection, void **con_cls,
                           enum MHD_RequestTerminationCode how);

/* ---- between exchange.c and exchange_lanes.c ---- */

enum phase { PHASE_NEW, PHASE_BODY, PHASE_SLOW, PHASE_SENT };

struct exchange {
    unsigned magic;
    enum phase phase;
    struct exchange_host *host;
    struct MHD_Connection *connection;
    struct visit *visit;
    uint64_t discarded; /* discarded bytes of an oversized body */
    bool out_of_memory; /* for the body */
    bool failed;        /* err says why the request cannot be served */
    struct err err;
    struct slow_task task;
    struct wait wait;
    struct waiter waiter;
    struct request request;
};

/* Suspends the connection and runs the request on its lane, or in the thread of the waits. */
enum MHD_Result exchange_run_on_lane(struct exchange *exchange);
enum MHD_Result exchange_run_in_waits(struct exchange *exchange);
void exchange_refuse_for_now(struct request *request, const char *why);

#endif
