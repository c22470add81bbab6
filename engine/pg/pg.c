/* SPDX-License-Identifier: MIT */
/*
 * Executes statements, all asynchronously: the wait for their results checks for a stop every 50 ms and
 * can end with a cancel request instead of a hanging thread.
 */
#include "engine/pg/pg.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/pg_private.h"

enum { POLL_SLICE_MS = 50, SILENCE_SLICE_MS = 200, ABANDON_MS = 2000, SQL_MAX_BYTES = 64 * 1024 * 1024 };

enum pg_poll pg_poll_socket(int socket, short events, int64_t deadline_ms, const struct stop *stop)
{
    for (;;) {
        if (stop != NULL && stop_requested(stop)) {
            return PG_POLL_STOPPED;
        }
        int wait_ms = POLL_SLICE_MS;
        if (deadline_ms != 0 && clock_ms_left(deadline_ms) < wait_ms) {
            wait_ms = clock_ms_left(deadline_ms);
        }
        struct pollfd poller = {.fd = socket, .events = events};
        int ready = poll(&poller, 1, wait_ms);
        if (ready > 0) {
            return PG_POLL_READY;
        }
        if (ready < 0 && errno != EINTR) {
            return PG_POLL_FAILED;
        }
        if (deadline_ms != 0 && clock_ms_left(deadline_ms) == 0) {
            return PG_POLL_TIMEOUT;
        }
    }
}

static int wait_for(struct pg *pg, short events, int64_t deadline_ms, struct err *err)
{
    int64_t heard_ms = clock_monotonic_ms();
    for (;;) {
        int64_t slice_ms = clock_monotonic_ms() + SILENCE_SLICE_MS;
        bool last = deadline_ms != 0 && deadline_ms <= slice_ms;
        enum pg_poll outcome =
            pg_poll_socket(PQsocket(pg->connection), events, last ? deadline_ms : slice_ms, pg->stop);
        if (outcome == PG_POLL_READY) {
            return 0;
        }
        if (outcome != PG_POLL_TIMEOUT || last) {
            return pg_poll_error(pg, outcome, err);
        }
        if (pg_look_for_server(pg, heard_ms, err) != 0) {
            return -1;
        }
    }
}

int pg_wait(struct pg *pg, bool for_write, int64_t deadline_ms, struct err *err)
{
    return wait_for(pg, for_write ? POLLOUT : POLLIN, deadline_ms, err);
}

/* A cancel request in progress. It opens a separate connection and blocks without a timeout if the
 * server's host has died, so a separate thread sends it. The last holder frees it. */
struct cancel_request {
    PGcancel *cancel;
    _Atomic int holders;
    _Atomic bool answered; /* the server has processed it: it can no longer hit a later statement */
};

static void release(struct cancel_request *request)
{
    if (request != NULL && atomic_fetch_sub(&request->holders, 1) == 1) {
        PQfreeCancel(request->cancel);
        free(request);
    }
}

static void *send_cancel(void *argument)
{
    struct cancel_request *request = argument;
    char errbuf[256];
    PQcancel(request->cancel, errbuf, sizeof(errbuf));
    atomic_store(&request->answered, true);
    release(request);
    return NULL;
}

/* NULL: nothing was sent. The caller releases the request. */
static struct cancel_request *request_cancel(struct pg *pg)
{
    struct cancel_request *request = calloc(1, sizeof(*request));
    pthread_t thread;
    if (request == NULL) {
        return NULL;
    }
    request->cancel = PQgetCancel(pg->connection);
    atomic_store(&request->holders, 2);
    if (request->cancel == NULL || pthread_create(&thread, NULL, send_cancel, request) != 0) {
        atomic_store(&request->holders, 1);
        release(request);
        return NULL;
    }
    pthread_detach(thread);
    return request;
}

static bool wait_for_answer(const struct cancel_request *request, int64_t deadline_ms)
{
    while (request != NULL && !atomic_load(&request->answered)) {
        if (clock_ms_left(deadline_ms) == 0) {
            return false;
        }
        clock_sleep_ms(1);
    }
    return true;
}

/* Waits for input and reads it. 0, or -1: connection lost or too late. */
static int drain_input(struct pg *pg, int64_t deadline_ms)
{
    int flushed = PQflush(pg->connection);
    if (flushed < 0) {
        return -1;
    }
    short events = (short)(flushed > 0 ? POLLIN | POLLOUT : POLLIN);
    if (pg_poll_socket(PQsocket(pg->connection), events, deadline_ms, NULL) != PG_POLL_READY) {
        return -1;
    }
    return PQconsumeInput(pg->connection) ? 0 : -1;
}

/* Discards the remaining rows. */
static int drain_copy(struct pg *pg, int64_t deadline_ms)
{
    char *row = NULL;
    int len = PQgetCopyData(pg->connection, &row, 1);
    PQfreemem(row);
    return len == 0 ? drain_input(pg, deadline_ms) : 0;
}

/* Takes one step towards an idle connection. 1: idle, 0: more to do, -1: lost or too late. */
static int drain_step(struct pg *pg, int64_t deadline_ms)
{
    if (PQisBusy(pg->connection)) {
        return drain_input(pg, deadline_ms);
    }
    auto_result PGresult *result = PQgetResult(pg->connection);
    if (result == NULL) {
        return PQpipelineStatus(pg->connection) == PQ_PIPELINE_OFF ? 1 : -1;
    }
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) {
        return PQputCopyEnd(pg->connection, status == PGRES_COPY_IN ? "abandoned" : NULL) < 0 ? -1 : 0;
    }
    return status == PGRES_COPY_OUT ? drain_copy(pg, deadline_ms) : 0;
}

bool pg_abandon(struct pg *pg)
{
    if (PQstatus(pg->connection) != CONNECTION_OK) {
        return false;
    }
    PGTransactionStatusType status = PQtransactionStatus(pg->connection);
    if (status != PQTRANS_ACTIVE) {
        return status != PQTRANS_UNKNOWN;
    }
    struct cancel_request *request = request_cancel(pg);
    int64_t deadline_ms = clock_monotonic_ms() + ABANDON_MS;
    int step = 0;
    while (step == 0 && clock_ms_left(deadline_ms) > 0) {
        step = drain_step(pg, deadline_ms);
    }
    /* The statement may have ended already: a pending cancel request would hit the next one. */
    pg->tainted = !wait_for_answer(request, deadline_ms);
    release(request);
    return step == 1 && !pg->tainted;
}

int pg_next_result(struct pg *pg, int64_t deadline_ms, struct err *err, PGresult **ret_result)
{
    for (;;) {
        int flushed = PQflush(pg->connection);
        if (flushed < 0) {
            return pg_error(pg, NULL, err, "while sending a statement");
        }
        if (flushed == 0 && !PQisBusy(pg->connection)) {
            *ret_result = PQgetResult(pg->connection);
            return 0;
        }
        short events = (short)(flushed > 0 ? POLLIN | POLLOUT : POLLIN);
        if (wait_for(pg, events, deadline_ms, err) != 0) {
            pg_abandon(pg);
            return -1;
        }
        if (!PQconsumeInput(pg->connection)) {
            return pg_error(pg, NULL, err, "while waiting for the answer to a statement");
        }
    }
}

static bool is_copy(ExecStatusType status)
{
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

static bool is_failure(ExecStatusType status)
{
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_PIPELINE_ABORTED;
}

/* Waits for the end of the statements and returns the last result, or the first error. */
static int last_result(struct pg *pg, struct err *err, PGresult **ret_result)
{
    int64_t deadline_ms = pg->statement_timeout_ms > 0 ? clock_monotonic_ms() + pg->statement_timeout_ms : 0;
    auto_result PGresult *last = NULL;
    for (;;) {
        PGresult *next = NULL;
        if (pg_next_result(pg, deadline_ms, err, &next) != 0) {
            return -1;
        }
        if (next == NULL) {
            break;
        }
        bool failed = last != NULL && is_failure(PQresultStatus(last));
        PQclear(failed ? next : last);
        last = failed ? last : next;
        if (is_copy(PQresultStatus(last))) {
            break;
        }
    }
    if (last == NULL || is_failure(PQresultStatus(last))) {
        return pg_error(pg, last, err, "%s", "");
    }
    *ret_result = TAKE(last);
    return 0;
}

static int refuse_when_stopped(const struct pg *pg, struct err *err)
{
    bool stopped = pg->stop != NULL && stop_requested(pg->stop);
    return stopped ? pg_poll_error(pg, PG_POLL_STOPPED, err) : 0;
}

static int run(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql)
{
    if (refuse_when_stopped(pg, err) != 0) {
        return -1;
    }
    if (!PQsendQuery(pg->connection, sql)) {
        return pg_error(pg, NULL, err, "while sending a statement");
    }
    return last_result(pg, err, ret_result);
}

int pg_run(struct pg *pg, struct err *err, const char *sql)
{
    auto_result PGresult *result = NULL;
    return run(pg, err, &result, sql);
}

static int first_value(const PGresult *result, struct err *err, char **ret_value)
{
    char *value = NULL;
    if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0)) {
        value = str_dup(PQgetvalue(result, 0, 0));
        if (value == NULL) {
            return err_no_memory(err);
        }
    }
    *ret_value = value;
    return 0;
}

int pg_run_value(struct pg *pg, struct err *err, char **ret_value, const char *sql)
{
    auto_result PGresult *result = NULL;
    return run(pg, err, &result, sql) != 0 ? -1 : first_value(result, err, ret_value);
}

int pg_runf(struct pg *pg, struct err *err, const char *format, ...)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    va_list args;
    va_start(args, format);
    buf_vaddf(&sql, format, args);
    va_end(args);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(pg, err, buf_text(&sql));
}

int pg_query(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql, int count,
             const char *const *params)
{
    if (refuse_when_stopped(pg, err) != 0) {
        return -1;
    }
    if (!PQsendQueryParams(pg->connection, sql, count, NULL, params, NULL, NULL, 0)) {
        return pg_error(pg, NULL, err, "while sending a query");
    }
    return last_result(pg, err, ret_result);
}

int pg_query_binary(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql,
                    const struct pg_binary_params *params)
{
    auto_free int *formats = calloc((size_t)params->count + 1, sizeof(*formats));
    if (formats == NULL) {
        return err_no_memory(err);
    }
    for (int i = 0; i < params->count; i++) {
        formats[i] = 1;
    }
    if (refuse_when_stopped(pg, err) != 0) {
        return -1;
    }
    if (!PQsendQueryParams(pg->connection, sql, params->count, params->types, params->values, params->lengths,
                           formats, 0)) {
        return pg_error(pg, NULL, err, "while sending a query");
    }
    return last_result(pg, err, ret_result);
}

int pg_value(struct pg *pg, struct err *err, char **ret_value, const char *sql, int count,
             const char *const *params)
{
    auto_result PGresult *result = NULL;
    return pg_query(pg, err, &result, sql, count, params) != 0 ? -1 : first_value(result, err, ret_value);
}

int pg_set_encoding(struct pg *pg, const char *encoding, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(1024);
    buf_adds(&sql, "SET client_encoding = ");
    pg_add_literal(pg, &sql, encoding);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(pg, err, buf_text(&sql));
}

/* libpq returns NULL for text that is not valid in the connection's encoding: then mark the whole buffer
 * as failed. */
static void add_quoted(struct buf *sql, char *quoted)
{
    if (quoted == NULL) {
        sql->failed = true;
        return;
    }
    buf_adds(sql, quoted);
    PQfreemem(quoted);
}

void pg_add_identifier(struct pg *pg, struct buf *sql, const char *name)
{
    add_quoted(sql, PQescapeIdentifier(pg->connection, name, strlen(name)));
}

void pg_add_literal(struct pg *pg, struct buf *sql, const char *value)
{
    add_quoted(sql, PQescapeLiteral(pg->connection, value, strlen(value)));
}

void pg_add_qualified(struct pg *pg, struct buf *sql, const char *schema, const char *name)
{
    pg_add_identifier(pg, sql, schema);
    buf_addc(sql, '.');
    pg_add_identifier(pg, sql, name);
}

bool pg_value_is_true(const char *value)
{
    return value != NULL && strcmp(value, "t") == 0;
}

bool pg_is_true(const PGresult *rows, int row, int column)
{
    return pg_value_is_true(PQgetvalue(rows, row, column));
}
