/* SPDX-License-Identifier: MIT */
/* The pieces in which all tables' rows are copied, and what the lanes that copy them share. */
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
#include "engine/pg/lanes.h"
#include "engine/pg/report.h"

/* What one lane copies in one go: as yet always a whole table. The atomics are read by the thread that looks
 * on. */
struct copy_piece {
    const struct catalog_table *table;
    _Atomic int state; /* enum copy_state */
    bool left;         /* for the end, and the session that holds the locks; of the lane that has the piece */
    _Atomic int64_t bytes;
    _Atomic int64_t rows;
    _Atomic int64_t started_us;
    _Atomic int64_t ended_us;
};

struct copy_pool {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database;
    int jobs; /* lanes at most */
    const struct stop *stop;
    struct pg *holder; /* in a transaction of its own, which has the snapshot and a lock on every table */
    const char *snapshot;
    const char *session_encoding; /* of statements and messages */
    const char *copy_encoding;    /* of the rows: the source database's */
    const struct source_settings *settings;
    struct report *report; /* failed tables are put here */
    lane_tick *tick;
    void *tick_context;
    /* Set by copy_pool_init(). */
    struct copy_piece *pieces; /* largest first */
    size_t count;
    size_t next;    /* under lock */
    bool last_pass; /* what fails now has failed for good; set while no lane runs */
    pthread_mutex_t lock;
};

#endif
