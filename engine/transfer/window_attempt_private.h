/* SPDX-License-Identifier: MIT */
/* One attempt of the start window: locks, snapshot, pg_dump. For engine/transfer/source_window.c only. */
#ifndef ENGINE_TRANSFER_WINDOW_ATTEMPT_PRIVATE_H
#define ENGINE_TRANSFER_WINDOW_ATTEMPT_PRIVATE_H

#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/transfer/state/transfer_state.h"

enum setback {
    SETBACK_FATAL,   /* err is for the caller */
    SETBACK_LOCKED,  /* somebody has a table for himself */
    SETBACK_CHANGED, /* what was read does not fit together */
    SETBACK_UNKNOWN, /* an error that others may have caused */
};

struct window {
    struct transfer_state *state;
    struct pg now;        /* outside a transaction: sees what is true now */
    enum setback setback; /* of the attempt that failed */
    int attempts;
    int unexplained;
    int64_t started_ms;
    int64_t locking_ms;      /* since when this attempt takes locks */
    int64_t locked_since_ms; /* 0: the last attempt was not kept out by a lock */
    char *stamp;             /* of the catalog before the attempt */
};

/* Leaves state->source as source_window_open() promises. -1: err, and window->setback says of which kind it
 * is.
 */
int window_attempt(struct window *window, struct err *err);

#endif
