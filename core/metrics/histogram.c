/* SPDX-License-Identifier: MIT */
#include "core/metrics/histogram.h"

#define MS INT64_C(1000)
#define S  INT64_C(1000000)

const struct histogram_scale histogram_of_requests = {
    {500, MS, 2500, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, S, 5 * S, 30 * S}};
const struct histogram_scale histogram_of_stages = {{100 * MS, 500 * MS, S, 5 * S, 15 * S, 60 * S, 300 * S,
                                                     900 * S, 3600 * S, 14400 * S, 43200 * S, 86400 * S,
                                                     604800 * S}};

void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, int64_t duration_us)
{
    int64_t us = duration_us < 0 ? 0 : duration_us;
    int bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && us > scale->bounds_us[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&histogram->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)us, memory_order_relaxed);
}
