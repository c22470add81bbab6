/* SPDX-License-Identifier: MIT */
/* Determines the end of the source's WAL. */
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/replication.h"
#include "engine/replication/tables/position.h"

enum { FLUSH_TIMEOUT_MS = 10000, FLUSH_PAUSE_MS = 20 };

static int read_position(struct pg *control, const char *sql, struct err *err, uint64_t *ret_position)
{
    auto_free char *text = NULL;
    if (pg_value(control, err, &text, sql, 0, NULL) != 0) {
        return err_prefix(err, "Cannot read the WAL position of the source. ");
    }
    if (text == NULL || !position_parse(text, ret_position)) {
        return err_set(err, ERR_INTERNAL, "The %s did not report a WAL position.", control->endpoint->label);
    }
    return 0;
}

int replication_end_position(struct pg *control, struct err *err, uint64_t *ret_position)
{
    return read_position(control, "SELECT pg_catalog.pg_current_wal_flush_lsn()", err, ret_position);
}

/*
 * For a login that may not write logical messages. A transaction that only gets a number does not flush
 * the WAL, but moves its end, so that the server's WAL writer, which runs several times a second, passes
 * the position.
 */
static int await_flush(struct pg *control, struct err *err, uint64_t *ret_position)
{
    uint64_t wanted = 0;
    if (read_position(control, "SELECT pg_catalog.pg_current_wal_insert_lsn()", err, &wanted) != 0) {
        return -1;
    }
    int64_t deadline_ms = clock_monotonic_ms() + FLUSH_TIMEOUT_MS;
    for (;;) {
        if (pg_run(control, err, "SELECT pg_catalog.txid_current()") != 0 ||
            replication_end_position(control, err, ret_position) != 0) {
            return -1;
        }
        if (*ret_position >= wanted) {
            return 0;
        }
        if (clock_ms_left(deadline_ms) == 0) {
            err_set(err, ERR_UNAVAILABLE, "The %s has not written its WAL to disk within %d seconds.",
                    control->endpoint->label, FLUSH_TIMEOUT_MS / 1000);
            return -1;
        }
        clock_sleep_ms(FLUSH_PAUSE_MS);
    }
}

int replication_flush_position(struct pg *control, struct err *err, uint64_t *ret_position)
{
    /* "local": the source's own disk is enough; an unreachable synchronous standby must not block. */
    static const char nudge[] = "BEGIN; SET LOCAL synchronous_commit = local;"
                                " SELECT pg_catalog.pg_logical_emit_message(true, 'malachite', ''); COMMIT";
    if (pg_run(control, err, nudge) == 0) {
        return replication_end_position(control, err, ret_position);
    }
    bool refused = sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE);
    struct err ignored = {0};
    bool usable = PQtransactionStatus(control->connection) == PQTRANS_IDLE ||
                  pg_run(control, refused ? err : &ignored, "ROLLBACK") == 0;
    return refused && usable ? await_flush(control, err, ret_position) : -1;
}
