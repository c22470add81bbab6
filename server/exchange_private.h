/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd's callbacks for one request and its answer. Each exchange is made when the request line has
 * come and freed when the answer is sent or the connection lost.
 */
#ifndef SERVER_EXCHANGE_PRIVATE_H
#define SERVER_EXCHANGE_PRIVATE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/str_list.h"
#include "server/connections/door.h"
#include "server/service_private.h"
#include "server/slow_lane_private.h"

/* Requests that ask a live PostgreSQL, that write to the store, and that only read: none waits for another
 * kind. */
enum { LANE_LIVE, LANE_WRITE, LANE_READ, LANE_COUNT };

/* What all exchanges share. */
struct exchange_host {
    const struct service *service;
    struct slow_lane *lanes[LANE_COUNT];
    const struct str_list *names;       /* that requests may be for, besides loopback */
    const struct str_list *proxies;     /* whose headers count: addresses and networks, besides loopback */
    struct MHD_Response *out_of_memory; /* made at start, for when nothing can be made */
    _Atomic bool draining;              /* new requests are refused */
    _Atomic int open;                   /* exchanges that exist */
};

/* One per port: the closure of the callbacks. */
struct exchange_listener {
    struct exchange_host *host;
    char *authority; /* how clients reach it: "127.0.0.1:8080" */
    bool https;
};

/* MHD_OPTION_URI_LOG_CALLBACK: its result is what the other two find in *con_cls. */
void *exchange_on_uri(void *listener, const char *uri, struct MHD_Connection *connection);
/* MHD_AccessHandlerCallback */
enum MHD_Result exchange_on_request(void *listener, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *data_size, void **con_cls);
/* MHD_OPTION_NOTIFY_COMPLETED */
void exchange_on_completed(void *listener, struct MHD_Connection *connection, void **con_cls,
                           enum MHD_RequestTerminationCode how);

#endif
