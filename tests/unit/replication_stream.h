/* SPDX-License-Identifier: MIT */
/* Slots and streams on the fixture's source: creates, reads and awaits them. */
#ifndef TESTS_UNIT_REPLICATION_STREAM_H
#define TESTS_UNIT_REPLICATION_STREAM_H

#include <poll.h>

#include "engine/replication/pgoutput.h"
#include "engine/replication/tables/position.h"
#include "tests/unit/replication_fixture.h"

enum { STREAM_LIMIT_MS = 20000, STREAM_SLICE_MS = 100 };

#define auto_stream __attribute__((cleanup(replication_stream_close)))

static inline int try_slot(const struct replication_observer *observer, const struct stop *stop,
                           struct err *err, struct replication_slot *ret_slot)
{
    struct endpoint endpoint = postgres_endpoint(&server, user);
    const struct replication replication = {
        .source = &endpoint, .database = "shop", .name = NAME, .stop = stop};
    *err = (struct err){0};
    return replication_create_slot(&replication, observer, err, ret_slot);
}

static inline void make_slot(const struct replication_observer *observer, const struct stop *stop,
                             struct replication_slot *ret_slot)
{
    struct err err = {0};
    if (try_slot(observer, stop, &err, ret_slot) != 0) {
        fail_msg("%s", err.message);
    }
    assert_true(ret_slot->position > 0);
}

/* Also checks that it can be streamed from: max_slot_wal_keep_size has not invalidated it. */
static inline int slot_exists(void)
{
    auto_free char *major = postgres_value(&server, "shop", "SHOW server_version_num");
    assert_non_null(major);
    auto_free char *sql = str_format("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" NAME "'"
                                     " AND restart_lsn IS NOT NULL AND confirmed_flush_lsn IS NOT NULL%s",
                                     atoi(major) >= 130000 ? " AND wal_status <> 'lost'" : "");
    auto_free char *there = postgres_value(&server, "shop", sql);
    return str_equals(there, "1");
}

static inline char *value_in_snapshot(const char *snapshot, const char *query)
{
    struct endpoint endpoint = postgres_endpoint(&server, "postgres");
    auto_pg struct pg pg = {0};
    struct err err = {0};
    char *value = NULL;
    assert_int_equal(pg_open(&endpoint, "shop", PG_READ, NULL, &err, &pg), 0);
    assert_int_equal(
        pg_runf(&pg, &err, "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '%s'", snapshot),
        0);
    assert_int_equal(pg_value(&pg, &err, &value, query, 0, NULL), 0);
    return value;
}

/* The endpoint outlives the stream, which points to it. */
static inline int try_stream(const char *encoding, uint64_t position, struct err *err,
                             struct replication_stream *ret_stream)
{
    static struct endpoint endpoint;
    endpoint = postgres_endpoint(&server, user);
    const struct replication replication = {.source = &endpoint, .database = "shop", .name = NAME};
    *err = (struct err){0};
    return replication_stream_open(&replication, encoding, position, err, ret_stream);
}

static inline void open_stream(const char *encoding, uint64_t position, struct replication_stream *ret_stream)
{
    struct err err = {0};
    if (try_stream(encoding, position, &err, ret_stream) != 0) {
        fail_msg("%s", err.message);
    }
}

static inline void start_following(const char *encoding, struct replication_stream *ret_stream)
{
    auto_replication_slot struct replication_slot slot = {0};
    make_slot(NULL, NULL, &slot);
    replication_slot_done(&slot);
    open_stream(encoding, slot.position, ret_stream);
}

static inline uint64_t ask_position(const char *database, int (*question)(struct pg *control, struct err *err,
                                                                          uint64_t *ret_position))
{
    struct endpoint endpoint = postgres_endpoint(&server, user);
    auto_pg struct pg pg = {0};
    struct err err = {0};
    uint64_t position = 0;
    if (pg_open(&endpoint, database, PG_ADMIN, NULL, &err, &pg) != 0 || question(&pg, &err, &position) != 0) {
        fail_msg("%s", err.message);
    }
    return position;
}

static inline uint64_t flush_position(const char *database)
{
    return ask_position(database, replication_flush_position);
}

static inline uint64_t end_position(void)
{
    return ask_position("postgres", replication_end_position);
}

static inline void wait_readable(const struct replication_stream *stream)
{
    struct pollfd poller = {.fd = replication_stream_socket(stream), .events = POLLIN};
    poll(&poller, 1, STREAM_SLICE_MS);
}

/* The next message, parsed. 1, or 0 if none has arrived, or -1 if the stream has ended. */
static inline int next_message(struct replication_stream *stream, struct pgoutput_message *message)
{
    const char *bytes = NULL;
    size_t len = 0;
    struct err err = {0};
    int got = replication_stream_next(stream, &err, &bytes, &len);
    if (got > 0 && pgoutput_parse(bytes, len, message, &err) != 0) {
        fail_msg("%s", err.message);
    }
    return got;
}

static inline bool is_row(const struct pgoutput_message *message)
{
    return message->kind == PGOUTPUT_INSERT || message->kind == PGOUTPUT_UPDATE ||
           message->kind == PGOUTPUT_DELETE;
}

/* Reads until the source has sent everything before the position; returns the number of rows. */
static inline int read_to(struct replication_stream *stream, uint64_t position)
{
    auto_pgoutput_message struct pgoutput_message message = {0};
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(STREAM_LIMIT_MS);
    int rows = 0;
    for (;;) {
        int got = next_message(stream, &message);
        assert_true(got >= 0);
        rows += got > 0 && is_row(&message) ? 1 : 0;
        if (got == 0 && stream->server_end >= position) {
            return rows;
        }
        if (got == 0) {
            struct err err = {0};
            assert_true(clock_ms_left(deadline_ms) > 0);
            wait_readable(stream);
            assert_int_equal(replication_stream_report(stream, 0, true, &err), 0);
        }
    }
}

/* The types of all messages so far: "BRIC BUUC", without empty transactions (sent up to 14). The caller
 * frees. */
static inline char *read_until_quiet(struct replication_stream *stream)
{
    static const char letters[] = {'B', 'C', 'R', 'I', 'U', 'D', 'T', '?'};
    auto_pgoutput_message struct pgoutput_message message = {0};
    auto_buf struct buf kinds = BUF_MAX(4096);
    uint64_t end = flush_position("postgres");
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(STREAM_LIMIT_MS);
    for (int got = 1; got > 0 || stream->server_end < end;) {
        got = next_message(stream, &message);
        assert_true(got >= 0);
        if (got == 0) {
            struct err err = {0};
            assert_true(clock_ms_left(deadline_ms) > 0);
            wait_readable(stream);
            assert_int_equal(replication_stream_report(stream, 0, true, &err), 0);
            continue;
        }
        if (message.kind == PGOUTPUT_COMMIT && kinds.len > 0 && kinds.data[kinds.len - 1] == 'B') {
            kinds.data[--kinds.len] = '\0';
            if (kinds.len > 0) {
                kinds.data[--kinds.len] = '\0';
            }
            continue;
        }
        if (message.kind == PGOUTPUT_BEGIN && kinds.len > 0) {
            buf_addc(&kinds, ' ');
        }
        buf_addc(&kinds, letters[message.kind]);
    }
    return buf_take(&kinds);
}

static inline void read_kind(struct replication_stream *stream, enum pgoutput_kind kind,
                             struct pgoutput_message *message)
{
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(STREAM_LIMIT_MS);
    for (;;) {
        int got = next_message(stream, message);
        assert_true(got >= 0 && clock_ms_left(deadline_ms) > 0);
        if (got > 0 && message->kind == kind) {
            return;
        }
        if (got == 0) {
            wait_readable(stream);
        }
    }
}

static inline bool has_ended(struct replication_stream *stream)
{
    auto_pgoutput_message struct pgoutput_message message = {0};
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(STREAM_LIMIT_MS);
    while (clock_ms_left(deadline_ms) > 0) {
        if (next_message(stream, &message) < 0) {
            return true;
        }
        wait_readable(stream);
    }
    return false;
}

/* Like a follower that has applied everything; returns the number of rows. */
static inline int read_until_end(struct replication_stream *stream)
{
    auto_pgoutput_message struct pgoutput_message message = {0};
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(STREAM_LIMIT_MS);
    int rows = 0;
    for (;;) {
        int got = next_message(stream, &message);
        struct err err = {0};
        if (got < 0) {
            return rows;
        }
        rows += got > 0 && is_row(&message) ? 1 : 0;
        assert_true(clock_ms_left(deadline_ms) > 0);
        if (got == 0) {
            (void)replication_stream_report(stream, stream->server_end, false, &err);
            wait_readable(stream);
        }
    }
}

static inline void await_confirmed(uint64_t position)
{
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(STREAM_LIMIT_MS);
    uint64_t confirmed = 0;
    while (confirmed < position) {
        auto_free char *text = postgres_value(
            &server, "shop",
            "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" NAME "'");
        assert_true(text != NULL && position_parse(text, &confirmed));
        assert_true(clock_ms_left(deadline_ms) > 0);
        clock_sleep_ms(20);
    }
}

#endif
