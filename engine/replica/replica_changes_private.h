/* SPDX-License-Identifier: MIT */
/* SQL of the temporary changes to a target database; for engine/replica/ only.
 */
#ifndef ENGINE_REPLICA_REPLICA_CHANGES_PRIVATE_H
#define ENGINE_REPLICA_REPLICA_CHANGES_PRIVATE_H

#include "core/buf.h"
#include "engine/pg/pg.h"

/* Kinds of change that code refers to; KEY_MADE and KEY_VALIDATED are of a foreign key that was set aside. */
enum { REPLICA_SECURITY_FORCED = 3, REPLICA_KEY_MADE = 9, REPLICA_KEY_VALIDATED = 10 };

/*
 * Changes are undone in the order of their numbers. Forced row level security comes back after all foreign
 * keys, because it would hide rows from their checks. Event triggers come back last, so that no undo fires
 * them.
 */
enum { REPLICA_FIRST_SECURITY = 900000000, REPLICA_FIRST_EVENT_TRIGGER = 1000000000 };

/*
 * Adds a query that lists the changes that are not in force yet, in an order in which both changes and undos
 * can run. "name" is the helper schema. Columns: the statements "change" and "undo", then kind, relation,
 * part and label (a constraint's name).
 *
 * Names may change while following. Therefore an undo contains chr(1) for the name of the relation (an OID)
 * and chr(2) for the name of the part (an OID or number); replica_undo_sql fills them in.
 *
 * A partitioned table comes before its partitions, because some majors pass a change down. The undo of a
 * change that was never made is harmless, or fails because the object exists (42710).
 */
void replica_add_changes_sql(struct pg *target, const char *name, struct buf *sql);

/* An expression on a row "h" of the helper's table "changes": its undo statement with the current names. */
extern const char replica_undo_sql[];

/* Lists "change" and "undo" of the event triggers that the login may change. */
extern const char replica_event_triggers_sql[];

#endif
