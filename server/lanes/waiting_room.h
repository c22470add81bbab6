/* SPDX-License-Identifier: MIT */
/*
 * Requests whose handler replies later (reply_later()): one thread for all of them lets each try again at
 * its time, on its lane. So a long poll holds no thread of a lane.
 */
#ifndef SERVER_LANES_WAITING_ROOM_H
#define SERVER_LANES_WAITING_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct waiting_room;

struct waiter {
    struct waiter *next; /* the room's */
    int64_t due_ms;      /* on the monotonic clock */
    /* Called once, on the room's thread. refused: the room closes. Never blocks. */
    void (*retry)(struct waiter *waiter, bool refused);
};

int waiting_room_open(int places, struct err *err, struct waiting_room **ret_room);
/* The caller keeps the waiter alive until retry has been called. Any thread, never blocks. False: the room
 * is full, or it closes. */
bool waiting_room_enter(struct waiting_room *room, struct waiter *waiter);
/* Refuses all waiters and later ones. NULL is fine; may be called again. */
void waiting_room_close(struct waiting_room *room);
void waiting_room_free(struct waiting_room *room);

#endif
