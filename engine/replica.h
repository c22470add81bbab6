/* SPDX-License-Identifier: MIT */
/*
 * What an online migration keeps in the target database while it follows: a schema of its own (named as the
 * slot) with how far the target is, and the statements that undo what had to be changed for the time of
 * following:
 *   - triggers and rules that fire under session_replication_role=replica are disabled (all of the user's,
 * where the login may not set that role), event triggers too;
 *   - identity columns GENERATED ALWAYS are BY DEFAULT;
 *   - where the login may not set that role: foreign keys are deferrable, so that the order of rows inside a
 * transaction does not matter.
 */
#ifndef ENGINE_REPLICA_H
#define ENGINE_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/endpoint.h"
#include "engine/pg.h"

struct replica_progress {
    uint64_t position; /* everything before it has been applied */
    int64_t inserts;
    int64_t updates;
    int64_t deletes;
    int64_t truncates;
    int64_t transactions;
};

/* In one transaction: makes the schema with its tables, changes what has to be changed. The base copy is
 * complete from this moment on; a schema of that name must not be there. "target" is a PG_WRITE session on
 * the database. */
int replica_begin(struct pg *target, const char *name, uint64_t position, struct err *err);
/* 1 and the progress, 0: there is no such helper (any more). */
int replica_read(struct pg *target, const char *name, struct err *err, struct replica_progress *ret_progress);
/* Undoes the changes; may be called again after an interruption. The schema stays. Statements that fail
 * because an object is gone are passed over; others end it. */
int replica_restore(struct pg *target, const char *name, struct err *err);
/* Removes the schema; one that is not there is fine. */
int replica_end(struct pg *target, const char *name, struct err *err);

/* The same with a session of their own. replica_look(): 1, 0 or -1 as replica_read(), 0 also when the
 * database is not there. replica_remove(): undoes the changes and removes the schema. Looks at no stop token,
 * but is bounded. */
int replica_look(const struct endpoint *target, const char *database, const char *name,
                 const struct stop *stop, struct err *err, struct replica_progress *ret_progress);
int replica_remove(const struct endpoint *target, const char *database, const char *name, struct err *err);

/* Layout, for engine/apply*.c: table "progress" of that schema has one row with the columns position pg_lsn,
 * inserts, updates, deletes, truncates, transactions (bigint). */

#endif
