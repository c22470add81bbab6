/* SPDX-License-Identifier: MIT */
#include "handlers/own/request_durations.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/metrics/exposition.h"

enum { STATUS_CLASSES = 5 };

struct series {
    struct histogram classes[STATUS_CLASSES];
};

struct request_durations {
    const struct route *rows;
    size_t count;  /* of the rows; series[count] is that of requests without a route */
    size_t *owner; /* of each row: the first row with the same operation */
    struct series *series;
};

static const char *operation_of(const struct request_durations *durations, size_t row)
{
    const char *id = row == durations->count ? NULL : durations->rows[row].operation_id;
    return id == NULL ? "unmatched" : id;
}

struct request_durations *request_durations_new(const struct route *rows, size_t count)
{
    struct request_durations *durations = calloc(1, sizeof(*durations));
    if (durations == NULL) {
        return NULL;
    }
    *durations = (struct request_durations){.rows = rows,
                                            .count = count,
                                            .owner = calloc(count + 1, sizeof(*durations->owner)),
                                            .series = calloc(count + 1, sizeof(*durations->series))};
    if (durations->owner == NULL || durations->series == NULL) {
        request_durations_free(durations);
        return NULL;
    }
    for (size_t i = 0; i <= count; i++) {
        size_t first = 0;
        while (strcmp(operation_of(durations, first), operation_of(durations, i)) != 0) {
            first++;
        }
        durations->owner[i] = first;
    }
    return durations;
}

void request_durations_free(struct request_durations *durations)
{
    if (durations != NULL) {
        free(durations->owner);
        free(durations->series);
        free(durations);
    }
}

void request_durations_add(struct request_durations *durations, const struct request *request)
{
    int status_class = request->reply.status / 100;
    if (durations == NULL || status_class < 1 || status_class > STATUS_CLASSES) {
        return;
    }
    size_t row = request->route == NULL ? durations->count : (size_t)(request->route - durations->rows);
    histogram_add(&durations->series[durations->owner[row]].classes[status_class - 1], &histogram_of_requests,
                  clock_steady_us() - request->arrived_us);
}

static bool is_empty(const struct histogram *histogram)
{
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        if (atomic_load_explicit(&histogram->counts[i], memory_order_relaxed) != 0) {
            return false;
        }
    }
    return true;
}

void request_durations_write(const struct request_durations *durations, struct buf *text, const char *name)
{
    static const char *const classes[STATUS_CLASSES] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    for (size_t row = 0; durations != NULL && row <= durations->count; row++) {
        for (int i = 0; i < STATUS_CLASSES; i++) {
            const struct histogram *histogram = &durations->series[row].classes[i];
            if (!is_empty(histogram)) {
                const struct labels labels = {
                    {{"operation", operation_of(durations, row)}, {"status", classes[i]}}};
                exposition_histogram(text, name, &labels, histogram, &histogram_of_requests);
            }
        }
    }
}
