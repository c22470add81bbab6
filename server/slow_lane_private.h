/* SPDX-License-Identifier: MIT */
/* Some threads and a short queue for requests that may wait, for PostgreSQL or for the store, away from the
 * event loops. */
#ifndef SERVER_SLOW_LANE_PRIVATE_H
#define SERVER_SLOW_LANE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct slow_lane;

struct slow_task {
    /* Called once, on a thread of the lane, or on the one that stops it. refused: do as little as possible.
     */
    void (*run)(struct slow_task *task, bool refused);
    uint64_t key;           /* what it may wait for, such as one server; 0: nothing in particular */
    struct slow_task *next; /* the lane's */
};

struct slow_lane_settings {
    size_t threads;
    size_t queue_max; /* tasks that may wait; the first of each key always may */
    size_t key_max;   /* tasks of one key that run at the same time; one where half of the threads are busy */
    void (*at_thread_end)(void *arg);
    void *arg;
};

int slow_lane_start(const struct slow_lane_settings *settings, struct err *err, struct slow_lane **ret_lane);
/* Queues a task, which the caller keeps alive until run has been called. False when the queue is full, when
 * a quarter of it waits for the same key (the first task of a key is accepted all the same), or when the lane
 * is being stopped. Any thread, never blocks. */
bool slow_lane_submit(struct slow_lane *lane, struct slow_task *task);
/* Refuses what waits and lets what runs finish. True once all threads have ended; false when some still run
 * at the deadline (on the monotonic clock, in milliseconds), and it may be called again. One thread calls it.
 */
bool slow_lane_stop(struct slow_lane *lane, int64_t deadline_ms);
/* After slow_lane_stop() has said true; NULL is fine. */
void slow_lane_free(struct slow_lane *lane);

#endif
