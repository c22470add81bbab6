/* SPDX-License-Identifier: MIT */
/*
 * The time series of migrations: a ring each, sampled once a second from the figures in the store. Rings of
 * active migrations are in memory and are stored from time to time, at the end and when Malachite stops; a
 * killed process loses at most SERIES_SAVE_MS of them.
 */
#ifndef EXECUTOR_SERIES_SERIES_H
#define EXECUTOR_SERIES_SERIES_H

#include "core/err.h"
#include "executor/executor.h"
#include "executor/series/ring.h"

enum { SERIES_SAVE_MS = 30000 };

struct series;

/* NULL when memory is out. */
struct series *series_new(void);
void series_free(struct series *series);
/* The monitor: samples and saves what is due; never waits for a server. */
void series_tick(struct executor *executor);
/* Stores all points. */
void series_save(struct executor *executor);
/* The points of a migration that end after the given time, oldest first; free() them. Any thread. */
int series_read(struct executor *executor, int64_t migration_id, int64_t after_us, struct err *err,
                struct ring_point **ret_points, size_t *ret_count);

#endif
