/* SPDX-License-Identifier: MIT */
#include "engine/copy/copy_lane.h"

#include <string.h>

#include "core/clock.h"
#include "engine/copy/copy.h"
#include "engine/copy/copy_sql.h"
#include "engine/pg/pg_point.h"
#include "engine/pg/sqlstate.h"

enum { SQL_MAX_BYTES = 8 * 1024 * 1024, DEADLOCKS_MOST = 5 };

/* While the holder has its lock, nobody can get an exclusive one; a session that must wait for a table
 * waits in a queue behind such a request. */
#define LOCK_TIMEOUT "100ms"

/* Alternatives for a second attempt at a table. */
enum { WITH_TEXT = 1 };

/* The snapshot belongs to another session; when that is lost, a new attempt gets a new one. */
static int begin_snapshot(struct copy_lane *lane, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(1024);
    buf_adds(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ");
    pg_add_literal(&lane->source, &sql, lane->pool->snapshot);
    if (pg_run(&lane->source, err, buf_text(&sql)) != 0) {
        err->lasting = false;
        return -1;
    }
    return 0;
}

static int open_target(struct copy_lane *lane, struct err *err)
{
    const struct copy_pool *pool = lane->pool;
    struct err ignored = {0};
    if (pg_open(pool->target, pool->database, PG_WRITE, pool->stop, err, &lane->target) != 0 ||
        pg_set_encoding(&lane->target, pool->session_encoding, err) != 0 ||
        /* Checks and generated columns look up names; Malachite's own names are all qualified. */
        source_settings_use(lane->pool->settings, &lane->target, true, err) != 0) {
        return -1;
    }
    /* Costs a third less than pglz. Servers built without it reject the setting. */
    if (lane->target.version >= 140000) {
        pg_run(&lane->target, &ignored, "SET default_toast_compression = 'lz4'");
    }
    return 0;
}

int copy_lane_open(struct copy_lane *lane, struct err *err)
{
    const struct copy_pool *pool = lane->pool;
    copy_lane_close(lane);
    if (pg_open(pool->source, pool->database, PG_READ, pool->stop, err, &lane->source) != 0 ||
        copy_prepare_source(&lane->source, err) != 0 ||
        pg_set_encoding(&lane->source, lane->pool->session_encoding, err) != 0 ||
        source_settings_use_money(lane->pool->settings, &lane->source, err) != 0 ||
        /* A piece of a table is read by a range of ctids, not by scanning the whole table. */
        pg_run(&lane->source, err,
               "SET lock_timeout = '" LOCK_TIMEOUT
               "'; SET enable_tidscan = on; SET enable_seqscan = off") != 0 ||
        begin_snapshot(lane, err) != 0) {
        return -1;
    }
    return open_target(lane, err);
}

int copy_lane_open_holder(struct copy_lane *lane, struct err *err)
{
    lane->source = *lane->pool->holder;
    lane->holder = true;
    return pg_run(&lane->source, err, "SAVEPOINT copy") != 0 ? -1 : open_target(lane, err);
}

void copy_lane_close(struct copy_lane *lane)
{
    if (lane->holder) {
        *lane->pool->holder = lane->source;
        lane->source = (struct pg){0};
        lane->holder = false;
    }
    pg_close(&lane->source);
    pg_close(&lane->target);
}

static int restore_encoding(struct copy_lane *lane, struct err *err)
{
    const char *encoding = lane->pool->session_encoding;
    return pg_set_encoding(&lane->source, encoding, err) != 0 ||
                   pg_set_encoding(&lane->target, encoding, err) != 0
               ? -1
               : 0;
}

static int copy_rows(struct copy_lane *lane, struct copy_piece *piece, bool text, struct err *err)
{
    const struct copy_pool *pool = lane->pool;
    bool other_encoding = strcmp(pool->copy_encoding, pool->session_encoding) != 0;
    const struct copy_form form = {.table = piece->table,
                                   .encoding = other_encoding ? pool->copy_encoding : NULL,
                                   .text = text || piece->table->text,
                                   .piece = piece->parts > 1,
                                   .first_block = piece->first_block,
                                   .end_block = piece->end_block};
    auto_buf struct buf out_sql = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf in_sql = BUF_MAX(SQL_MAX_BYTES);
    copy_add_out(&lane->source, &out_sql, &form);
    copy_add_in(&lane->target, &in_sql, &form);
    if (buf_failed(&out_sql) || buf_failed(&in_sql)) {
        return err_no_memory(err);
    }
    const struct copy_stream stream = {.source = &lane->source,
                                       .target = &lane->target,
                                       .out_sql = buf_text(&out_sql),
                                       .in_sql = buf_text(&in_sql),
                                       .schema = piece->table->schema,
                                       .table = piece->table->name,
                                       .bytes = &piece->bytes,
                                       .rows = &piece->rows};
    int64_t rows = 0;
    if (copy_run(&stream, err, &rows) != 0) {
        return -1;
    }
    atomic_store(&piece->rows, rows);
    return other_encoding ? restore_encoding(lane, err) : 0;
}

static void set_state(struct copy_piece *piece, enum copy_state state)
{
    int64_t now_us = clock_now_us();
    if (state == COPY_LOADING) {
        int64_t never = 0;
        atomic_compare_exchange_strong(&piece->started_us, &never, now_us);
        atomic_store(&piece->bytes, 0);
        atomic_store(&piece->rows, 0);
    } else if (state == COPY_COMPLETED || state == COPY_ERRORED) {
        atomic_store(&piece->ended_us, now_us);
    }
    atomic_store(&piece->state, (int)state);
}

/* A table without a single block has no rows. */
static bool is_empty(const struct copy_piece *piece)
{
    return piece->table->bytes == 0;
}

static int visit_table(struct copy_lane *lane, const struct copy_piece *piece, enum point point,
                       struct err *err)
{
    const struct pg_point visit = {.point = point,
                                   .source = &lane->source,
                                   .target = &lane->target,
                                   .schema = piece->table->schema,
                                   .table = piece->table->name};
    return pg_point_visit(&visit, err);
}

/* A failure of tables that are copied together is repeated for each alone: with a rule, there it must
 * count. */
static bool rules_look(void)
{
    return point_is_armed(POINT_TABLE_BEGIN) || point_is_armed(POINT_COPY_ROWS) ||
           point_is_armed(POINT_TABLE_END);
}

static void complete(struct copy_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        set_state(&pieces[i], COPY_COMPLETED);
    }
}

static int copy_together(struct copy_lane *lane, struct copy_piece *pieces, size_t count, int how,
                         struct err *err)
{
    if (copy_commit_begin(&lane->commit, &lane->target, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        set_state(&pieces[i], COPY_LOADING);
        if (visit_table(lane, &pieces[i], POINT_TABLE_BEGIN, err) != 0 ||
            (!is_empty(&pieces[i]) && copy_rows(lane, &pieces[i], (how & WITH_TEXT) != 0, err) != 0) ||
            visit_table(lane, &pieces[i], POINT_TABLE_END, err) != 0) {
            return -1;
        }
    }
    if (copy_commit_end(&lane->commit, &lane->target, err) != 0) {
        return -1;
    }
    complete(pieces, count);
    return 0;
}

enum recovery {
    RECOVERED_SAME,     /* the sessions are the same */
    RECOVERED_LOST,     /* a connection was lost, and nothing was committed */
    RECOVERED_COMMITTED /* a connection was lost, but the transaction was committed */
};

static bool is_lost(const struct pg *pg)
{
    return pg->connection == NULL || pg->tainted || PQstatus(pg->connection) != CONNECTION_OK ||
           PQtransactionStatus(pg->connection) == PQTRANS_ACTIVE;
}

static int reconnect(struct copy_lane *lane, struct err *err, enum recovery *ret_recovery)
{
    bool committed = false;
    if (lane->holder || copy_lane_open(lane, err) != 0 ||
        (lane->commit.unanswered &&
         copy_commit_find_out(&lane->commit, &lane->target, err, &committed) != 0)) {
        return -1;
    }
    *ret_recovery = committed ? RECOVERED_COMMITTED : RECOVERED_LOST;
    return 0;
}

/* Makes both sessions usable after a failure, and replaces lost ones. */
static int recover(struct copy_lane *lane, struct err *err, enum recovery *ret_recovery)
{
    *ret_recovery = RECOVERED_SAME;
    if (is_lost(&lane->source) || is_lost(&lane->target)) {
        return reconnect(lane, err, ret_recovery);
    }
    const char *encoding = lane->pool->session_encoding;
    const char *back = lane->holder ? "ROLLBACK TO SAVEPOINT copy" : "ROLLBACK";
    if (pg_run(&lane->target, err, "ROLLBACK") != 0 || pg_set_encoding(&lane->target, encoding, err) != 0 ||
        pg_run(&lane->source, err, back) != 0 || pg_set_encoding(&lane->source, encoding, err) != 0) {
        return -1;
    }
    return lane->holder ? 0 : begin_snapshot(lane, err);
}

/* The alternatives that may help a table after this error; 0: none. */
static int choose_alternative(const struct copy_piece *piece, const struct err *err, int how)
{
    /* The target has no binary functions (an extension of another version), or their format differs. */
    static const char *const binary[] = {SQLSTATE_UNDEFINED_FUNCTION,     SQLSTATE_DATATYPE_MISMATCH,
                                         SQLSTATE_INVALID_BINARY,         SQLSTATE_FEATURE_NOT_SUPPORTED,
                                         SQLSTATE_INDETERMINATE_DATATYPE, SQLSTATE_PROTOCOL_VIOLATION,
                                         SQLSTATE_NUMERIC_OUT_OF_RANGE};
    bool can_text = (how & WITH_TEXT) == 0 && !piece->table->text && piece->table->columns != NULL;
    return can_text && sqlstate_is_one_of(err->sqlstate, binary, ARRAY_LEN(binary)) ? how | WITH_TEXT : 0;
}

/* A check may read another table through a function and find it empty, because its rows come later. */
static bool may_need_others(const struct copy_lane *lane, const struct err *err)
{
    static const char *const states[] = {SQLSTATE_CHECK_VIOLATION,      SQLSTATE_RAISED,
                                         SQLSTATE_NO_DATA_FOUND,        SQLSTATE_ASSERT_FAILURE,
                                         SQLSTATE_EXTERNAL_ROUTINE,     SQLSTATE_ROUTINE_INVOCATION,
                                         SQLSTATE_CARDINALITY_VIOLATION};
    return !lane->pool->last_pass && sqlstate_is_one_of(err->sqlstate, states, ARRAY_LEN(states));
}

static void fail_piece(struct copy_lane *lane, struct copy_piece *piece, const struct err *err)
{
    set_state(piece, COPY_ERRORED);
    if (atomic_exchange(&(piece - piece->part)->reported, true)) {
        return;
    }
    report_failure(lane->pool->report, err, "%s.%s: %s", piece->table->schema, piece->table->name,
                   err->message);
}

static void postpone(struct copy_piece *piece)
{
    set_state(piece, COPY_QUEUED);
    piece->left = true;
}

/* Copies one table in its own transaction. A lost connection justifies one more attempt, because another
 * session holds the snapshot. A check that reads other tables may meet a lane that builds indexes there. */
static int copy_alone(struct copy_lane *lane, struct copy_piece *piece, struct err *err)
{
    int how = 0;
    int deadlocks = 0;
    bool attempted_again = false;
    if (copy_pieces_state(copy_piece_first(piece)) == COPY_ERRORED) {
        set_state(piece, COPY_ERRORED); /* the rest of the table is of no use */
        return 0;
    }
    for (;;) {
        if (copy_together(lane, piece, 1, how, err) == 0) {
            return 0;
        }
        struct err reason = *err;
        enum recovery recovery = RECOVERED_SAME;
        if (reason.code == ERR_CANCELED || recover(lane, err, &recovery) != 0) {
            if (reason.code == ERR_CANCELED) {
                set_state(piece, COPY_QUEUED); /* stopped, not failed */
            } else {
                fail_piece(lane, piece, &reason);
            }
            return -1;
        }
        if (recovery == RECOVERED_COMMITTED) {
            complete(piece, 1);
            return 0;
        }
        bool lost = recovery == RECOVERED_LOST;
        if (!lost && !lane->holder && sqlstate_is(reason.sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
            postpone(piece);
            return 0;
        }
        if (!lost && sqlstate_is(reason.sqlstate, SQLSTATE_DEADLOCK_DETECTED) &&
            deadlocks++ < DEADLOCKS_MOST) {
            continue;
        }
        how = lost ? how : choose_alternative(piece, &reason, how);
        if (!lost && how == 0 && may_need_others(lane, &reason)) {
            postpone(piece);
            return 0;
        }
        if ((lost && attempted_again) || (!lost && how == 0)) {
            /* A server that crashed may have lost what the copy needs, a schema for example. */
            reason.lasting = reason.lasting && !attempted_again;
            fail_piece(lane, piece, &reason);
            return 0;
        }
        attempted_again = attempted_again || lost;
    }
}

int copy_lane_round(struct copy_lane *lane, struct copy_piece *pieces, size_t count, struct err *err)
{
    if (count > 1 && !rules_look()) {
        if (copy_together(lane, pieces, count, 0, err) == 0) {
            return 0;
        }
        for (size_t i = 0; i < count; i++) {
            set_state(&pieces[i], COPY_QUEUED);
        }
        enum recovery recovery = RECOVERED_SAME;
        if (err->code == ERR_CANCELED || recover(lane, err, &recovery) != 0) {
            return -1;
        }
        if (recovery == RECOVERED_COMMITTED) {
            complete(pieces, count);
            return 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (copy_alone(lane, &pieces[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}
