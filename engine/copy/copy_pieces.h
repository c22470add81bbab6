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

/* The unit that a lane copies at once: currently always a whole table. The thread that reports progress
 * reads the atomics. */
struct copy_piece {
    const struct catalog_table *table;
    _Atomic int state; /* enum copy_state */
    _Atomic bool left; /* postponed to the end, for the session that holds the locks */
    _Atomic int64_t bytes;
    _Atomic int64_t rows;
    _Atomic int64_t started_us;
    _Atomic int64_t ended_us;
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
    /* Set by copy_pool_init(). */
    struct copy_piece *pieces; /* largest first */
    size_t count;
    size_t next;    /* under lock */
    size_t busy;    /* under lock: lanes that copy */
    bool last_pass; /* failures are final now; set while no lane copies */
    pthread_mutex_t lock;
};

#endif
