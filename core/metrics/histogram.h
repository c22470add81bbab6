/* SPDX-License-Identifier: MIT */
/* Durations, counted by size. Any thread may add and read; adding is two relaxed atomic additions. */
#ifndef CORE_METRICS_HISTOGRAM_H
#define CORE_METRICS_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 13 };

/* Upper bounds in microseconds, ascending; a duration that equals one belongs to it. */
struct histogram_scale {
    int64_t bounds_us[HISTOGRAM_BOUNDS];
};

/* Zeroed memory is an empty one. */
struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last: longer than all bounds */
    _Atomic uint64_t sum_us;
};

/* From half a millisecond to half a minute, and from a tenth of a second to a week. */
extern const struct histogram_scale histogram_of_requests;
extern const struct histogram_scale histogram_of_stages;

/* A negative duration counts as 0. */
void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, int64_t duration_us);

#endif
