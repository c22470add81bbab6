/* SPDX-License-Identifier: MIT */
/*
 * Finds out whether the source was quiet: no transaction after the applied position has changed a published
 * table. The slot shows exactly that. The WAL position does not: vacuum, checkpoints and other databases move
 * it, too. The stream does not carry recopied tables; for those, no transaction at all may have ended since
 * the recopy.
 */
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/cutover/cutover_private.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/replication.h"
#include "engine/replication/tables/position.h"

enum { LIMIT_MS = 150, PAUSE_MS = 5 };

/* This many changes are proof enough. The codes mean insert, update, delete and truncate. The last message of
 * a transaction, its commit, has the position after it. */
static const char changes_sql[] =
    "SELECT 1 FROM (SELECT bool_or(get_byte(data, 0) IN (73, 85, 68, 84)) AS changes,"
    "  bool_or(lsn > $2::pg_lsn) AS late, sum(count(*)) OVER () AS messages"
    " FROM pg_logical_slot_peek_binary_changes($1::text::name, NULL, 10000, 'proto_version', '1', "
    "'publication_names', "
    "$1)"
    " GROUP BY xid::text) t WHERE (changes AND late) OR messages >= 10000 LIMIT 1";

static bool is_usable(const struct pg *pg)
{
    return !pg->tainted && PQstatus(pg->connection) == CONNECTION_OK &&
           PQtransactionStatus(pg->connection) == PQTRANS_IDLE;
}

static bool is_same_snapshot(struct cutover_state *state)
{
    struct err ignored = {0};
    auto_free char *now = NULL;
    return pg_value(&state->source, &ignored, &now, "SELECT txid_current_snapshot()::text", 0, NULL) == 0 &&
           state->transactions != NULL && str_equals(now, state->transactions);
}

/* Decoding needs the WAL of asynchronous commits on the disk. */
static bool flush(struct cutover_state *state)
{
    struct err ignored = {0};
    auto_free char *flushed = NULL;
    uint64_t position = 0;
    if (pg_value(&state->source, &ignored, &flushed,
                 "SELECT 1 WHERE pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn()", 0, NULL) != 0) {
        return false;
    }
    return flushed != NULL || replication_flush_position(&state->source, &ignored, &position) == 0;
}

/* The session that read the stream may need a moment to release the slot. */
static enum source_quiet look_for_changes(struct cutover_state *state)
{
    char applied[POSITION_TEXT_SIZE];
    const char *params[] = {state->cutover->name, position_format(state->applied, applied)};
    int64_t deadline_ms = clock_monotonic_ms() + LIMIT_MS;
    for (;;) {
        struct err err = {0};
        auto_free char *any = NULL;
        state->source.statement_timeout_ms = clock_ms_left(deadline_ms);
        if (state->source.statement_timeout_ms == 0) {
            return SOURCE_UNKNOWN;
        }
        if (pg_value(&state->source, &err, &any, changes_sql, 2, params) == 0) {
            return any == NULL ? SOURCE_QUIET : SOURCE_WRITTEN;
        }
        if (!sqlstate_is(err.sqlstate, SQLSTATE_OBJECT_IN_USE)) {
            return SOURCE_UNKNOWN;
        }
        clock_sleep_ms(PAUSE_MS);
    }
}

enum source_quiet cutover_source_is_quiet(struct cutover_state *state)
{
    if (!is_usable(&state->source) || !flush(state)) {
        return SOURCE_UNKNOWN;
    }
    enum source_quiet quiet = look_for_changes(state);
    state->source.statement_timeout_ms = 0;
    return quiet;
}

bool cutover_copies_are_current(struct cutover_state *state)
{
    return !state->copied || (is_usable(&state->source) && is_same_snapshot(state));
}
