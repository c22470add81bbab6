/* SPDX-License-Identifier: MIT */
#include "core/metrics/exposition.h"

#include <inttypes.h>

void exposition_head(struct buf *text, const char *name, const char *type, const char *help)
{
    buf_addf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_escaped(struct buf *text, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\n') {
            buf_adds(text, "\\n");
        } else {
            if (*at == '\\' || *at == '"') {
                buf_addc(text, '\\');
            }
            buf_addc(text, *at);
        }
    }
}

/* {a="x",b="y"}; last, if it has a name, follows the others. */
static void add_labels(struct buf *text, const struct labels *labels, const struct label *last)
{
    const char *before = "{";
    for (size_t i = 0; labels != NULL && i < EXPOSITION_LABELS_MAX && labels->items[i].name != NULL; i++) {
        buf_addf(text, "%s%s=\"", before, labels->items[i].name);
        add_escaped(text, labels->items[i].value);
        buf_addc(text, '"');
        before = ",";
    }
    if (last->name != NULL) {
        buf_addf(text, "%s%s=\"%s\"", before, last->name, last->value);
        before = ",";
    }
    buf_adds(text, *before == ',' ? "} " : " ");
}

void exposition_sample(struct buf *text, const char *name, const struct labels *labels, int64_t value)
{
    const struct label none = {0};
    buf_adds(text, name);
    add_labels(text, labels, &none);
    buf_addf(text, "%" PRId64 "\n", value);
}

/* Without trailing zeros, so that a bound always has the same label value: 0.0005, 0.1, 60. */
static void format_seconds(int64_t us, struct buf *ret_text)
{
    int64_t fraction = us % 1000000;
    int digits = 6;
    buf_reset(ret_text);
    while (digits > 0 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    buf_addf(ret_text, "%" PRId64, us / 1000000);
    if (digits > 0) {
        buf_addf(ret_text, ".%0*" PRId64, digits, fraction);
    }
}

void exposition_histogram(struct buf *text, const char *name, const struct labels *labels,
                          const struct histogram *histogram, const struct histogram_scale *scale)
{
    auto_buf struct buf seconds = BUF_MAX(64);
    uint64_t count = 0;
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        if (i < HISTOGRAM_BOUNDS) {
            format_seconds(scale->bounds_us[i], &seconds);
        }
        const struct label bound = {"le", i < HISTOGRAM_BOUNDS ? buf_text(&seconds) : "+Inf"};
        buf_addf(text, "%s_bucket", name);
        add_labels(text, labels, &bound);
        buf_addf(text, "%" PRIu64 "\n", count);
    }
    const struct label none = {0};
    format_seconds((int64_t)atomic_load_explicit(&histogram->sum_us, memory_order_relaxed), &seconds);
    buf_addf(text, "%s_sum", name);
    add_labels(text, labels, &none);
    buf_addf(text, "%s\n%s_count", buf_text(&seconds), name);
    add_labels(text, labels, &none);
    buf_addf(text, "%" PRIu64 "\n", count);
}
