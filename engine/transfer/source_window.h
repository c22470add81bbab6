/* SPDX-License-Identifier: MIT */
/*
 * The start window of a transfer: it ends when every table is locked, the snapshot is taken after the
 * locks, and the schema is read. Concurrent changes to the source's tables must neither lose rows nor fail
 * the transfer. The target is still empty, so after such a failure the window restarts.
 *
 * One session does all of it. It locks tables (ACCESS SHARE) until a current look at the catalog shows
 * none that is not locked. Then it takes its snapshot, and pg_dump runs inside it
 * (engine/dump/dump_relay_private.h), so pg_dump never queues behind sessions that wait for these locks.
 * Views, functions and types are locked while pg_dump reads them, tables until their rows are copied. A
 * failed attempt releases everything within about a second, so that other sessions can proceed.
 *
 * For online migrations the slot is older than the snapshot: engine/replication/tables/seen.h.
 */
#ifndef ENGINE_TRANSFER_SOURCE_WINDOW_H
#define ENGINE_TRANSFER_SOURCE_WINDOW_H

#include "engine/transfer/state/transfer_state.h"

/*
 * Opens state->source, leaves it in the transaction with snapshot and locks, and reads the source:
 * encoding, database, archive, catalog, trigger states, "also". -1: err; after a lost connection it is
 * transient, and the caller may rerun the transfer.
 */
int source_window_open(struct transfer_state *state, struct err *err);

#endif
