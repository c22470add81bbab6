/* SPDX-License-Identifier: MIT */
/*
 * Tables that have joined an online migration: created on both sides after the base copy began, then
 * published, copied and followed (engine/online/join.h). Their copy uses a separate snapshot, so the
 * stream repeats some changes: those of transactions that the snapshot sees.
 *
 * The helper schema (engine/replica/replica.h) records them in its table "joined", in the transaction that
 * copied their rows.
 */
#ifndef ENGINE_REPLICATION_TABLES_JOINED_H
#define ENGINE_REPLICATION_TABLES_JOINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

/* The result of txid_current_snapshot(): the transactions that a snapshot sees. An all-zero struct sees
 * none. */
struct source_snapshot {
    uint64_t first_running; /* all transactions before it have ended */
    uint64_t next;          /* this one and all later ones had not begun */
    uint64_t *running;
    size_t running_count;
};
/* -1 if the text is malformed. */
int source_snapshot_parse(const char *text, struct err *err, struct source_snapshot *ret_snapshot);
/* "transaction": as in the replication stream, without the epoch; at most 2^31 away from the snapshot. */
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
/* Whether the copy contains that transaction's changes to the table. */
bool joined_holds(const struct joined *joined, uint32_t relation, uint32_t transaction,
                  uint64_t commit_position);

/* Add statements for the helper schema: its table; a row of it ("snapshot" as text). */
void joined_add_table(struct pg *target, struct buf *sql, const char *name);
void joined_add_note(struct pg *target, struct buf *sql, const char *name, const struct joined_table *table,
                     const char *snapshot);

#endif
