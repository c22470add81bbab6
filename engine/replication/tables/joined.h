/* SPDX-License-Identifier: MIT */
/*
 * Tables that have joined an online migration: made on both sides after the base copy began, then published,
 * copied and followed (engine/online/join.h). The copy was read in a snapshot of its own, so the stream
 * brings some changes that it holds already: those of transactions that the snapshot sees.
 *
 * The helper schema (engine/replica/replica.h) remembers them in its table "joined", in the transaction that
 * brought their rows.
 */
#ifndef ENGINE_REPLICATION_TABLES_JOINED_H
#define ENGINE_REPLICATION_TABLES_JOINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

/* What txid_current_snapshot() says: which transactions a snapshot sees. All-zero sees none. */
struct source_snapshot {
    uint64_t first_running; /* all before it have ended */
    uint64_t next;          /* this one and all behind it had not begun */
    uint64_t *running;
    size_t running_count;
};
/* -1 when it is not such a text. */
int source_snapshot_parse(const char *text, struct err *err, struct source_snapshot *ret_snapshot);
/* "transaction": as in the stream of changes, without the epoch; at most 2^31 away from the snapshot. */
bool source_snapshot_sees(const struct source_snapshot *snapshot, uint32_t transaction);
void source_snapshot_done(struct source_snapshot *snapshot);
#define auto_source_snapshot __attribute__((cleanup(source_snapshot_done)))

struct joined_table {
    uint32_t relation; /* OID on the source */
    uint32_t file;     /* file number then */
    char *horizon;     /* the snapshot's first_running, as text */
    struct source_snapshot snapshot;
    uint64_t until; /* all transactions that the snapshot sees were committed before it */
};

/* All-zero is empty. */
struct joined {
    struct joined_table *tables;
    size_t count;
    uint64_t until; /* the largest of them */
};

/* Reads the helper's table. */
int joined_load(struct pg *target, const char *name, struct err *err, struct joined *ret_joined);
void joined_done(struct joined *joined);
/* NULL: it has not joined. */
const struct joined_table *joined_find(const struct joined *joined, uint32_t relation);
/* Whether the copy holds what that transaction has done to the table. */
bool joined_holds(const struct joined *joined, uint32_t relation, uint32_t transaction,
                  uint64_t commit_position);

/* Add statements for the helper: its table; a row of it ("snapshot" as text). */
void joined_add_table(struct pg *target, struct buf *sql, const char *name);
void joined_add_note(struct pg *target, struct buf *sql, const char *name, const struct joined_table *table,
                     const char *snapshot);

#endif
