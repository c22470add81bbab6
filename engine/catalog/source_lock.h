/* SPDX-License-Identifier: MIT */
/*
 * Locks the tables to copy without disturbing the application: each wait is short, and a session that
 * cannot lock everything releases everything. LOCK TABLE takes no snapshot, so a transaction that locks
 * first and reads afterwards sees every TRUNCATE and every rewriting ALTER TABLE that committed before.
 */
#ifndef ENGINE_CATALOG_SOURCE_LOCK_H
#define ENGINE_CATALOG_SOURCE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* Columns of a list of tables. */
enum source_table_column { SOURCE_TABLE_OID, SOURCE_TABLE_SCHEMA, SOURCE_TABLE_NAME };

/* Lists the tables whose rows are copied, and their partitioned parents, on which the session with that
 * pid has no ACCESS SHARE lock; tables with an exclusive lock of another session come first. "observer" is
 * another session outside a transaction, which sees the current state. The caller clears the result. */
int source_tables_unlocked(struct pg *observer, int pid, struct err *err, PGresult **ret_tables);

/* Locks the tables of the list (ACCESS SHARE) in the transaction that the caller has begun, and takes no
 * snapshot. Waits less than a second from started_ms on (monotonic clock), so that it causes no deadlock
 * with the application; lock_timeout stays set. -1 with SQLSTATE 55P03: another session has a conflicting
 * lock; the caller ends the transaction. */
int source_tables_lock(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err);
/* The same, but skips tables that have been dropped by now, together with the up to 200 tables of the same
 * statement; the caller lists them again. */
int source_tables_lock_there(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err);

/* Differences between the snapshot and the current state of the locked tables. */
struct source_tables_check {
    bool unlocked; /* the snapshot has tables that are not locked, because they were created or renamed in
                      between */
    bool moved;    /* a table's file differs from the snapshot's, so the snapshot may not see its rows */
};
/* Runs in the transaction that holds the locks. */
int source_tables_check(struct pg *source, struct err *err, struct source_tables_check *ret_check);

/* Describes which session keeps a table of the user locked: table, process, application, user, age of the
 * statement. ret_text is NULL if none does. Outside a transaction. */
int source_lock_holder(struct pg *source, struct err *err, char **ret_text);
/* Classify an error of the source: SQLSTATE 55P03; or a named object that does not exist (any longer). */
bool source_lock_timed_out(const struct err *err);
bool source_lock_is_gone(const struct err *err);
/* The remaining time for lock_timeout since started_ms (monotonic clock). */
int source_lock_wait_left(int64_t started_ms);
/* Ends "SAVEPOINT malachite" and keeps or undoes the changes since then. */
int source_savepoint_end(struct pg *source, bool keep, struct err *err);

#endif
