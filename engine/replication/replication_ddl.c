/* SPDX-License-Identifier: MIT */
/*
 * Changes the source's tables and publications. ALTER TABLE ... REPLICA IDENTITY takes an exclusive lock,
 * and later sessions queue behind it: so it times out soon and retries later.
 */
#include <string.h>

#include "core/clock.h"
#include "engine/catalog/source_database.h"
#include "engine/pg/sqlstate.h"
#include "engine/replication/replication_private.h"

enum { LOCK_PAUSE_MS = 100 };

/* For an advisory lock: applications share that namespace, so the number is an unlikely one. */
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
        if (pg_value_is_true(locked)) {
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

enum ddl_outcome replication_ddl(struct pg *control, const struct buf *sql, struct err *err)
{
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
    if (sqlstate_in(err->sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE, SQLSTATE_DEADLOCK_DETECTED,
                    SQLSTATE_QUERY_CANCELED, SQLSTATE_INTERNAL_ERROR)) {
        /* An internal error is "tuple concurrently updated", from a concurrent change of the same table. */
        return DDL_LATER;
    }
    if (sqlstate_in(err->sqlstate, SQLSTATE_UNDEFINED_TABLE, SQLSTATE_UNDEFINED_OBJECT,
                    SQLSTATE_UNDEFINED_SCHEMA)) {
        return DDL_GONE;
    }
    bool failed = sqlstate_in(err->sqlstate, SQLSTATE_CONNECTION_EXCEPTION, SQLSTATE_INSUFFICIENT_RESOURCES,
                              SQLSTATE_OPERATOR_INTERVENTION, SQLSTATE_SYSTEM_ERROR);
    return failed ? DDL_FAILED : DDL_REFUSED;
}
