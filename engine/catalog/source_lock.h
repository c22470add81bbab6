/* SPDX-License-Identifier: MIT */
/*
 * Locks on the tables that are to be copied, taken without disturbing the application: each wait is short,
 * and whoever cannot lock everything lets go of everything. LOCK TABLE takes no snapshot: a transaction that
 * locks first and reads afterwards sees every TRUNCATE and every rewriting ALTER TABLE that was committed
 * before.
 */
#ifndef ENGINE_CATALOG_SOURCE_LOCK_H
#define ENGINE_CATALOG_SOURCE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* Columns of a list of tables. */
enum source_table_column { SOURCE_TABLE_OID, SOURCE_TABLE_SCHEMA, SOURCE_TABLE_NAME };

/*
 * Lists the tables whose rows are copied, and their partitioned parents, as far as the session with that pid
 * has no lock on them (ACCESS SHARE); those that somebody keeps locked for himself come first. "observer" is
 * another session, outside a transaction: it sees what is true now. The caller clears the result.
 */
int source_tables_unlocked(struct pg *observer, int pid, struct err *err, PGresult **ret_tables);

/*
 * Locks the tables of the list (ACCESS SHARE) in the transaction that the caller has begun, and takes no
 * snapshot. Waits less than a second from started_ms on (monotonic clock), so that no deadlock with the
 * application comes of it; lock_timeout stays set. -1 with SQLSTATE 55P03: somebody has one of them; the
 * caller ends the transaction.
 */
int source_tables_lock(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err);
/* The same, but tables that are gone by now, with the up to 200 locked in the same statement, are passed
 * over: to be listed again. */
int source_tables_lock_there(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err);

/* What a snapshot shows of tables, and what is true behind the locks. */
struct source_tables_check {
    bool unlocked; /* the snapshot has tables that are not locked, as they were made or renamed in between */
    bool moved;    /* one has another file than in the snapshot, which may not see its rows */
};
/* In the transaction that holds the locks. */
int source_tables_check(struct pg *source, struct err *err, struct source_tables_check *ret_check);

/*
 * Describes who keeps one of the user's tables locked: table, process, application, user, age of the
 * statement. ret_text is NULL when nobody does. Outside a transaction.
 */
int source_lock_holder(struct pg *source, struct err *err, char **ret_text);
/* What an error of the source's says: 55P03; or that what was named is not there (any more). */
bool source_lock_timed_out(const struct err *err);
bool source_lock_is_gone(const struct err *err);
/* For lock_timeout: what is left of the time since started_ms (monotonic clock) in which locks may be waited
 * for. */
int source_lock_wait_left(int64_t started_ms);
/* Ends "SAVEPOINT malachite", with or without what has been done since. */
int source_savepoint_end(struct pg *source, bool keep, struct err *err);

#endif
