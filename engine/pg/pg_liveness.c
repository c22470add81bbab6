/* SPDX-License-Identifier: MIT */
/*
 * Decides whether the server behind a silent session is still alive, mainly by the session's own TCP
 * connection: the kernel probes it (keep-alives every 10 s) and ends it after 70 s without an
 * acknowledgement. Two cases need more. While bytes are unacknowledged there are no keep-alives, and the
 * kernel retransmits for 15 minutes. And a proxy that no longer forwards acknowledges everything: only a
 * request to the server reveals that.
 *
 * That request is one that a server answers before it authenticates: no password, connection limit,
 * pg_hba.conf or shutdown can reject it. Only silence counts: a connection that is accepted and then never
 * answered, several times in a row. An error, a closed or refused connection or an unreachable address (a
 * firewall that blocks new sessions) says nothing about this session.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fd.h"
#include "engine/pg/pg_private.h"

enum {
    UNANSWERED_MOST = 3,       /* requests in a row */
    UNACKNOWLEDGED_MS = 60000, /* unacknowledged bytes, or keep-alives */
    WINDOW_PROBES_MOST = 3,    /* a receiver with a closed window acknowledges each probe */
    REQUEST_LEN = 8,
};

struct pg_liveness_limits pg_liveness_limits = {.silence_ms = 15000, .answer_ms = 10000};

static void end_request(struct pg_liveness *liveness)
{
    if (liveness->asking) {
        close(liveness->socket);
    }
    liveness->asking = false;
}

void pg_liveness_done(struct pg_liveness *liveness)
{
    end_request(liveness);
    *liveness = (struct pg_liveness){0};
}

/* ---- the session's own connection ------------------------------------------------------------------------
 */

/* True if the other side's kernel has acknowledged nothing for too long. */
static bool is_unacknowledged(int socket)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) {
        return false; /* not TCP: a Unix socket ends with its server */
    }
    uint32_t heard_ms = info.tcpi_last_ack_recv < info.tcpi_last_data_recv ? info.tcpi_last_ack_recv
                                                                           : info.tcpi_last_data_recv;
    bool waits = info.tcpi_unacked > 0 || info.tcpi_probes >= WINDOW_PROBES_MOST;
    return waits && heard_ms > UNACKNOWLEDGED_MS;
}

/* ---- the conversation ------------------------------------------------------------------------------------
 */

/* Connects to the session's server address. False: not over TCP, or no socket. */
static bool begin_request(struct pg *pg)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);
    if (getpeername(PQsocket(pg->connection), (struct sockaddr *)&address, &len) != 0 ||
        (address.ss_family != AF_INET && address.ss_family != AF_INET6)) {
        return false;
    }
    auto_fd int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&address, len) != 0 && errno != EINPROGRESS)) {
        return false;
    }
    pg->liveness.socket = TAKE_FD(fd);
    pg->liveness.asking = true;
    pg->liveness.asked = false;
    pg->liveness.since_ms = clock_monotonic_ms();
    return true;
}

/* Sends an SSLRequest: the only request that leaves no line in the server's log. */
static bool send_request(const struct pg *pg)
{
    enum { ENCRYPT_GSS_SINCE = 120000 };
    static const unsigned char gss[REQUEST_LEN] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30};
    static const unsigned char tls[REQUEST_LEN] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    const unsigned char *request = pg->version >= ENCRYPT_GSS_SINCE ? gss : tls;
    return send(pg->liveness.socket, request, REQUEST_LEN, MSG_NOSIGNAL) == REQUEST_LEN;
}

enum answer { ANSWER_WAITING, ANSWER_LIFE, ANSWER_UNKNOWN, ANSWER_NONE };

/* Checks the probe once, without waiting. */
static enum answer check_probe(struct pg *pg)
{
    struct pg_liveness *liveness = &pg->liveness;
    struct pollfd poller = {.fd = liveness->socket, .events = liveness->asked ? POLLIN : POLLOUT};
    if (poll(&poller, 1, 0) > 0) {
        /* Closed, reset or refused: the machine answers, and would end this session, too. */
        if (liveness->asked || (poller.revents & (POLLERR | POLLHUP)) != 0 || !send_request(pg)) {
            return ANSWER_LIFE;
        }
        liveness->asked = true;
        return ANSWER_WAITING;
    }
    if (clock_monotonic_ms() - liveness->since_ms < pg_liveness_limits.answer_ms) {
        return ANSWER_WAITING;
    }
    return liveness->asked ? ANSWER_NONE : ANSWER_UNKNOWN;
}

static int lost(const struct pg *pg, int64_t heard_ms, struct err *err)
{
    err_set(err, ERR_SERVER_UNREACHABLE,
            "The connection to the %s is lost: no data has arrived for %d seconds. Check the server and the "
            "network.",
            pg->endpoint->label, (int)((clock_monotonic_ms() - heard_ms) / 1000));
    err->lasting = false;
    err->service_code = 603000;
    return err_target(err, "%s", pg->database);
}

int pg_look_for_server(struct pg *pg, int64_t heard_ms, struct err *err)
{
    struct pg_liveness *liveness = &pg->liveness;
    if (heard_ms > liveness->heard_ms) { /* a probe from before the last input is obsolete */
        end_request(liveness);
        *liveness =
            (struct pg_liveness){.heard_ms = heard_ms, .next_ms = heard_ms + pg_liveness_limits.silence_ms};
    }
    if (clock_monotonic_ms() < liveness->next_ms) {
        return 0;
    }
    if (is_unacknowledged(PQsocket(pg->connection))) {
        return lost(pg, heard_ms, err);
    }
    enum answer answer = ANSWER_WAITING;
    if (liveness->asking) {
        answer = check_probe(pg);
    } else if (!begin_request(pg)) {
        answer = ANSWER_UNKNOWN;
    }
    if (answer == ANSWER_WAITING) {
        return 0;
    }
    end_request(liveness);
    if (answer == ANSWER_NONE) {
        liveness->unanswered++;
    } else if (answer == ANSWER_LIFE) {
        liveness->unanswered = 0;
    }
    liveness->next_ms = clock_monotonic_ms() + (answer == ANSWER_NONE ? 0 : pg_liveness_limits.silence_ms);
    return liveness->unanswered >= UNANSWERED_MOST ? lost(pg, heard_ms, err) : 0;
}
