/* SPDX-License-Identifier: MIT */
/*
 * The client's side of PostgreSQL's streaming replication protocol, inside COPY BOTH. The server sends 'w'
 * (position, end, time, then one message of pgoutput) or 'k' (end, time, whether it requests a reply);
 * Malachite sends 'r' (written, flushed and applied position, time, whether it requests a reply).
 */
#include <endian.h>
#include <string.h>

#include "core/clock.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/replication_private.h"
#include "engine/replication/tables/position.h"

enum {
    DATA_HEADER_BYTES = 1 + 8 + 8 + 8,
    KEEPALIVE_BYTES = 1 + 8 + 8 + 1,
    REPORT_BYTES = 1 + 8 + 8 + 8 + 8 + 1,
    START_MS = 10000,
    START_PAUSE_MS = 100,
    COMMAND_MAX_BYTES = 2048,
};
#define EPOCH_US INT64_C(946684800000000) /* of PostgreSQL: 2000-01-01 */

static uint64_t read_u64(const char *bytes)
{
    uint64_t number;
    memcpy(&number, bytes, sizeof(number));
    return be64toh(number);
}

static void write_u64(char *bytes, uint64_t number)
{
    number = htobe64(number);
    memcpy(bytes, &number, sizeof(number));
}

/* ---- beginning and end -----------------------------------------------------------------------------------
 */

static int start_command(const struct replication *replication, uint64_t position, struct buf *sql)
{
    char text[POSITION_TEXT_SIZE];
    buf_adds(sql, "START_REPLICATION SLOT ");
    replication_add_name(sql, replication->name);
    buf_addf(sql, " LOGICAL %s (proto_version '1', publication_names '", position_format(position, text));
    replication_add_name(sql, replication->name);
    buf_adds(sql, replication->binary ? "', binary 'true')" : "')");
    return buf_failed(sql) ? -1 : 0;
}

/* Ends a leftover walsender, from a separate session. */
static int free_slot(const struct replication *replication, struct err *err)
{
    auto_pg struct pg control = {0};
    return replication_control(replication, replication->stop, err, &control) != 0
               ? -1
               : replication_free_slot(&control, replication->name, err);
}

static int start(const struct replication *replication, struct pg *pg, const char *sql, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + START_MS;
    while (pg_run(pg, err, sql) != 0) {
        if (!sqlstate_is(err->sqlstate, SQLSTATE_OBJECT_IN_USE)) {
            return err_prefix(err, "Cannot start the change stream. ");
        }
        if (free_slot(replication, err) != 0 ||
            replication_pause(replication->stop, deadline_ms, START_PAUSE_MS, err,
                              "waiting for the session that uses the replication slot to end") != 0) {
            return -1;
        }
    }
    if (PQtransactionStatus(pg->connection) != PQTRANS_ACTIVE) {
        return err_set(err, ERR_INTERNAL, "The source server did not start the change stream.");
    }
    return 0;
}

static int use_money(const struct replication *replication, struct pg *pg, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(COMMAND_MAX_BYTES);
    if (replication->lc_monetary == NULL) {
        return 0; /* pinned to C already */
    }
    buf_adds(&sql, "SET lc_monetary = ");
    pg_add_literal(pg, &sql, replication->lc_monetary);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(pg, err, buf_text(&sql));
}

int replication_stream_open(const struct replication *replication, const char *encoding, uint64_t position,
                            struct err *err, struct replication_stream *ret_stream)
{
    auto_pg struct pg pg = {0};
    auto_buf struct buf sql = BUF_MAX(COMMAND_MAX_BYTES);
    if (start_command(replication, position, &sql) != 0) {
        return err_no_memory(err);
    }
    if (pg_open(replication->source, replication->database, PG_REPLICATION, replication->stop, err, &pg) !=
            0 ||
        use_money(replication, &pg, err) != 0 || pg_set_encoding(&pg, encoding, err) != 0 ||
        start(replication, &pg, buf_text(&sql), err) != 0) {
        return -1;
    }
    int64_t now_ms = clock_monotonic_ms();
    *ret_stream = (struct replication_stream){
        .pg = pg,
        .server_end = position,
        .reported = position,
        .heard_ms = now_ms,
        .reported_ms = now_ms,
    };
    pg.connection = NULL;
    return 0;
}

void replication_stream_close(struct replication_stream *stream)
{
    PQfreemem(stream->buffer);
    stream->buffer = NULL;
    pg_close(&stream->pg);
}

int replication_stream_socket(const struct replication_stream *stream)
{
    return PQsocket(stream->pg.connection);
}

/* ---- reports ---------------------------------------------------------------------------------------------
 */

static int flush(struct replication_stream *stream, struct err *err)
{
    return PQflush(stream->pg.connection) < 0
               ? pg_error(&stream->pg, NULL, err, "while reporting to the source")
               : 0;
}

static int send_report(struct replication_stream *stream, bool ask, struct err *err)
{
    char report[REPORT_BYTES] = {'r'};
    uint64_t received = stream->server_end > stream->reported ? stream->server_end : stream->reported;
    write_u64(report + 1, received);
    write_u64(report + 9, stream->reported);
    write_u64(report + 17, stream->reported);
    write_u64(report + 25, (uint64_t)(clock_now_us() - EPOCH_US));
    report[33] = ask ? 1 : 0;
    /* 0: libpq's buffer is full because the server is not reading. The next report will do. */
    int sent = PQputCopyData(stream->pg.connection, report, sizeof(report));
    if (sent < 0) {
        return pg_error(&stream->pg, NULL, err, "while reporting to the source");
    }
    if (sent > 0) {
        stream->reported_ms = clock_monotonic_ms();
    }
    return flush(stream, err);
}

int replication_stream_report(struct replication_stream *stream, uint64_t applied, bool ask, struct err *err)
{
    if (applied > stream->reported) {
        stream->reported = applied;
    }
    return send_report(stream, ask, err);
}

/* ---- messages --------------------------------------------------------------------------------------------
 */

/* The stream has ended with a server error, or because the server shuts down. */
static int end_of_stream(struct replication_stream *stream, struct err *err)
{
    auto_result PGresult *result = NULL;
    struct pg *pg = &stream->pg;
    if (!PQisBusy(pg->connection)) {
        result = PQgetResult(pg->connection);
    }
    if (result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR) {
        return pg_error(pg, result, err, "while reading changes");
    }
    if (PQstatus(pg->connection) != CONNECTION_OK) {
        return pg_error(pg, NULL, err, "while reading changes");
    }
    err_set(err, ERR_SERVER_UNREACHABLE, "The %s ended the change stream of database '%s'.",
            pg->endpoint->label, pg->database);
    err->service_code = 603000;
    err->lasting = false;
    return err_target(err, "%s", pg->database);
}

/* Receives one message of libpq. 1: received, 0: none now, -1: error. */
static int receive(struct replication_stream *stream, struct err *err, size_t *ret_len)
{
    PGconn *connection = stream->pg.connection;
    PQfreemem(stream->buffer);
    stream->buffer = NULL;
    int len = PQgetCopyData(connection, &stream->buffer, 1);
    if (len == 0) {
        /* Only if libpq's buffer is empty: otherwise it would grow with everything that arrives. */
        if (!PQconsumeInput(connection)) {
            return pg_error(&stream->pg, NULL, err, "while reading changes");
        }
        len = PQgetCopyData(connection, &stream->buffer, 1);
    }
    if (len < 0) {
        return end_of_stream(stream, err);
    }
    *ret_len = (size_t)len;
    return len > 0;
}

static int reject(struct err *err, const char *bytes, size_t len)
{
    err_set(err, ERR_INTERNAL, "The source's stream holds a malformed message (kind 0x%02x, %zu bytes).",
            len > 0 ? (unsigned)(unsigned char)bytes[0] : 0U, len);
    err->lasting = true;
    return -1;
}

static void note_end(struct replication_stream *stream, uint64_t end)
{
    if (end > stream->server_end) {
        stream->server_end = end;
    }
}

static int take_keepalive(struct replication_stream *stream, size_t len, struct err *err)
{
    if (len != KEEPALIVE_BYTES) {
        return reject(err, stream->buffer, len);
    }
    note_end(stream, read_u64(stream->buffer + 1));
    return stream->buffer[KEEPALIVE_BYTES - 1] != 0 ? send_report(stream, false, err) : flush(stream, err);
}

int replication_stream_next(struct replication_stream *stream, struct err *err, const char **ret_bytes,
                            size_t *ret_len)
{
    for (;;) {
        size_t len = 0;
        int received = receive(stream, err, &len);
        if (received < 0) {
            return -1;
        }
        if (received == 0) {
            return flush(stream, err);
        }
        stream->heard_ms = clock_monotonic_ms();
        if (stream->buffer[0] == 'w' && len > DATA_HEADER_BYTES) {
            note_end(stream, read_u64(stream->buffer + 9));
            *ret_bytes = stream->buffer + DATA_HEADER_BYTES;
            *ret_len = len - DATA_HEADER_BYTES;
            return 1;
        }
        if (stream->buffer[0] != 'k') {
            return reject(err, stream->buffer, len);
        }
        if (take_keepalive(stream, len, err) != 0) {
            return -1;
        }
    }
}
