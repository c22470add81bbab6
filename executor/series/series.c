/* SPDX-License-Identifier: MIT */
#include "executor/series/series.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "executor/executor_parts.h"

enum { SAMPLE_MS = 1000 };

struct entry {
    struct entry *next;
    int64_t migration_id;
    struct ring ring;
    bool begun;   /* something was copied or followed */
    bool seen;    /* in this round */
    bool unsaved; /* points were added */
};

struct series {
    pthread_mutex_t lock; /* guards the list and its rings */
    struct entry *first;  /* of active migrations */
    int64_t sampled_ms;   /* the monitor's own */
    int64_t sampled_us;   /* of the last round; 0: none yet */
    int64_t saved_ms;     /* the monitor's own */
};

struct series *series_new(void)
{
    struct series *series = calloc(1, sizeof(*series));
    if (series != NULL) {
        pthread_mutex_init(&series->lock, NULL);
        series->saved_ms = clock_monotonic_ms();
    }
    return series;
}

static void entry_free(struct entry *entry)
{
    ring_done(&entry->ring);
    free(entry);
}

void series_free(struct series *series)
{
    if (series == NULL) {
        return;
    }
    while (series->first != NULL) {
        struct entry *entry = series->first;
        series->first = entry->next;
        entry_free(entry);
    }
    pthread_mutex_destroy(&series->lock);
    free(series);
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static struct entry *find(const struct series *series, int64_t migration_id)
{
    struct entry *entry = series->first;
    while (entry != NULL && entry->migration_id != migration_id) {
        entry = entry->next;
    }
    return entry;
}

/* The stored points; none if they are damaged. */
static int load(struct store *store, int64_t migration_id, struct err *err, struct ring *ret_ring)
{
    void *points = NULL;
    size_t len = 0;
    int found = store_series_get(store, migration_id, err, &points, &len);
    if (found > 0 && len % sizeof(struct ring_point) == 0) {
        ring_load(ret_ring, points, len / sizeof(struct ring_point));
    }
    free(points);
    return found < 0 ? -1 : 0;
}

static int copy_after(const struct ring *ring, int64_t after_us, struct err *err,
                      struct ring_point **ret_points, size_t *ret_count)
{
    size_t from = 0;
    while (from < ring->count && ring->points[from].at_us <= after_us) {
        from++;
    }
    size_t count = ring->count - from;
    struct ring_point *points = calloc(count == 0 ? 1 : count, sizeof(*points));
    if (points == NULL) {
        return err_no_memory(err);
    }
    if (count > 0) {
        memcpy(points, ring->points + from, count * sizeof(*points));
    }
    *ret_points = points;
    *ret_count = count;
    return 0;
}

int series_read(struct executor *executor, int64_t migration_id, int64_t after_us, struct err *err,
                struct ring_point **ret_points, size_t *ret_count)
{
    struct series *series = executor->series;
    bool active = false;
    int result = -1;
    if (series != NULL) {
        pthread_mutex_lock(&series->lock);
        const struct entry *entry = find(series, migration_id);
        active = entry != NULL;
        if (active) {
            result = copy_after(&entry->ring, after_us, err, ret_points, ret_count);
        }
        pthread_mutex_unlock(&series->lock);
    }
    if (active) {
        return result;
    }
    struct ring stored = {0};
    if (load(executor->store, migration_id, err, &stored) == 0) {
        result = copy_after(&stored, after_us, err, ret_points, ret_count);
    }
    ring_done(&stored);
    return result;
}

/* ---- the monitor's part: only this thread changes the list ----------------------------------------------
 */

/* With the points of an earlier process. */
static struct entry *add_entry(struct executor *executor, int64_t migration_id)
{
    struct err ignored = {0};
    struct series *series = executor->series;
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL || load(executor->store, migration_id, &ignored, &entry->ring) < 0) {
        free(entry);
        return NULL; /* the next round tries it again */
    }
    entry->migration_id = migration_id;
    entry->begun = entry->ring.count > 0;
    if (!entry->begun) {
        /* It is younger than the last round, when its counters were 0. */
        entry->ring.last.at_us = series->sampled_us;
    }
    pthread_mutex_lock(&series->lock);
    entry->next = series->first;
    series->first = entry;
    pthread_mutex_unlock(&series->lock);
    return entry;
}

/* Until something moves, each sample only replaces the one before: a wait of days is no series. */
static void take_sample(struct series *series, struct entry *entry, const struct store_counters *counters,
                        int64_t now_us)
{
    const struct ring_sample sample = {.at_us = now_us,
                                       .rows = counters->rows,
                                       .bytes = counters->bytes,
                                       .changes = counters->changes,
                                       .pending_bytes = counters->pending_bytes,
                                       .lag_seconds = counters->lag_seconds};
    bool moves = counters->following || counters->rows > 0 || counters->bytes > 0 || counters->changes > 0;
    pthread_mutex_lock(&series->lock);
    if (!entry->begun && !moves) {
        entry->ring.last = sample;
    } else {
        entry->begun = true;
        int64_t end_us = entry->ring.count == 0 ? 0 : entry->ring.points[entry->ring.count - 1].at_us;
        ring_add(&entry->ring, &sample);
        entry->unsaved = entry->unsaved || entry->ring.count == 0 ||
                         entry->ring.points[entry->ring.count - 1].at_us != end_us;
    }
    pthread_mutex_unlock(&series->lock);
}

static void save_entry(struct executor *executor, struct entry *entry)
{
    struct err err = {0};
    if (!entry->unsaved) {
        return;
    }
    /* Only this thread changes the ring, so it may read it without the lock. */
    if (store_series_put(executor->store, entry->migration_id, entry->ring.points,
                         entry->ring.count * sizeof(struct ring_point), &err) < 0) {
        log_event(LOG_WARNING, "cannot store a time series", "reason", err.message, NULL);
        return;
    }
    entry->unsaved = false;
}

/* Those whose migration is no longer active: a last sample has what the end has added. */
static void end_entries(struct executor *executor, int64_t now_us)
{
    struct series *series = executor->series;
    struct entry **link = &series->first;
    while (*link != NULL) {
        struct entry *entry = *link;
        struct err ignored = {0};
        struct store_counters counters;
        int found =
            entry->seen ? 1 : store_counters_get(executor->store, entry->migration_id, &ignored, &counters);
        if (entry->seen || found < 0 || (found > 0 && counters.active)) {
            link = &entry->next;
            continue;
        }
        if (found > 0) {
            take_sample(series, entry, &counters, now_us);
            save_entry(executor, entry);
        }
        pthread_mutex_lock(&series->lock);
        *link = entry->next;
        pthread_mutex_unlock(&series->lock);
        entry_free(entry);
    }
}

static void sample_all(struct executor *executor)
{
    struct series *series = executor->series;
    struct err err = {0};
    struct store_counters *rows = NULL;
    size_t count = 0;
    if (store_counters_list(executor->store, &err, &rows, &count) < 0) {
        log_event(LOG_WARNING, "cannot sample the migrations", "reason", err.message, NULL);
        return;
    }
    int64_t now_us = clock_steady_us();
    for (struct entry *entry = series->first; entry != NULL; entry = entry->next) {
        entry->seen = false;
    }
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = find(series, rows[i].migration_id);
        entry = entry != NULL ? entry : add_entry(executor, rows[i].migration_id);
        if (entry != NULL) {
            entry->seen = true;
            take_sample(series, entry, &rows[i], now_us);
        }
    }
    free(rows);
    end_entries(executor, now_us);
    series->sampled_us = now_us;
}

void series_save(struct executor *executor)
{
    if (executor->series == NULL) {
        return;
    }
    for (struct entry *entry = executor->series->first; entry != NULL; entry = entry->next) {
        save_entry(executor, entry);
    }
    executor->series->saved_ms = clock_monotonic_ms();
}

void series_tick(struct executor *executor)
{
    struct series *series = executor->series;
    if (series == NULL) {
        return;
    }
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms - series->sampled_ms >= SAMPLE_MS) {
        series->sampled_ms = now_ms;
        sample_all(executor);
    }
    if (now_ms - series->saved_ms >= SERIES_SAVE_MS) {
        series_save(executor);
    }
}
