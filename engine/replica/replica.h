/* SPDX-License-Identifier: MIT */
/*
 * What an online migration keeps in the target database while it follows: a schema of its own (named as the
 * slot) with how far the target is, and the statements that undo what had to be changed for the time of
 * following:
 *   - triggers and rules that fire under session_replication_role=replica are disabled (all of the user's,
 * where the login may not set that role), event triggers too;
 *   - identity columns GENERATED ALWAYS are BY DEFAULT;
 *   - row level security is not forced on the owner, where the login does not bypass it;
 *   - where the target has publications: tables without a key have REPLICA IDENTITY FULL;
 *   - constraints of domains that are NOT VALID are not there: values that violate them may come again;
 *   - where the login may not set that role: foreign keys are deferrable, so that the order of rows inside a
 * transaction does not matter (INITIALLY DEFERRED: nobody has to say SET CONSTRAINTS); and a trigger keeps
 * ON DELETE CASCADE and the like from changing rows when Malachite changes others, as the source's stream has
 * those changes too. Keys with RESTRICT or SET DEFAULT, and most that refer to partitioned tables, are
 * dropped and made again.
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
    uint64_t position; /* everything before it has been applied */
    int64_t inserts;
    int64_t updates;
    int64_t deletes;
    int64_t truncates;
    int64_t transactions;
};

/*
 * Makes the schema with its tables and changes what has to be changed, in transactions of a few tables each.
 * Only the last of them makes the helper valid (replica_read() yields 1) and the base copy complete; what an
 * interrupted attempt has left is undone first. A helper that is valid already is an error. "target" is a
 * PG_WRITE session on the database, in no transaction; any client_encoding.
 */
int replica_begin(struct pg *target, const char *name, uint64_t position, struct err *err);

/* What a base copy was taken from. */
struct replica_start {
    uint64_t position;      /* of the slot */
    const PGresult *origin; /* how the source's tables were (engine/replication/tables/stale.h), or NULL */
    const PGresult *seen;   /* the transactions that it holds (engine/replication/tables/seen.h), or NULL */
};
int replica_begin_from(struct pg *target, const char *name, const struct replica_start *start,
                       struct err *err);
/* Makes this session the only one that applies, until it ends; one that was left over is ended. Before
 * replica_read(), when what it tells shall hold. */
int replica_own(struct pg *target, const char *name, struct err *err);
/* Changes what has to be changed of tables, triggers and foreign keys that have been made since
 * replica_begin(). What may not be changed stays as it is. In no transaction; any client_encoding. */
int replica_renew(struct pg *target, const char *name, struct err *err);
/* 1 and the progress, 0: there is no such helper (any more). */
int replica_read(struct pg *target, const char *name, struct err *err, struct replica_progress *ret_progress);
/* Makes the foreign keys again that were set aside, as the source has them now; before replica_restore(). All
 * of them or none: an error that is "waiting" names the key that rows violate, and following may go on. */
int replica_restore_keys(struct pg *source, struct pg *target, const char *name, struct err *err);
/* Whether rows of the target violate a foreign key that was set aside and that the source has as valid:
 * ret_violated names one and waits (engine/pg/ddl_wait.h), or has no message. Skips keys from and to the
 * tables of "uncarried" (quoted names): the cutover recopies them first. Looks for about limit_ms at most:
 * what takes longer is seen by replica_restore_keys(). -1: it could not look, by the end of that time or
 * because a name differs. Sets the target session's statement_timeout_ms. */
int replica_find_violation(struct pg *source, struct pg *target, const char *name,
                           const struct str_list *uncarried, int limit_ms, struct err *err,
                           struct err *ret_violated);
/* Schema and name of materialized views that read a table whose row level security is not forced on its owner
 * while the target follows: filled now, they would get rows that their owners may not see. */
int replica_list_guarded_views(struct pg *target, const char *name, struct err *err, PGresult **ret_views);
/* Undoes the changes; may be called again after an interruption. The schema stays, but is closed from the
 * beginning on: nothing may be applied any more. Statements that fail because an object is gone are passed
 * over; others end it. */
int replica_restore(struct pg *target, const char *name, struct err *err);
/* Whether replica_restore() has been called. False when there is no such helper. */
int replica_is_closed(struct pg *target, const char *name, struct err *err, bool *ret_closed);
/* Removes the schema; one that is not there is fine. */
int replica_end(struct pg *target, const char *name, struct err *err);

/* The same with a session of their own. replica_look(): 1, 0 or -1 as replica_read(), 0 also when the
 * database is not there. replica_remove(): undoes the changes and removes the schema. Each statement is
 * bounded; stop ends it earlier, so give it none that says cancel already. */
int replica_look(const struct endpoint *target, const char *database, const char *name,
                 const struct stop *stop, struct err *err, struct replica_progress *ret_progress,
                 bool *ret_closed);
int replica_remove(const struct endpoint *target, const char *database, const char *name,
                   const struct stop *stop, struct err *err);

/* Layout, for engine/apply/: table "progress" of that schema has one row with the columns position pg_lsn,
 * inserts, updates, deletes, truncates, transactions (bigint); and "closed", see replica_restore(). */

#endif
