/* SPDX-License-Identifier: MIT */
/*
 * The helper of an online migration: a schema in the target database, with the name of the slot. It holds the
 * applied position, and the statements that undo the temporary changes to the target:
 *   - Triggers and rules are disabled if they fire under session_replication_role=replica; all of the user's
 * are where the login may not set that role. Event triggers are disabled, too.
 *   - Identity columns GENERATED ALWAYS become BY DEFAULT.
 *   - Row level security is not forced on the owner where the login does not bypass it.
 *   - Where the target has publications, tables without a key get REPLICA IDENTITY FULL.
 *   - Constraints of domains that are NOT VALID are dropped, because values that violate them may come again.
 *   - Where the login may not set that role, foreign keys become INITIALLY DEFERRED: the order of rows inside
 * a transaction does not matter then. A trigger suppresses ON DELETE CASCADE and other actions while
 * Malachite applies changes, because the stream carries the changes of the source's own actions.
 *   - There, foreign keys are dropped and added again later if they cannot be deferred (RESTRICT, SET
 * DEFAULT, most of those that reference partitioned tables), or if the stream does not carry one of their
 * tables.
 */
#ifndef ENGINE_REPLICA_REPLICA_H
#define ENGINE_REPLICA_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"

struct replica_progress {
    uint64_t position; /* everything before this position has been applied */
    int64_t inserts;
    int64_t updates;
    int64_t deletes;
    int64_t truncates;
    int64_t transactions;
};

/*
 * Creates the schema with its tables and makes the temporary changes, in transactions of a few tables each.
 * The last transaction makes the helper valid (replica_read() returns 1) and the base copy complete. First it
 * undoes the changes of an interrupted attempt. Fails if a valid helper exists. "target" is a PG_WRITE
 * session on the database, outside a transaction, with any client_encoding.
 */
int replica_begin(struct pg *target, const char *name, uint64_t position, struct err *err);

/* The state of the source at the base copy. */
struct replica_start {
    uint64_t position;      /* of the slot */
    const PGresult *origin; /* the source's tables then (engine/replication/tables/stale.h), or NULL */
    const PGresult *seen; /* the transactions that it contains (engine/replication/tables/seen.h), or NULL */
};
int replica_begin_from(struct pg *target, const char *name, const struct replica_start *start,
                       struct err *err);
/* Makes this session the only one that applies, until it ends, and terminates a leftover one. Call it before
 * replica_read() if nobody may move the position in the meantime. */
int replica_own(struct pg *target, const char *name, struct err *err);
/* Makes the temporary changes to objects that were created since replica_begin(), and drops the foreign keys
 * of tables that the stream no longer carries. Objects that the login may not change stay as they are.
 * Outside a transaction, with any client_encoding. */
int replica_renew(struct pg *target, const char *name, struct err *err);
/* 1: *ret_progress is set; 0: the helper does not exist. */
int replica_read(struct pg *target, const char *name, struct err *err, struct replica_progress *ret_progress);
/* Adds all foreign keys that were set aside, as the source has them now, or none. Call it before
 * replica_restore(). A "waiting" error names the key that rows violate; following may continue then. */
int replica_restore_keys(struct pg *source, struct pg *target, const char *name, struct err *err);
/* Looks for rows of the target that violate a foreign key that was set aside and is valid on the source.
 * *ret_violated names one such key and waits (engine/pg/ddl_wait.h), or has no message. Skips keys from and
 * to the tables of "uncarried" (quoted names): the cutover recopies them first. Takes at most about limit_ms;
 * replica_restore_keys() checks the rest. -1: a query failed or timed out. Sets the target session's
 * statement_timeout_ms. */
int replica_find_violation(struct pg *source, struct pg *target, const char *name,
                           const struct str_list *uncarried, int limit_ms, struct err *err,
                           struct err *ret_violated);
/* Lists schema and name of materialized views that must not be refreshed while the target follows: they read
 * a table whose forced row level security is off, and would get rows that their owners may not see. */
int replica_list_guarded_views(struct pg *target, const char *name, struct err *err, PGresult **ret_views);
/* Undoes the changes; may be repeated after an interruption. First it closes the helper: nobody can apply
 * from then on. The schema stays. Skips statements that fail because an object is missing; others are errors.
 */
int replica_restore(struct pg *target, const char *name, struct err *err);
/* Whether replica_restore() has been called. False if the helper does not exist. */
int replica_is_closed(struct pg *target, const char *name, struct err *err, bool *ret_closed);
/* Removes the schema, if it exists. */
int replica_end(struct pg *target, const char *name, struct err *err);

/* These open a session of their own. replica_look() returns like replica_read(), and 0 if the database does
 * not exist. replica_remove() undoes the changes and removes the schema. Each statement has a deadline, and
 * "stop" aborts it: pass one that is not cancelled yet. */
int replica_look(const struct endpoint *target, const char *database, const char *name,
                 const struct stop *stop, struct err *err, struct replica_progress *ret_progress,
                 bool *ret_closed);
int replica_remove(const struct endpoint *target, const char *database, const char *name,
                   const struct stop *stop, struct err *err);

/* Layout, for engine/apply/: table "progress" of that schema has one row with the columns position pg_lsn,
 * inserts, updates, deletes, truncates, transactions (bigint); and "closed", see replica_restore(). */

#endif
