/* SPDX-License-Identifier: MIT */
/* What has to be changed in a target database for the time of following, as SQL; for engine/replica/replica.c
 * only.
 */
#ifndef ENGINE_REPLICA_REPLICA_CHANGES_PRIVATE_H
#define ENGINE_REPLICA_REPLICA_CHANGES_PRIVATE_H

#include "core/buf.h"
#include "engine/pg/pg.h"

/* Of what kind a change is, where somebody asks: a foreign key that was set aside. */
enum { REPLICA_SECURITY_FORCED = 3, REPLICA_KEY_MADE = 9, REPLICA_KEY_VALIDATED = 10 };

/*
 * Changes are undone in the order of their numbers. Row level security is forced on the owner again only
 * when every key has been made, those of later tables included: it would hide rows from the key's check.
 * Event triggers come last of all, as nothing before shall fire them.
 */
enum { REPLICA_FIRST_SECURITY = 900000000, REPLICA_FIRST_EVENT_TRIGGER = 1000000000 };

/*
 * "name" is the helper schema's. Changes that are in force already are not listed.
 *
 * Adds a query with the columns "change" and "undo", both statements, kind, relation, part and label, in the
 * order in which either may be run. Names change while following: an undo has chr(1) for the name of the
 * relation (an OID) and chr(2) for that of the part (an OID or number), which replica_undo_sql fills in.
 * "label" is a constraint's name.
 *
 * As to the order, a partitioned table comes before its partitions, as some servers hand a change down. An
 * undo whose change has not been made does no harm, or fails because the object is there (42710).
 */
void replica_add_changes_sql(struct pg *target, const char *name, struct buf *sql);

/* An expression on a row "h" of the helper's table "changes": the statement that undoes it now. */
extern const char replica_undo_sql[];

/* The first two columns for the event triggers that the login may change. */
extern const char replica_event_triggers_sql[];

#endif
