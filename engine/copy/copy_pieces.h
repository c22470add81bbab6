/* SPDX-License-Identifier: MIT */
/* The pieces in which the rows of all tables are copied, and the state that the lanes share. */
#ifndef ENGINE_COPY_COPY_PIECES_H
#define ENGINE_COPY_COPY_PIECES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/copy/copy_state.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/report.h"

/* The unit that a lane copies at once: a table, or a range of its blocks. The thread that reports progress
 * reads the atomics. */
struct copy_piece {
    const struct catalog_table *table;
    uint32_t part; /* the pieces of a table stand in a row, part 0 first */
    uint32_t parts;
    uint32_t first_block;
    uint32_t end_block;    /* 0: to the end of the table, which may have grown */
    int64_t size;          /* an estimate in bytes */
    _Atomic bool reported; /* in part 0: a piece of the table has failed */
    _Atomic int state;     /* enum copy_state */
    _Atomic bool left;     /* postponed to the end, for the session that holds the locks */
    _Atomic int64_t bytes;
    _Atomic int64_t rows;
    _Atomic int64_t started_us;
    _Atomic int64_t ended_us;
};

/* Which tables are split, and into how many pieces. */
struct copy_split {
    int64_t piece_bytes; /* no piece is larger; 0: without limit */
    int lanes;           /* for which tables are split until none is idle; 0: no table is split for them */
};

struct copy_pool {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database;
    const struct stop *stop;
    struct pg *holder; /* a session whose transaction has the snapshot and a lock on every table */
    const char *snapshot;
    const char *session_encoding; /* of statements and messages */
    const char *copy_encoding;    /* of the rows: the source database's */
    const struct source_settings *settings;
    struct report *report; /* failed tables are reported here */
    struct copy_split split;
    /* Set by copy_pool_init(). */
    struct copy_piece *pieces; /* largest first */
    size_t count;
    size_t next;    /* under lock */
    size_t busy;    /* under lock: lanes that copy */
    bool last_pass; /* failures are final now; set while no lane copies */
    pthread_mutex_t lock;
};

/* The caller frees the pieces; they are ordered by size, largest first. */
int copy_pieces_new(const struct catalog *catalog, const struct copy_split *split, struct err *err,
                    struct copy_piece **ret_pieces, size_t *ret_count);
/* Part 0 of the piece's table. */
const struct copy_piece *copy_piece_first(const struct copy_piece *piece);
/* Of the table to which part 0 belongs: COPY_COMPLETED when all its pieces are. Any thread. */
enum copy_state copy_pieces_state(const struct copy_piece *first);

#endif
