/* SPDX-License-Identifier: MIT */
/*
 * Ensures that only one session applies. A session whose connection broke may live on at the target, with a
 * COMMIT in its socket or waiting for a lock. Its successor would read a position that is about to move, and
 * apply the same changes twice. An advisory lock prevents that; PostgreSQL releases it when the session ends.
 */
#include "core/clock.h"
#include "engine/replica/replica.h"

enum { WAIT_MS = 10000, PAUSE_LEAST_MS = 1, PAUSE_MOST_MS = 50 };

/* An advisory lock has two numbers: the first is an arbitrary constant, the second stands for the helper.
 */
#define OWNER_CLASS "730805713"

static int end_owner(struct pg *target, const char *name, struct err *err)
{
    auto_result PGresult *ended = NULL;
    return pg_query(target, err, &ended,
                    "SELECT pg_catalog.pg_terminate_backend(l.pid) FROM pg_catalog.pg_locks l"
                    " JOIN pg_catalog.pg_database d ON d.oid = l.database"
                    " WHERE l.locktype = 'advisory' AND d.datname = pg_catalog.current_database()"
                    "  AND l.classid = " OWNER_CLASS " AND l.objsubid = 2 AND l.granted"
                    "  AND l.objid = (pg_catalog.hashtext($1)::bigint & 4294967295)::oid",
                    1, &name);
}

int replica_own(struct pg *target, const char *name, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    for (int pause_ms = PAUSE_LEAST_MS;; pause_ms = pause_ms < PAUSE_MOST_MS ? pause_ms * 2 : PAUSE_MOST_MS) {
        auto_free char *owned = NULL;
        if (pg_value(target, err, &owned,
                     "SELECT pg_catalog.pg_try_advisory_lock(" OWNER_CLASS ", pg_catalog.hashtext($1))", 1,
                     &name) != 0) {
            return -1;
        }
        if (pg_value_is_true(owned)) {
            return 0;
        }
        if (end_owner(target, name, err) != 0) {
            return -1;
        }
        if (clock_ms_left(deadline_ms) == 0) {
            err_set(err, ERR_UNAVAILABLE,
                    "An earlier session of Malachite on the %s, database '%s', has not ended yet.",
                    target->endpoint->label, target->database);
            err->lasting = false;
            return -1;
        }
        clock_sleep_ms(pause_ms);
    }
}
