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
 * Lists the tables whose rows are copied, and their partitioned parents; those that somebody keeps locked for
 * himself come first. Outside a transaction this is the current state, inside that of its snapshot. The
 * caller clears the result.
 */
int source_tables_list(struct pg *source, struct err *err, PGresult **ret_tables);

/*
 * Locks the tables of the list (ACCESS SHARE) in the transaction that the caller has begun, and takes no
 * snapshot. Waits less than a second from started_ms on (monotonic clock), so that no deadlock with the
 * application comes of it; lock_timeout stays set. -1 with SQLSTATE 55P03: somebody has one of them; the
 * caller ends the transaction.
 */
int source_tables_lock(struct pg *source, const PGresult *tables, int64_t started_ms, struct err *err);
/* Reads every sequence, so that until the end of the transaction nobody can drop one: LOCK TABLE does not
 * take sequences. Takes the snapshot. As source_tables_lock() else. */
int source_sequences_hold(struct pg *source, int64_t started_ms, struct err *err);

/* What a snapshot shows of tables, and what is true behind the locks. */
struct source_tables_check {
    bool unlocked; /* the snapshot has tables that are not locked, as they were made or renamed in between */
    bool moved;    /* one has another file than in the snapshot, which may not see its rows */
};
/* In the transaction that holds the locks. */
int source_tables_check(struct pg *source, struct err *err, struct source_tables_check *ret_check);

/* Whether the session with this application name has locks on all tables that the snapshot shows. */
int source_tables_held(struct pg *source, const char *application, struct err *err, bool *ret_held);

/*
 * Describes who keeps one of the user's tables locked: table, process, application, user, age of the
 * statement. ret_text is NULL when nobody does. Outside a transaction.
 */
int source_lock_holder(struct pg *source, struct err *err, char **ret_text);
/* The same for what the session with this application name waits for; also inside a transaction. */
int source_lock_blocker(struct pg *source, const char *application, struct err *err, char **ret_text);

bool source_lock_timed_out(const struct err *err);

#endif
