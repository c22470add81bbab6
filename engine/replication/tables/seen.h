/* SPDX-License-Identifier: MIT */
/*
 * The source's transactions that the base copy contains. Its snapshot is taken after the locks on the
 * tables, later than the slot, so changes committed between the two are in the copy and in the stream. The
 * applier skips those transactions. A snapshot identifies them exactly by transaction number, regardless
 * of the order in which transactions reached the WAL and became visible.
 *
 * The helper schema (engine/replica/replica.h) stores it in its table "seen".
 */
#ifndef ENGINE_REPLICATION_TABLES_SEEN_H
#define ENGINE_REPLICATION_TABLES_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

/*
 * Call it in the session that has the copy's snapshot: a row for seen_add_copy(), which the caller clears.
 * NULL if the snapshot lacks a transaction from before the slot (for example because its commit waits for
 * a standby), which the stream will not contain. "before": the transactions that the slot considers
 * committed, in the format of txid_current_snapshot().
 */
int seen_read_source(struct pg *source, const char *before, struct err *err, PGresult **ret_seen);

/* Add statements for the helper schema: its table; its initial rows. */
void seen_add_table(struct pg *target, struct buf *sql, const char *name);
void seen_add_copy(struct pg *target, struct buf *sql, const char *name, const PGresult *seen);

/* An all-zero struct skips no transaction. */
struct seen {
    uint64_t until;    /* position: everything in the copy was committed before it */
    uint32_t end;      /* the copy contains no transaction from this number on, */
    uint32_t *running; /* nor are these */
    size_t count;
};
/* Reads the helper's table; helpers of earlier releases have none. */
int seen_load(struct pg *target, const char *name, struct err *err, struct seen *ret_seen);
void seen_done(struct seen *seen);
/* Whether the copy contains the transaction with this number whose commit record is at that position. */
bool seen_has(const struct seen *seen, uint64_t position, uint32_t transaction);

#endif
