/* SPDX-License-Identifier: MIT */
/* Requests that may wait leave the event loop: for a thread of a lane, or for the thread of the long polls.
 */
#include <ctype.h>
#include <poll.h>
#include <stddef.h>

#include "server/connections/input.h"
#include "server/exchange_private.h"
#include "server/reply.h"
#include "server/route.h"

void exchange_refuse_for_now(struct request *request, const char *why)
{
    reply_header(request, "Retry-After", "1");
    reply_fail(request, ERR_UNAVAILABLE, "%s", why);
}

/* The server, or the group with a template, that a request may wait for: an unresponsive one must not
 * block the others. */
static uint64_t key_of(const struct request *request)
{
    const char *const names[] = {request_param(request, "subscriptionId"),
                                 request_param(request, "resourceGroupName"),
                                 request_param(request, "serverName")};
    if (names[1] == NULL) { /* the body of a connection test names the server: all share one key */
        return (request->route->flags & ROUTE_TOKEN) != 0 ? 1 : 0;
    }
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < ARRAY_LEN(names) && names[i] != NULL; i++) {
        for (const char *at = names[i]; *at != '\0'; at++) {
            hash = (hash ^ (uint64_t)tolower((unsigned char)*at)) * UINT64_C(1099511628211);
        }
        hash = (hash ^ '/') * UINT64_C(1099511628211);
    }
    return hash == 0 ? 1 : hash;
}

static int lane_of(const struct request *request)
{
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    /* A conditional change first reads the resource, perhaps from PostgreSQL. */
    bool live = !reads && (request->if_match != NULL || request->if_none_match != NULL);
    return live || (request->route->flags & ROUTE_SLOW) != 0 ? LANE_LIVE : reads ? LANE_READ : LANE_WRITE;
}

/* The handler runs once more. */
static void retry(struct waiter *waiter, bool refused)
{
    struct exchange *exchange = (struct exchange *)((char *)waiter - offsetof(struct exchange, waiter));
    exchange->request.again_ms = 0;
    if (refused) {
        exchange_refuse_for_now(&exchange->request, "Malachite is stopping.");
        MHD_resume_connection(exchange->connection);
    } else if (!slow_lane_submit(exchange->host->lanes[lane_of(&exchange->request)], &exchange->task)) {
        exchange_refuse_for_now(&exchange->request, "Too many requests are waiting. Retry later.");
        MHD_resume_connection(exchange->connection);
    }
}

static void run_slow(struct slow_task *task, bool refused)
{
    struct exchange *exchange = (struct exchange *)((char *)task - offsetof(struct exchange, task));
    struct request *request = &exchange->request;
    if (refused) {
        reply_fail(request, ERR_UNAVAILABLE, "Malachite is stopping.");
    } else {
        exchange->host->service->run(request);
    }
    if (request->again_ms != 0) {
        exchange->waiter = (struct waiter){.due_ms = request->again_ms, .retry = retry};
        if (waiting_room_enter(exchange->host->waiting, &exchange->waiter)) {
            return;
        }
        exchange_refuse_for_now(request,
                                "Too many requests are waiting for something to happen. Retry later.");
    }
    MHD_resume_connection(exchange->connection);
}

/* The connection is suspended while the lane works; nothing here may use the exchange after it was
 * submitted. */
enum MHD_Result exchange_run_on_lane(struct exchange *exchange)
{
    static const char *const full[LANE_COUNT] = {
        [LANE_LIVE] = "Too many requests are waiting for PostgreSQL servers. Retry later.",
        [LANE_WRITE] = "Too many changes are waiting. Retry later.",
        [LANE_READ] = "Too many reads are waiting. Retry later.",
    };
    int lane = lane_of(&exchange->request);
    struct MHD_Connection *connection = exchange->connection;
    exchange->phase = PHASE_SLOW;
    exchange->task =
        (struct slow_task){.run = run_slow, .key = lane == LANE_LIVE ? key_of(&exchange->request) : 0};
    input_hold(connection, true);
    MHD_suspend_connection(connection);
    if (!slow_lane_submit(exchange->host->lanes[lane], &exchange->task)) {
        exchange_refuse_for_now(&exchange->request, full[lane]);
        MHD_resume_connection(connection);
    }
    return MHD_YES;
}

/* The connection is suspended, so the event loop does not notice when the client leaves. */
static bool client_has_left(const struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd polled = {.fd = info == NULL ? -1 : info->connect_fd, .events = POLLRDHUP};
    return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool look(struct wait *wait, enum wait_turn turn)
{
    struct exchange *exchange = (struct exchange *)((char *)wait - offsetof(struct exchange, wait));
    struct request *request = &exchange->request;
    if (turn == WAIT_STOP) {
        reply_header(request, "Connection", "close");
        reply_fail(request, ERR_UNAVAILABLE, "Malachite is stopping.");
    } else {
        request->wait_is_over = turn == WAIT_LAST || client_has_left(exchange);
        exchange->host->service->run(request);
        wait->until_ms = request->wait_until_ms;
    }
    if (request->reply.status == 0) {
        return false;
    }
    MHD_resume_connection(exchange->connection);
    return true;
}

/* The first look may come before this function returns. */
enum MHD_Result exchange_run_in_waits(struct exchange *exchange)
{
    struct MHD_Connection *connection = exchange->connection;
    exchange->phase = PHASE_SLOW;
    exchange->wait = (struct wait){.look = look};
    input_hold(connection, true);
    MHD_suspend_connection(connection);
    if (!waits_add(exchange->host->waits, &exchange->wait)) {
        exchange_refuse_for_now(&exchange->request, "Too many requests wait for a change. Retry later.");
        MHD_resume_connection(connection);
    }
    return MHD_YES;
}
