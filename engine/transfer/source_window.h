/* SPDX-License-Identifier: MIT */
/*
 * The start window of a transfer: from its snapshot until every table is locked and the schema is read. What
 * others do to the source's tables in between must neither cost rows nor end the transfer. Nothing is on the
 * target yet: whatever goes wrong because of others, the window begins again with a new snapshot.
 *
 * Two ways, which take turns. Locks, snapshot, pg_dump in that snapshot: exact, but whoever wants a table for
 * himself then waits for our locks, and pg_dump would wait behind him for ever. Or pg_dump alone, then locks
 * and snapshot: good when both snapshots show the same definitions (engine/catalog/schema_digest.h).
 *
 * Online the slot's snapshot comes before any lock. Definitions are compared with the current ones behind the
 * locks; tables with another file are left to engine/replication/stale.h when new slots do not help.
 */
#ifndef ENGINE_TRANSFER_SOURCE_WINDOW_H
#define ENGINE_TRANSFER_SOURCE_WINDOW_H

#include "engine/transfer/transfer_steps.h"

/*
 * Opens state->source, leaves it in the transaction that holds snapshot and locks, and fills what is read of
 * the source: encoding, database, archive, catalog, states of triggers, identities, origin. -1: err; with a
 * lost connection it is transient, and the caller may run the transfer again.
 */
int source_window_open(struct transfer_state *state, struct err *err);

#endif
