/* SPDX-License-Identifier: MIT */
/*
 * The start window of a transfer: until every table is locked, the snapshot is taken behind the locks, and
 * the schema is read. What others do to the source's tables in between must neither cost rows nor end the
 * transfer. Nothing is on the target yet: whatever goes wrong because of others, the window begins again.
 *
 * One session does it all. It locks tables (ACCESS SHARE) until a fresh look at the catalog shows none that
 * is not locked; then it takes its snapshot, and pg_dump runs inside it (engine/dump/dump_relay_private.h).
 * So pg_dump never queues behind somebody who waits for our locks. Views, functions and types are held while
 * pg_dump reads them, tables until their rows are copied. An attempt that does not succeed lets go of
 * everything within about a second, and others have their turn.
 *
 * Online the slot is older than the snapshot: engine/replication/tables/seen.h.
 */
#ifndef ENGINE_TRANSFER_SOURCE_WINDOW_H
#define ENGINE_TRANSFER_SOURCE_WINDOW_H

#include "engine/transfer/state/transfer_state.h"

/*
 * Opens state->source, leaves it in the transaction that holds snapshot and locks, and fills what is read of
 * the source: encoding, database, archive, catalog, states of triggers, "also". -1: err; with a
 * lost connection it is transient, and the caller may run the transfer again.
 */
int source_window_open(struct transfer_state *state, struct err *err);

#endif
