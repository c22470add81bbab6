/* SPDX-License-Identifier: MIT */
/* A few threads and a short queue for requests that may wait, for PostgreSQL or for the store, away from
 * the event loops. */
#ifndef SERVER_LANES_SLOW_LANE_H
#define SERVER_LANES_SLOW_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct slow_lane;

struct slow_task {
    /* Called once, on a thread of the lane, or on the thread that stops it. refused: do as little as
     * possible. */
    void (*run)(struct slow_task *task, bool refused);
    uint64_t key;           /* the resource that it may wait for, for example one server; 0: none */
    struct slow_task *next; /* the lane's */
};

struct slow_lane_settings {
    size_t threads;
    size_t queue_max; /* tasks that may wait; the first of each key always may */
    size_t key_max;   /* concurrent tasks of one key; only one if half of the threads are busy.
                       Keys whose last task was slow share half of the threads */
    void (*at_thread_end)(void *arg);
    void *arg;
};

int slow_lane_start(const struct slow_lane_settings *settings, struct err *err, struct slow_lane **ret_lane);
/* Queues a task, which the caller keeps alive until run has been called. False if the queue is full, if a
 * quarter of it waits for the same key (the first task of a key is always accepted), or if the lane is
 * being stopped. Any thread, never blocks. */
bool slow_lane_submit(struct slow_lane *lane, struct slow_task *task);
/* Refuses waiting tasks and lets running ones finish. True once all threads have ended; false if some are
 * still running at the deadline (on the monotonic clock, in milliseconds): call it again. Only one thread
 * may call it. */
bool slow_lane_stop(struct slow_lane *lane, int64_t deadline_ms);
/* Call it after slow_lane_stop() has returned true; NULL is fine. */
void slow_lane_free(struct slow_lane *lane);

#endif
