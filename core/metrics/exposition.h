/* SPDX-License-Identifier: MIT */
/* Prometheus' text format, version 0.0.4. Failures stick to the buffer. */
#ifndef CORE_METRICS_EXPOSITION_H
#define CORE_METRICS_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/metrics/histogram.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { EXPOSITION_LABELS_MAX = 2 };

/* The labels of one sample; the first one without a name ends them. Values are any UTF-8: they are
 * escaped. */
struct labels {
    struct label {
        const char *name;
        const char *value;
    } items[EXPOSITION_LABELS_MAX];
};

/* The lines HELP and TYPE, once before the samples of a metric. help has neither backslash nor newline. */
void exposition_head(struct buf *text, const char *name, const char *type, const char *help);
/* labels may be NULL. */
void exposition_sample(struct buf *text, const char *name, const struct labels *labels, int64_t value);
/* Buckets, sum and count, which agree with each other even while other threads add. */
void exposition_histogram(struct buf *text, const char *name, const struct labels *labels,
                          const struct histogram *histogram, const struct histogram_scale *scale);

#endif
