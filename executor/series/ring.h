/* SPDX-License-Identifier: MIT */
/*
 * How the counters of one migration grew, in at most RING_POINTS_MAX points, however long it takes. The
 * newest RING_FINE_POINTS stay as they were taken. When the ring is full, the two neighbours among the older
 * points that together are the shortest become one: what is old has points of about equal length.
 */
#ifndef EXECUTOR_SERIES_RING_H
#define EXECUTOR_SERIES_RING_H

#include <stddef.h>
#include <stdint.h>

enum {
    RING_POINTS_MAX = 600,
    RING_FINE_POINTS = 240,
    RING_QUIET_US = 3000000 /* a shorter time without any change gets no point of its own */
};

/* The counters at one moment. They only grow, unless a copy restarts. */
struct ring_sample {
    int64_t at_us;
    int64_t rows;
    int64_t bytes;
    int64_t changes;
    int64_t pending_bytes;
    int64_t lag_seconds;
};

/* What happened in an interval. */
struct ring_point {
    int64_t from_us;
    int64_t at_us;
    int64_t rows;          /* copied in it */
    int64_t bytes;         /* copied in it */
    int64_t changes;       /* applied in it */
    int64_t pending_bytes; /* the most that were pending */
    int64_t lag_seconds;   /* the longest lag */
};

/* All zero: empty. */
struct ring {
    struct ring_point *points; /* owned, oldest first */
    size_t count;
    size_t room;
    struct ring_sample last; /* at_us 0: none yet */
};

void ring_done(struct ring *ring);
/* Replaces the points by a copy of these, at most RING_POINTS_MAX; the next sample begins an interval.
 * Without memory, or with points whose times do not ascend, the ring is empty. */
void ring_load(struct ring *ring, const struct ring_point *points, size_t count);
/* Adds what has changed since the last sample. Times have to ascend: one that does not restarts the ring. */
void ring_add(struct ring *ring, const struct ring_sample *sample);

#endif
