/* SPDX-License-Identifier: MIT */
/* What has to be changed in a target database for the time of following, as SQL; for engine/replica.c only.
 */
#ifndef ENGINE_REPLICA_CHANGES_H
#define ENGINE_REPLICA_CHANGES_H

#include "core/buf.h"
#include "engine/pg.h"

/*
 * "name" is the helper schema's. Changes that are in force already are not listed.
 *
 * Adds a query with the columns "change" and "undo", both statements, in the order in which either may be
 * run: a partitioned table comes before its partitions, as some servers hand a change down. An undo whose
 * change has not been made does no harm, or fails because the object is there (42710).
 */
void replica_add_changes_sql(struct pg *target, const char *name, struct buf *sql);

/* The same two columns for the event triggers that the login may change. */
extern const char replica_event_triggers_sql[];

#endif
