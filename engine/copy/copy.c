/* SPDX-License-Identifier: MIT */
/*
 * The copy loop. libpq returns one row at a time; one message per row would double the client's work, so
 * rows are joined into larger messages, whose boundaries mean nothing to COPY FROM. The target sends
 * nothing while rows arrive unless it has failed, so its first message ends the loop: otherwise the rest
 * of the table would be read for nothing.
 */
#include "engine/copy/copy.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/pg_point.h"

enum { CHUNK_BYTES = 128 * 1024, PIECE_BYTES = 1024 * 1024, SLICE_MS = 50, INPUT_BYTES = 120 * 1024 };

enum pump_end {
    PUMP_DONE,
    PUMP_SOURCE_FAILED,
    PUMP_TARGET_FAILED,
    PUMP_TARGET_SPOKE,
    PUMP_STOPPED,
    PUMP_LOST
};

struct pump {
    const struct copy_stream *stream;
    PGconn *source;
    PGconn *target;
    char *chunk;
    size_t filled;
    bool ruled;      /* rules count the rows of this chunk */
    int64_t taken;   /* rows that have not been counted yet */
    struct err lost; /* PUMP_LOST: why */
};

/* Waits until the source has sent more, or until the target accepts more. */
static enum pump_end wait_for(struct pump *pump, bool target_takes_more)
{
    struct pg *awaited = target_takes_more ? pump->stream->target : pump->stream->source;
    int64_t heard_ms = clock_monotonic_ms();
    const struct stop *stop = pump->stream->source->stop;
    struct pollfd fds[2] = {
        {.fd = PQsocket(pump->target), .events = target_takes_more ? POLLIN | POLLOUT : POLLIN},
        {.fd = target_takes_more ? -1 : PQsocket(pump->source), .events = POLLIN},
    };
    for (;;) {
        if (stop != NULL && stop_requested(stop)) {
            return PUMP_STOPPED;
        }
        int ready = poll(fds, ARRAY_LEN(fds), SLICE_MS);
        if (ready < 0 && errno != EINTR) {
            return PUMP_SOURCE_FAILED;
        }
        if (ready > 0) {
            return (fds[0].revents & (POLLIN | POLLERR | POLLHUP)) != 0 ? PUMP_TARGET_SPOKE : PUMP_DONE;
        }
        if (pg_look_for_server(awaited, heard_ms, &pump->lost) != 0) {
            return PUMP_LOST;
        }
    }
}

static enum pump_end flush(struct pump *pump)
{
    for (;;) {
        int left = PQflush(pump->target);
        if (left <= 0) {
            return left == 0 ? PUMP_DONE : PUMP_TARGET_FAILED;
        }
        enum pump_end end = wait_for(pump, true);
        if (end != PUMP_DONE) {
            return end;
        }
    }
}

static void count(_Atomic int64_t *counter, int64_t more)
{
    if (counter != NULL) {
        atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
    }
}

static _Atomic uint64_t sent_bytes;

uint64_t copy_sent_bytes(void)
{
    return atomic_load_explicit(&sent_bytes, memory_order_relaxed);
}

static enum pump_end send_bytes(struct pump *pump, const char *bytes, size_t len)
{
    if (PQputCopyData(pump->target, bytes, (int)len) < 0) {
        return PUMP_TARGET_FAILED;
    }
    atomic_fetch_add_explicit(&sent_bytes, len, memory_order_relaxed);
    count(pump->stream->bytes, (int64_t)len);
    count(pump->stream->rows, pump->taken);
    pump->taken = 0;
    const struct stop *stop = pump->stream->source->stop;
    return stop != NULL && stop_requested(stop) ? PUMP_STOPPED : flush(pump);
}

static enum pump_end send_chunk(struct pump *pump)
{
    size_t len = pump->filled;
    pump->filled = 0;
    return len == 0 ? PUMP_DONE : send_bytes(pump, pump->chunk, len);
}

/* Sends in pieces, because libpq moves all its unsent bytes for each piece that it sends. */
static enum pump_end send_large(struct pump *pump, const char *row, size_t len)
{
    enum pump_end end = PUMP_DONE;
    for (size_t at = 0; at < len && end == PUMP_DONE; at += PIECE_BYTES) {
        end = send_bytes(pump, row + at, len - at < PIECE_BYTES ? len - at : PIECE_BYTES);
    }
    return end;
}

static enum pump_end add_row(struct pump *pump, const char *row, size_t len)
{
    if (pump->filled + len > CHUNK_BYTES) {
        enum pump_end end = send_chunk(pump);
        if (end != PUMP_DONE) {
            return end;
        }
    }
    if (len > CHUNK_BYTES) {
        return send_large(pump, row, len);
    }
    memcpy(pump->chunk + pump->filled, row, len);
    pump->filled += len;
    return PUMP_DONE;
}

/* Whether rules count the rows of the next chunk. */
static bool looks_for_rules(struct pump *pump)
{
    if (pump->filled == 0) {
        pump->ruled = point_is_armed(POINT_COPY_ROWS);
    }
    return pump->ruled;
}

/* A rule acts between two rows: what was read before it is sent first. */
static enum pump_end visit_row(struct pump *pump, size_t len)
{
    struct point_effect effect;
    const struct pg_point visit = {.point = POINT_COPY_ROWS,
                                   .source = pump->stream->source,
                                   .target = pump->stream->target,
                                   .schema = pump->stream->schema,
                                   .table = pump->stream->table};
    struct point_subject subject = pg_point_subject(&visit);
    subject.bytes = len;
    if (!point_take(POINT_COPY_ROWS, &subject, &effect)) {
        return PUMP_DONE;
    }
    enum pump_end end = send_chunk(pump);
    if (end != PUMP_DONE) {
        point_leave(&effect);
        return end;
    }
    return pg_point_finish(&visit, &subject, &effect, &pump->lost) == 0 ? PUMP_DONE : PUMP_LOST;
}

/* Each message of the source is one row, apart from the end of the binary format: alone, or behind the header
 * if there are no rows. A row of the text format ends with a line break. */
static bool is_row(const char *message, size_t len)
{
    enum { HEADER_BYTES = 19, TRAILER_BYTES = 2 };
    return !((len == TRAILER_BYTES || (len == HEADER_BYTES + TRAILER_BYTES && message[0] == 'P')) &&
             memcmp(message + len - TRAILER_BYTES, "\xff\xff", TRAILER_BYTES) == 0);
}

static enum pump_end pump_rows(struct pump *pump)
{
    for (;;) {
        char *row = NULL;
        int len = PQgetCopyData(pump->source, &row, 1);
        enum pump_end end = PUMP_DONE;
        if (len > 0) {
            bool counts = is_row(row, (size_t)len);
            end = counts && looks_for_rules(pump) ? visit_row(pump, (size_t)len) : PUMP_DONE;
            end = end == PUMP_DONE ? add_row(pump, row, (size_t)len) : end;
            pump->taken += counts;
            PQfreemem(row);
        } else if (len == 0) {
            end = wait_for(pump, false);
            if (end == PUMP_DONE && !PQconsumeInput(pump->source)) {
                end = PUMP_SOURCE_FAILED;
            }
        } else {
            return len == -1 ? send_chunk(pump) : PUMP_SOURCE_FAILED;
        }
        if (end != PUMP_DONE) {
            return end;
        }
    }
}

/* Waits for the end of the COPY on one side; *ret_rows is that side's count. */
static int finish_side(struct pg *pg, struct err *err, int64_t *ret_rows)
{
    for (;;) {
        auto_result PGresult *result = NULL;
        if (pg_next_result(pg, 0, err, &result) != 0) {
            return -1;
        }
        if (result == NULL) {
            return 0;
        }
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            int failed = pg_error(pg, result, err, "while copying");
            pg_abandon(pg);
            return failed;
        }
        str_to_int(PQcmdTuples(result), 0, INT64_MAX, ret_rows);
    }
}

/* The target sent something during the COPY: an error, or the end of the connection. */
static int target_error(struct pg *target, struct err *err)
{
    int64_t rows = 0;
    if (PQstatus(target->connection) == CONNECTION_OK) {
        PQputCopyEnd(target->connection, "aborted");
        if (finish_side(target, err, &rows) != 0) {
            return -1;
        }
    }
    return pg_error(target, NULL, err, "while copying");
}

static int explain(const struct pump *pump, enum pump_end end, struct err *err)
{
    struct pg *source = pump->stream->source;
    struct pg *target = pump->stream->target;
    int64_t rows = 0;
    switch (end) {
    case PUMP_STOPPED:
        return pg_wait(source, false, 0, err);
    case PUMP_SOURCE_FAILED:
        if (PQstatus(source->connection) == CONNECTION_OK && finish_side(source, err, &rows) != 0) {
            return -1;
        }
        return pg_error(source, NULL, err, "while copying");
    case PUMP_TARGET_FAILED:
    case PUMP_TARGET_SPOKE:
        return target_error(target, err);
    case PUMP_LOST:
        *err = pump->lost;
        return -1;
    case PUMP_DONE:
        break;
    }
    return 0;
}

static int finish(const struct pump *pump, struct err *err, int64_t *ret_rows)
{
    struct pg *source = pump->stream->source;
    struct pg *target = pump->stream->target;
    int64_t sent = 0;
    int64_t arrived = 0;
    /* The target may keep the rows only if the source finished without an error. */
    if (finish_side(source, err, &sent) != 0) {
        return -1;
    }
    if (PQputCopyEnd(target->connection, NULL) < 0) {
        return pg_error(target, NULL, err, "while copying");
    }
    if (finish_side(target, err, &arrived) != 0) {
        return -1;
    }
    if (sent != arrived) {
        return err_set(err, ERR_INTERNAL, "the source sent %lld rows, %lld arrived", (long long)sent,
                       (long long)arrived);
    }
    *ret_rows = arrived;
    return 0;
}

int copy_run(const struct copy_stream *stream, struct err *err, int64_t *ret_rows)
{
    auto_free char *chunk = malloc(CHUNK_BYTES);
    if (chunk == NULL) {
        return err_no_memory(err);
    }
    struct pump pump = {.stream = stream,
                        .source = stream->source->connection,
                        .target = stream->target->connection,
                        .chunk = chunk};
    int result = -1;
    if (pg_run(stream->source, err, stream->out_sql) == 0 &&
        pg_run(stream->target, err, stream->in_sql) == 0) {
        enum pump_end end = pump_rows(&pump);
        result = end == PUMP_DONE ? finish(&pump, err, ret_rows) : explain(&pump, end, err);
    }
    if (result != 0) {
        pg_abandon(stream->source);
        pg_abandon(stream->target);
    }
    return result;
}

/* libpq's input buffer starts with 16 KiB and grows only for a message that does not fit: request one. */
int copy_prepare_source(struct pg *source, struct err *err)
{
    auto_free char *ignored = NULL;
    auto_free char *sql = str_format("SELECT pg_catalog.repeat('x', %d)", INPUT_BYTES);
    return sql == NULL ? err_no_memory(err) : pg_value(source, err, &ignored, sql, 0, NULL);
}
