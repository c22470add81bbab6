/* SPDX-License-Identifier: MIT */
/*
 * Changes to the source's tables and publications. ALTER TABLE ... REPLICA IDENTITY locks the table against
 * everybody, and whoever comes behind it waits, too: it gives up soon and tries again later.
 */
#include <string.h>

#include "core/clock.h"
#include "engine/catalog/source_database.h"
#include "engine/replication/replication_private.h"

enum { LOCK_PAUSE_MS = 100 };

/* Of advisory locks: applications share them, so it is a number that nobody else will think of. */
#define IDENTITIES_LOCK "7308057136417194849"

int replication_use_names(struct pg *control, struct err *err)
{
    const char *encoding = PQparameterStatus(control->connection, "server_encoding");
    return pg_set_encoding(control, source_database_session_encoding(encoding), err);
}

int replication_lock_identities(struct pg *control, int64_t deadline_ms, struct err *err)
{
    for (;;) {
        auto_free char *locked = NULL;
        if (pg_value(control, err, &locked, "SELECT pg_catalog.pg_try_advisory_lock(" IDENTITIES_LOCK ")", 0,
                     NULL) != 0) {
            return -1;
        }
        if (locked != NULL && locked[0] == 't') {
            return 0;
        }
        if (replication_pause(control->stop, deadline_ms, LOCK_PAUSE_MS, err,
                              "waiting for another migration of the database to change its tables") != 0) {
            return -1;
        }
    }
}

int replication_unlock_identities(struct pg *control, struct err *err)
{
    return pg_run(control, err, "SELECT pg_catalog.pg_advisory_unlock(" IDENTITIES_LOCK ")");
}

int replication_lock_timeout(struct pg *control, int ms, struct err *err)
{
    return pg_runf(control, err, "SET lock_timeout = %d", ms);
}

static bool is_any(const struct err *err, const char *const *states, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(err->sqlstate, states[i], strlen(states[i])) == 0) {
            return true;
        }
    }
    return false;
}

enum ddl_outcome replication_ddl(struct pg *control, const struct buf *sql, struct err *err)
{
    static const char *const later[] = {STATE_LOCK_TIMEOUT, "40P01", "57014", "XX000"};
    static const char *const gone[] = {STATE_NO_SUCH_TABLE, STATE_NO_SUCH_OBJECT, "3F000"};
    static const char *const failed[] = {"08", "53", "57", "58"};
    if (buf_failed(sql)) {
        err_no_memory(err);
        return DDL_FAILED;
    }
    if (pg_run(control, err, buf_text(sql)) == 0) {
        return DDL_DONE;
    }
    bool usable = PQtransactionStatus(control->connection) == PQTRANS_IDLE && !control->tainted;
    if (!usable || err->sqlstate[0] == '\0') {
        return DDL_FAILED;
    }
    if (is_any(err, later, ARRAY_LEN(later))) {
        return DDL_LATER; /* XX000: "tuple concurrently updated", by another change of the same table */
    }
    if (is_any(err, gone, ARRAY_LEN(gone))) {
        return DDL_GONE;
    }
    return is_any(err, failed, ARRAY_LEN(failed)) ? DDL_FAILED : DDL_REFUSED;
}
