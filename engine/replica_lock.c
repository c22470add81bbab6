/* SPDX-License-Identifier: MIT */
/*
 * One session at a time changes a database that follows. A session that nobody holds any more (we were
 * killed, or closed it) may still have statements to execute, COMMIT among them: whoever comes next must not
 * read how far it is before it is gone.
 */
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/replica.h"

enum { LOCK_MS = 10000, PAUSE_MS = 20 };

#define LOCK_CLASS "1835101793" /* "mala" */

static int try_lock(struct pg *target, const char *name, struct err *err, bool *ret_locked)
{
    auto_free char *locked = NULL;
    if (pg_value(target, err, &locked,
                 "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_CLASS ", pg_catalog.hashtext($1))", 1,
                 &name) != 0) {
        return -1;
    }
    *ret_locked = str_equals(locked, "t");
    return 0;
}

/* It is of our own role, so that this is allowed. */
static int end_holder(struct pg *target, const char *name, struct err *err)
{
    auto_result PGresult *ended = NULL;
    return pg_query(target, err, &ended,
                    "SELECT pg_catalog.pg_terminate_backend(l.pid) FROM pg_catalog.pg_locks l"
                    " JOIN pg_catalog.pg_database d ON d.oid = l.database"
                    " WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"
                    " AND l.classid::bigint = " LOCK_CLASS " AND l.objsubid = 2"
                    " AND l.objid::bigint = pg_catalog.hashtext($1)::bigint & 4294967295"
                    " AND l.pid <> pg_catalog.pg_backend_pid()",
                    1, &name);
}

int replica_lock(struct pg *target, const char *name, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOCK_MS;
    for (;;) {
        bool locked = false;
        if (try_lock(target, name, err, &locked) != 0) {
            return -1;
        }
        if (locked) {
            return 0;
        }
        if (end_holder(target, name, err) != 0) {
            return err_prefix(err, "An earlier session that applies changes cannot be ended. ");
        }
        if (clock_ms_left(deadline_ms) == 0) {
            err_set(
                err, ERR_UNAVAILABLE,
                "An earlier session that applies changes to the database '%s' of the %s has not ended within "
                "%d seconds.",
                target->database, target->endpoint->label, LOCK_MS / 1000);
            err->lasting = false;
            return err_target(err, "%s", target->database);
        }
        clock_sleep_ms(PAUSE_MS);
    }
}
