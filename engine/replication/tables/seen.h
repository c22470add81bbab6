/* SPDX-License-Identifier: MIT */
/*
 * Which of the source's transactions the base copy holds. Its snapshot is taken behind the locks on the
 * tables, later than the slot: what was committed between the two is in the copy and in the stream. The
 * applier passes those transactions over. A snapshot decides that by transaction number, exactly, whatever
 * the order in which transactions reached the WAL and became visible.
 *
 * The helper schema (engine/replica/replica.h) keeps it in its table "seen".
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
 * In the session that holds the copy's snapshot: a row for seen_add_copy(), which the caller clears; NULL
 * when the snapshot lacks a transaction that came before the slot (its commit waits for a standby, for
 * example), so that the stream will not bring it. "before": what the slot knows to be committed, as
 * txid_current_snapshot() shows it.
 */
int seen_read_source(struct pg *source, const char *before, struct err *err, PGresult **ret_seen);

/* Add statements for the helper: its table; what it holds at the beginning. */
void seen_add_table(struct pg *target, struct buf *sql, const char *name);
void seen_add_copy(struct pg *target, struct buf *sql, const char *name, const PGresult *seen);

/* All-zero: no transaction is passed over. */
struct seen {
    uint64_t until;    /* position: all that the copy holds was committed before it */
    uint32_t end;      /* transactions from this number on are not in the copy, */
    uint32_t *running; /* nor are these */
    size_t count;
};
/* Reads the helper's table; a helper of an earlier release has none. */
int seen_load(struct pg *target, const char *name, struct err *err, struct seen *ret_seen);
void seen_done(struct seen *seen);
/* Whether the copy holds the transaction with this number whose commit record is at that position. */
bool seen_has(const struct seen *seen, uint64_t position, uint32_t transaction);

#endif
