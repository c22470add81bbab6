/* SPDX-License-Identifier: MIT */
/* One attempt of the start window: locks, snapshot, pg_dump. Only for engine/transfer/source_window.c. */
#ifndef ENGINE_TRANSFER_WINDOW_ATTEMPT_PRIVATE_H
#define ENGINE_TRANSFER_WINDOW_ATTEMPT_PRIVATE_H

#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/transfer/state/transfer_state.h"

enum setback {
    SETBACK_FATAL,   /* err is for the caller */
    SETBACK_LOCKED,  /* another session has an exclusive lock */
    SETBACK_CHANGED, /* the results are inconsistent */
    SETBACK_UNKNOWN, /* an error that other sessions may have caused */
};

struct window {
    struct transfer_state *state;
    struct pg now;        /* outside a transaction: sees the current state */
    enum setback setback; /* of the failed attempt */
    int attempts;
    int unexplained;
    int64_t started_ms;
    int64_t locking_ms;      /* when this attempt began to take locks */
    int64_t locked_since_ms; /* 0: no lock kept out the last attempt */
    char *stamp;             /* of the catalog before the attempt */
};

/* Leaves state->source as source_window_open() promises. -1: err, and window->setback is the kind of
 * failure. */
int window_attempt(struct window *window, struct err *err);

#endif
