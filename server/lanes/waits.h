/* SPDX-License-Identifier: MIT */
/* One thread for all requests that wait for a condition (long polls): it looks at each of them after every
 * change. */
#ifndef SERVER_LANES_WAITS_H
#define SERVER_LANES_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct waits;

enum { WAITS_MAX = 256 };

enum wait_turn {
    WAIT_LOOK, /* something may have changed */
    WAIT_LAST, /* the time is over */
    WAIT_STOP, /* Malachite stops: do as little as possible */
};

struct wait {
    /* Looks at the condition, on the thread of the waits, or on the thread that stops them. True: it has
     * ended, and the wait may be freed already. It ends in the turns WAIT_LAST and WAIT_STOP in any case. */
    bool (*look)(struct wait *wait, enum wait_turn turn);
    int64_t until_ms; /* on the monotonic clock; look may set it. 0: not known yet */
    struct wait *next;
};

/* thread_end is called at the end of the thread. */
int waits_start(void (*thread_end)(void *arg), void *arg, struct err *err, struct waits **ret_waits);
/* Adds a wait, which the caller keeps alive until look has returned true. False if WAITS_MAX are there, or
 * waits are being stopped. Any thread, never blocks for long. */
bool waits_add(struct waits *waits, struct wait *wait);
/* Ends all waits, and the thread. Call it once; NULL is fine. */
void waits_stop(struct waits *waits);
/* After waits_stop(). NULL is fine. */
void waits_free(struct waits *waits);

#endif
